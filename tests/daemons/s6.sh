#!/bin/sh
# SPDX-License-Identifier: MIT
# An s6 service, from examples/s6: gunicorn under s6-svscan and s6-supervise, to which it reports
# that it is ready.
set -eu
# shellcheck source=../support/supervisor.sh
. "$(dirname "$0")/../support/supervisor.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands s6-svscan s6-svwait s6-svstat s6-svc /usr/bin/gunicorn curl
use_account www-data
for directory in /run /srv; do mount -t tmpfs -o mode=0755 tmpfs "$directory"; done
install_launcher
copy_example gunicorn
copy_example s6
cp -R "$work/gunicorn" /srv/app
mkdir /run/service
cp -R "$work/s6/www" /run/service/www
service=/run/service/www
limit=$((patience * 1000))

# stat_of FIELD
stat_of() {
    s6-svstat -o "$1" "$service"
}

# use_service: its process becomes the daemon. It has reported that it is ready, so there is no need
# to poll.
use_service() {
    s6-svwait -U -t "$limit" "$service" >>"$log" 2>&1 ||
        fail "the daemon does not report that it is ready"
    daemon=$(stat_of pid)
    expect "the page" "$(fetch http://127.0.0.1/)" "gunicorn on an open socket"
    expect "the page over IPv6" "$(fetch 'http://[::1]/')" "gunicorn on an open socket"
    check_processes /usr/bin/python3 "$no_capability" 3
}

stop_service() {
    stopped=$daemon
    daemon=$supervisor
    s6-svc -wD -T "$limit" -d "$service" || fail "s6-svc -d"
    has_ended "$stopped" || fail "the daemon still runs"
    if fetch http://127.0.0.1/ >>"$log" 2>&1; then fail "the port answers after s6-svc -d"; fi
}

check_refused 'Permission denied' /usr/bin/gunicorn --log-level debug --bind 0.0.0.0:80 \
    --chdir /srv/app app

start s6-svscan /run/service
supervisor=$daemon
wait_for "s6-supervise" s6-svok "$service"
use_service
first=$daemon
daemon=$supervisor
s6-svc -wR -T "$limit" -r "$service" || fail "s6-svc -r"
has_ended "$first" || fail "s6-svc -r does not replace the process"
use_service
stop_service
expect_log 'www: ended with status 0, signal 0'

# A launch that fails: ./finish gets the status, and keeps s6-supervise from trying again every
# second.
take_port 80
s6-svc -u "$service"
wait_for "the status in ./finish" has_logged 'www: ended with status 125, signal 0'
expect_log 'lowportbind: cannot bind: 80/tcp (IPv4 and IPv6): Address already in use by sleep'
s6-svwait -D -t "$limit" "$service" >>"$log" 2>&1 ||
    fail "s6 does not report that the service is down"
expect "the status that s6 recorded" "$(stat_of exitcode)" 125
expect "whether s6 wants it up" "$(stat_of wantedup)" false
free_port
s6-svc -u "$service"
use_service
stop_service

daemon=$supervisor
stop_daemon 0
