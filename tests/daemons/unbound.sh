#!/bin/sh
# SPDX-License-Identifier: MIT
# unbound binds port 53 over UDP and TCP itself, and answers from its own zone.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands unbound dig
use_account unbound
copy_example unbound

# ask ADDRESS TRANSPORT: succeeds if there is an answer.
ask() {
    answer=$(dig +short +tries=1 +timeout=5 "@$1" "$2" unbound.lowportbind.test. A)
    [ "$answer" = 192.0.2.53 ]
}

check_refused "can't bind socket: Permission denied" unbound -dp -c "$work/unbound/unbound.conf"

launch --user unbound -p 53,53/udp -- unbound -dp -c "$work/unbound/unbound.conf"
wait_for "an answer over UDP" ask 127.0.0.1 +notcp
for address in 127.0.0.1 ::1; do
    ask $address +notcp || fail "$address over UDP: '$answer'"
    ask $address +tcp || fail "$address over TCP: '$answer'"
done
check_processes unbound "$bind_capability"
stop_daemon 0
