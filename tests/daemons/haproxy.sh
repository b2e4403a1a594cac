#!/bin/sh
# SPDX-License-Identifier: MIT
# haproxy, master and worker, uses a socket that it is handed with `bind fd@3`; it has no
# capability.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands haproxy curl
use_account haproxy
copy_example haproxy

sed 's/bind fd@3/bind :80/' "$work/haproxy/haproxy.cfg" >"$work/by-itself.cfg"
check_refused 'cannot bind socket (Permission denied)' haproxy -W -f "$work/by-itself.cfg"

launch --user haproxy -m listen-fds -p 80 -- haproxy -W -f "$work/haproxy/haproxy.cfg"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "haproxy on an open socket"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "haproxy on an open socket"
check_processes haproxy "$no_capability" 2
stop_daemon 0
