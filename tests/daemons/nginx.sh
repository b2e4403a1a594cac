#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's nginx as www-data with examples/nginx/nginx.conf: in mode ambient it binds port 80
# itself, and in mode nginx it takes the sockets that it is handed and has no capability.
set -eu
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands nginx curl ss
use_account www-data
copy_example nginx

# The directories of the configuration, on this test's own mounts.
for directory in /run /var/log /var/cache; do
    mount -t tmpfs tmpfs "$directory"
    install -d -o www-data -g www-data -m 0750 "$directory/lowportbind-nginx"
done

# check_pages CAPABILITIES: before and after a reload; the new workers are like the old ones.
check_pages() {
    wait_for "a page" fetch http://127.0.0.1/
    expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "nginx on port 80"
    expect "the page over IPv6" "$(fetch 'http://[::1]/')" "nginx on port 80"
    expect "the PID in nginx's file" "$(cat /run/lowportbind-nginx/nginx.pid)" "$daemon"
    check_processes nginx "$1" 3

    old_workers=$(list_processes "$daemon" | grep -vx "$daemon")
    kill -HUP "$daemon"
    # shellcheck disable=SC2086  # a list
    wait_for "the end of the old workers" has_ended $old_workers
    expect "the page after a reload" "$(fetch http://127.0.0.1/)" "nginx on port 80"
    check_processes nginx "$1" 3
}

check_refused 'bind() to 0.0.0.0:80 failed (13: Permission denied)' \
    nginx -e stderr -c "$work/nginx/nginx.conf" -g 'daemon off;'

launch --user www-data -p 80 -- nginx -e stderr -c "$work/nginx/nginx.conf" -g 'daemon off;'
check_pages "$bind_capability"
check_confinement
grep -q 'GET / HTTP' /var/log/lowportbind-nginx/access.log || fail "nothing in the access log"
stop_daemon 0

launch --user www-data -m nginx -p 80 -- nginx -e stderr -c "$work/nginx/nginx.conf" \
    -g 'daemon off;'
check_pages "$no_capability"
expect_filters 0
expect_log 'using inherited sockets from "3;4;"'
stop_daemon 0

# With `reuseport`, nginx wants a socket for each of its two workers: it refuses one socket, and
# accepts two.
sed 's/listen \(.*80\);/listen \1 reuseport;/' "$work/nginx/nginx.conf" \
    >"$work/nginx/reuseport.conf"
expect "the number of lines with reuseport" \
    "$(grep -c ' reuseport;' "$work/nginx/reuseport.conf")" 2
set -- --user www-data -m nginx --reuse-port
nginx_reuseport="nginx -e stderr -c $work/nginx/reuseport.conf -g"
status=0
# shellcheck disable=SC2086  # the words of a command
timeout -k 5 "$patience" "$LOWPORTBIND" "$@" -p 80 -- $nginx_reuseport 'daemon off;' </dev/null \
    >>"$log" 2>&1 ||
    status=$?
expect "the status with a socket for only one worker" "$status" 1
expect_log 'bind() to 0.0.0.0:80 failed (13: Permission denied)'
# shellcheck disable=SC2086
launch "$@" -p 80,80 -- $nginx_reuseport 'daemon off;'
check_pages "$no_capability"
expect_log 'using inherited sockets from "3;4;5;6;"'
expect "the number of listening sockets" "$(ss -Hltn 'sport = :80' | wc -l)" 4
stop_daemon 0

# The capability allows port 81, but the confinement does not.
sed 's/listen 80;/listen 80; listen 81;/' "$work/nginx/nginx.conf" >"$work/nginx/other-port.conf"
set -- --user www-data -p 80 -- nginx -e stderr -c "$work/nginx/other-port.conf" -g 'daemon off;'
launch --confine off "$@"
wait_for "a page of the port that is not listed" fetch http://127.0.0.1:81/
expect_filters 0
stop_daemon 0
check_unlisted_refused 'bind() to 0.0.0.0:81 failed (13: Permission denied)' "$@"

# With --confine listed it is also confined on the sockets that it is handed.
if is_confining; then
    launch --user www-data -m nginx -p 80 --confine listed -- \
        nginx -e stderr -c "$work/nginx/nginx.conf" -g 'daemon off;'
    check_pages "$no_capability"
    check_confinement
    stop_daemon 0
fi
