#!/bin/sh
# SPDX-License-Identifier: MIT
# A program that asks libsystemd for its sockets by name: first those that lowportbind itself was
# activated with, then those that it opens.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands cc curl
use_account www-data
cc -o "$work/server" "$examples/sd-listen-fds/server.c" -lsystemd >"$work/cc.log" 2>&1 ||
    skip "needs libsystemd-dev: $(cat "$work/cc.log")"

check_refused '0 sockets' "$work/server"
check_port_refused 80

launch --user www-data -m listen-fds -p web=80,admin=127.0.0.1:81,82 -- "$work/server"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "the socket named web"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "the socket named web"
expect "the page of the second socket" "$(fetch http://127.0.0.1:81/)" "the socket named admin"
expect "the page of the socket without a name" "$(fetch http://127.0.0.1:82/)" \
    "the socket named unknown"
check_processes "$work/server" "$no_capability"
stop_daemon 143

# Socket activation in front: the inherited sockets come first, then the listed ones.
# systemd-socket-activate starts the program at the first connection.
command -v systemd-socket-activate >/dev/null ||
    skip "the first half passed; needs systemd-socket-activate"
start systemd-socket-activate --fdname=inherited -l 127.0.0.1:83 \
    "$LOWPORTBIND" --user www-data -m listen-fds -p web=80 -- "$work/server"
wait_for "a page" fetch http://127.0.0.1:83/
expect "the page of the inherited socket" "$(fetch http://127.0.0.1:83/)" \
    "the socket named inherited"
expect "the page of the listed socket" "$(fetch http://127.0.0.1/)" "the socket named web"
check_processes "$work/server" "$no_capability"
expect_log 'descriptor 3 is inherited'
expect_log 'descriptor 4 is web'
stop_daemon 143
