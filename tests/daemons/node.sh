#!/bin/sh
# SPDX-License-Identifier: MIT
# node listens on the descriptor that it is handed: `listen({fd: 3})`, no capability.
set -eu
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands node curl
use_account www-data
copy_example node

check_refused \
    'listen EACCES: permission denied 0.0.0.0:80\|listen EACCES: permission denied :::80' \
    node "$work/node/server.js"

# The variable that would make node take its socket for the channel to its parent does not reach it.
start env NODE_CHANNEL_FD=3 "$LOWPORTBIND" --user www-data -m listen-fds -p 80 \
    -- node "$work/node/server.js"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "node on an open socket"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "node on an open socket"
check_processes node "$no_capability"
expect_filters 0
stop_daemon 143

# It binds port 80 itself, with the capability and confined. The capability allows port 81, but the
# confinement does not.
launch --user www-data -p 80 -- node "$work/node/server.js"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "node on an open socket"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "node on an open socket"
check_processes node "$bind_capability"
check_confinement
stop_daemon 143
sed 's/: 80);/: 81);/' "$work/node/server.js" >"$work/node/other-port.js"
launch --user www-data -p 80 --confine off -- node "$work/node/other-port.js"
wait_for "a page of the port that is not listed" fetch http://127.0.0.1:81/
expect_filters 0
stop_daemon 143
check_unlisted_refused 'listen EACCES: permission denied' --user www-data -p 80 \
    -- node "$work/node/other-port.js"

# With --confine listed it is also confined on the socket that it is handed.
if is_confining; then
    launch --confine listed --user www-data -m listen-fds -p 80 -- node "$work/node/server.js"
    wait_for "a page" fetch http://127.0.0.1/
    expect "the page" "$(fetch http://127.0.0.1/)" "node on an open socket"
    check_processes node "$no_capability"
    check_confinement
    stop_daemon 143
fi
