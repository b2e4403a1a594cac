#!/bin/sh
# SPDX-License-Identifier: MIT
# A "wait" server of inetd accepts on descriptor 0; the port has its name from /etc/services.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands /usr/bin/python3 curl
grep -q '^daytime[[:space:]].*/tcp' /etc/services 2>/dev/null ||
    skip "needs daytime in /etc/services (netbase)"
use_account nobody
copy_example inetd

check_port_refused 13
check_refused 'descriptor 0 is not a socket' "$work/inetd/server.py"

# ask ADDRESS: asks for the time.
ask() {
    curl -q --silent --show-error --noproxy '*' --max-time 10 "telnet://$1:13" </dev/null
}

launch --user nobody -m inetd -p daytime -- "$work/inetd/server.py"
wait_for "the time" ask 127.0.0.1
for address in 127.0.0.1 '[::1]'; do
    case $(ask "$address") in
        [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*Z*) ;;
        *) fail "$address: no time" ;;
    esac
done
has_logged 'answered ::ffff:127.0.0.1' || has_logged 'answered 127.0.0.1' ||
    fail "descriptor 2 is not the log"
check_processes /usr/bin/python3 "$no_capability"
expect "descriptor 1" "$(readlink "/proc/$daemon/fd/1")" "$(readlink "/proc/$daemon/fd/0")"
stop_daemon 143
