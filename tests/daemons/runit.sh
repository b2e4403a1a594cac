#!/bin/sh
# SPDX-License-Identifier: MIT
# A runit service, from examples/runit: nginx under runsvdir and runsv.
set -eu
# shellcheck source=../support/supervisor.sh
. "$(dirname "$0")/../support/supervisor.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands runsvdir runsv sv nginx curl
use_account www-data
for directory in /run /var/log /var/cache; do mount -t tmpfs -o mode=0755 tmpfs "$directory"; done
install_launcher
lay_over /etc
copy_example nginx
copy_example runit
cp -R "$work/nginx" /etc/lowportbind
mkdir -p /etc/sv "$work/service"
cp -R "$work/runit/www" /etc/sv/www
ln -s /etc/sv/www "$work/service/www"
service=$work/service/www

# is_down: runsv wants it down, too; otherwise sv prints "want up".
is_down() {
    sv status "$service" | grep -q '^down: [^,]*, normally up$'
}

# use_service: its process becomes the daemon.
use_service() {
    wait_for "a page" fetch http://127.0.0.1/
    daemon=$(sv status "$service" | sed -n 's/^run: .*(pid \([0-9]*\)) .*/\1/p')
    expect "nginx's own PID" "$(cat /run/lowportbind-nginx/nginx.pid)" "$daemon"
    expect "the page" "$(fetch 'http://[::1]/')" "nginx on port 80"
    check_processes nginx "$no_capability" 3
}

# stop_service: with SIGTERM, which makes nginx shut down in an orderly manner.
stop_service() {
    stopped=$daemon
    daemon=$supervisor
    sv down "$service" >>"$log"
    wait_for "the end of the daemon" has_ended "$stopped"
    wait_for "the state of the service" is_down
    if fetch http://127.0.0.1/ >>"$log" 2>&1; then fail "the port answers after sv down"; fi
}

install -d -o www-data -g www-data /run/lowportbind-nginx /var/log/lowportbind-nginx \
    /var/cache/lowportbind-nginx
check_refused 'bind() to 0.0.0.0:80 failed (13: Permission denied)' \
    nginx -e stderr -c /etc/lowportbind/nginx.conf -g 'daemon off;'

start runsvdir "$work/service"
supervisor=$daemon
use_service
first=$daemon
daemon=$supervisor
sv restart "$service" >>"$log"
wait_for "the end of the first daemon" has_ended "$first"
use_service
[ "$daemon" != "$first" ] || fail "sv restart does not replace the process"
stop_service
wait_for "the status in ./finish" has_logged 'www: ended with status 0, signal 0'

# A launch that fails: ./finish gets the status, and keeps runsv from trying again every second.
take_port 80
sv up "$service" >>"$log"
wait_for "the status in ./finish" has_logged 'www: ended with status 125, signal 0'
expect_log 'lowportbind: cannot bind: 80/tcp (IPv4): Address already in use by sleep'
wait_for "the state of the service" is_down
free_port
sv up "$service" >>"$log"
use_service
stop_service

# At SIGHUP runsvdir ends its services, and itself.
daemon=$supervisor
services=$(list_processes "$supervisor")
kill -HUP "$supervisor"
daemon=
# shellcheck disable=SC2086  # a list
wait_for "the end of runsvdir" has_ended $services
