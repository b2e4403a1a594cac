#!/bin/sh
# SPDX-License-Identifier: MIT
# WatchdogSec= in a real systemd: the daemon's WATCHDOG=1 counts, and systemd acts if it does not
# come.
set -eu
# shellcheck source=../support/systemd.sh
. "$(dirname "$0")/../support/systemd.sh"

need_commands curl python3
use_account www-data
copy_example systemd
build_server
boot_systemd --bind-ro="$work/server:/usr/local/bin/server"
unit=notify.service

# lives_on_messages: systemd heard from the daemon after the time when it would have ended a silent
# one.
lives_on_messages() {
    begin=$(show ExecMainStartTimestampMonotonic $unit)
    [ "$(show WatchdogTimestampMonotonic $unit)" -gt "$((begin + limit))" ]
}

# says_more_than MICROSECONDS: there was a later message.
says_more_than() {
    [ "$(show WatchdogTimestampMonotonic $unit)" -gt "$1" ]
}

is_replaced() {
    [ "$(show NRestarts $unit)" -eq 1 ] && [ "$(show ActiveState $unit)" = active ]
}

control start $unit || fail "systemctl start $unit"
use_unit $unit
limit=$(variable WATCHDOG_USEC)
expect "the watchdog's limit in microseconds" "$limit" 3000000
wait_for "a WATCHDOG=1 later than the limit" lives_on_messages
expect "the daemon's PID after that" "$(show MainPID $unit)" "$inner"
expect "the number of restarts" "$(show NRestarts $unit)" 0

# A silent client does not keep the daemon from sending messages.
python3 -c 'import socket, sys
connection = socket.create_connection(("127.0.0.1", 81))
connection.settimeout(20)
sys.exit(len(connection.recv(1)))' || fail "the daemon does not drop a silent client"
since=$(show WatchdogTimestampMonotonic $unit)
wait_for "a WATCHDOG=1 after a silent client" says_more_than "$since"
expect "the daemon's PID after a silent client" "$(show MainPID $unit)" "$inner"

# It hangs.
hanging=$daemon
kill -STOP "$hanging"
daemon=$container
wait_for "a new daemon in place of the hanging one" is_replaced
has_ended "$hanging" || fail "the hanging daemon still runs"
wait_for "the reason in the journal" journal_says $unit systemd 'Watchdog timeout'
use_unit $unit
expect "the page" "$(fetch http://127.0.0.1:81/)" "the socket named web"
check_processes "$work/server" "$no_capability"
stop_unit $unit

stop_daemon 0
