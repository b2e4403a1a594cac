#!/bin/sh
# node listens on the descriptor that it is given: `listen({fd: 3})`, no capability.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands node curl
use_account www-data
copy_example node

check_refused 'listen EACCES: permission denied 0.0.0.0:80\|listen EACCES: permission denied :::80' \
    node "$work/node/server.js"

launch --user www-data -m listen-fds -p 80 -- node "$work/node/server.js"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "node on an open socket"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "node on an open socket"
check_processes node "$no_capability"
stop_daemon 143
