#!/bin/sh
# SPDX-License-Identifier: MIT
# Go asks for MPTCP first, and no kernel rule confines MPTCP ports. When confined, its server
# listens on TCP.
set -eu
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

# Skipped even if everything is required: Debian 12 has no such Go, and Debian 13 is the first that
# does.
has_new_go() {
    command -v go >/dev/null || return 1
    go version |
        awk '{ sub(/^go/, "", $3); split($3, part, "."); exit !(part[1] > 1 || part[2] >= 24) }'
}
if ! has_new_go; then
    echo "skipped: needs Go 1.24, the first that asks for MPTCP by default"
    reason_given=yes
    exit 77
fi
need_commands curl
use_account www-data
copy_example go-http

server=$work/go-http/server
GOTOOLCHAIN=local GOCACHE=$work/cache GOPATH=$work/go CGO_ENABLED=0 \
    go build -o "$server" "$work/go-http/server.go" >>"$log" 2>&1 || fail "go build"
chmod 0755 "$server"

check_refused 'listen tcp :80: bind: permission denied' "$server"

# Without confinement: MPTCP on any port, if the kernel has it.
launch --user www-data -p 80 --confine off -- "$server" :81
wait_for "a page of the port that is not listed" fetch http://127.0.0.1:81/
protocol=6
if [ "$(cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ]; then protocol=262; fi
expect "the page without confinement" "$(fetch http://127.0.0.1:81/)" "go over protocol $protocol"
expect_filters 0
stop_daemon 143

launch --user www-data -p 80 -- "$server"
wait_for "a page" fetch http://127.0.0.1/
if is_confining; then protocol=6; fi
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "go over protocol $protocol"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "go over protocol $protocol"
check_processes "$server" "$bind_capability"
check_confinement
stop_daemon 143

check_unlisted_refused 'listen tcp :81: bind: permission denied' --user www-data -p 80 -- \
    "$server" :81
