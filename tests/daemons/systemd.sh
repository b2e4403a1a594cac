#!/bin/sh
# SPDX-License-Identifier: MIT
# A real systemd as process 1 of a container, with the units of examples/systemd: Type=notify,
# socket activation, nginx with a reload, and launches that fail.
set -eu
# shellcheck source=../support/systemd.sh
. "$(dirname "$0")/../support/systemd.sh"

need_commands nginx curl
use_account www-data
copy_example systemd
copy_example nginx
build_server
# A second unit that wants the port of the first.
cp "$work/systemd/notify.service" "$work/systemd/second.service"
cp "$work/systemd/nginx.service" "$work/systemd/second-nginx.service"
boot_systemd --bind-ro="$work/server:/usr/local/bin/server" \
    --bind-ro="$work/nginx:/etc/lowportbind" \
    --bind-ro="$(readlink -f "$(command -v nginx)")"

check_port_refused 80

# check_notify: the daemon has what systemd gave the launcher for messages, and the PID that systemd
# knows.
check_notify() {
    use_unit notify.service
    expect "the page" "$(fetch http://127.0.0.1:81/)" "the socket named web"
    expect "the daemon's NOTIFY_SOCKET" "$(variable NOTIFY_SOCKET)" /run/systemd/notify
    expect "the daemon's WATCHDOG_USEC" "$(variable WATCHDOG_USEC)" 3000000
    expect "the daemon's WATCHDOG_PID" "$(variable WATCHDOG_PID)" "$inner"
    expect "the daemon's LISTEN_PID" "$(variable LISTEN_PID)" "$inner"
    check_processes "$work/server" "$no_capability"
}

# check_failed_launch UNIT IDENTIFIER MESSAGE: systemctl shows the status, the journal the message.
check_failed_launch() {
    daemon=$container
    if control start "$1"; then fail "$1 starts"; fi
    expect "what ended $1" "$(show Result "$1")" exit-code
    expect "the state of $1, which must not be retried" "$(show ActiveState "$1")" failed
    systemctl_inside status "$1" >"$work/status" 2>&1 || :
    grep -q 'status=125' "$work/status" ||
        fail "systemctl status $1 does not show status=125: $(cat "$work/status")"
    wait_for "'$3' in the journal of $1" journal_says "$1" "$2" "$3"
}

# `systemctl start` waits for the daemon's READY=1.
control start notify.service || fail "systemctl start notify.service"
check_notify
wait_for "the daemon's output under its own name" journal_says notify.service server \
    'descriptor 3 is web'
restart_unit notify.service
check_notify
check_failed_launch second.service server \
    'lowportbind: cannot bind: web=81/tcp (IPv4 and IPv6): Address already in use'
expect "the status of the launch" "$(show ExecMainStatus second.service)" 125
check_notify
stop_unit notify.service
if fetch http://127.0.0.1:81/ >>"$log" 2>&1; then fail "the port answers after systemctl stop"; fi

# Starting the service also starts its socket.
control start activated.service || fail "systemctl start activated.service"
use_unit activated.service
expect "the daemon's LISTEN_FDNAMES" "$(variable LISTEN_FDNAMES)" inherited:web
control stop activated.socket || fail "systemctl stop activated.socket"
stop_unit activated.service

# The first connection to systemd's socket starts the service.
control start activated.socket || fail "systemctl start activated.socket"

# check_activated: one socket from systemd, which comes first, and one from the launcher.
check_activated() {
    expect "the page of the inherited socket" "$(fetch http://127.0.0.1:82/)" \
        "the socket named inherited"
    use_unit activated.service
    expect "the page of the listed socket" "$(fetch http://127.0.0.1:83/)" "the socket named web"
    expect "the page of the inherited socket over IPv6" "$(fetch 'http://[::1]:82/')" \
        "the socket named inherited"
    expect "the daemon's LISTEN_FDS" "$(variable LISTEN_FDS)" 2
    expect "the daemon's LISTEN_FDNAMES" "$(variable LISTEN_FDNAMES)" inherited:web
    expect "the daemon's LISTEN_PID" "$(variable LISTEN_PID)" "$inner"
    expect "the daemon's WATCHDOG_PID" "$(variable WATCHDOG_PID)" "$inner"
    expect "the daemon's WATCHDOG_USEC" "$(variable WATCHDOG_USEC)" 3000000
    check_processes "$work/server" "$no_capability"
}
check_activated
restart_unit activated.service
check_activated
# The socket outlives the service, and starts it again.
stop_unit activated.service
check_activated
control stop activated.socket || fail "systemctl stop activated.socket"
stop_unit activated.service

control start nginx.service || fail "systemctl start nginx.service"

# check_nginx WHEN
check_nginx() {
    use_unit nginx.service
    wait_for "a page $1" fetch http://127.0.0.1/
    expect "the page over IPv4 $1" "$(fetch http://127.0.0.1/)" "nginx on port 80"
    expect "the page over IPv6 $1" "$(fetch 'http://[::1]/')" "nginx on port 80"
    expect "nginx's own PID $1" "$(inside cat /run/lowportbind-nginx/nginx.pid)" "$inner"
    check_processes nginx "$bind_capability" 3
}
check_nginx "after the start"
reload_unit nginx.service 2
check_nginx "after a reload"
restart_unit nginx.service
check_nginx "after a restart"
check_failed_launch second-nginx.service nginx \
    'lowportbind: cannot bind: 80/tcp (IPv4 and IPv6): Address already in use by nginx (pid '
check_nginx "after a launch that failed"
stop_unit nginx.service

# The container shuts down in an orderly manner.
daemon=$container
stop_daemon 0
