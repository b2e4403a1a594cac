#!/bin/sh
# SPDX-License-Identifier: MIT
# nginx on a Debian base as process 1 of a container: its logs go to the engine, and `docker stop`
# stops it.
set -eu
# shellcheck source=../support/docker.sh
. "$(dirname "$0")/../support/docker.sh"

need_commands nsenter curl
start_engine
import_debian
build_image nginx.Dockerfile

# has_output STREAM TEXT: the engine's log of the container contains it.
has_output() {
    docker logs "$container" 2>"$work/stderr" >"$work/stdout" && grep -qF -e "$2" "$work/$1"
}

# check_nginx CAPABILITIES [BOUNDING-SET]: it serves, every process is as planned, and both logs
# reach the engine.
check_nginx() {
    wait_for "a page" fetch_inside http://127.0.0.1/
    expect "the page" "$(fetch_inside http://127.0.0.1/)" "nginx on port 80"
    check_process_1 nginx
    wait_for "3 processes" count_processes "$daemon" 3
    for process in $(list_processes "$daemon"); do
        for task in "/proc/$process/task/"*; do check_status "$task/status" "$@"; done
    done
    wait_for "a line of the access log" has_output stdout 'GET / HTTP'
    wait_for "a line of the error log" has_output stderr 'start worker process'
}

start_container own-network --network none nginx-www
check_nginx "$no_capability"
check_stop 0

start_container host-network --network host nginx-www
check_nginx "$bind_capability"
check_stop 0

# With only what it needs, on a read-only root; and with even less if the engine leaves no port
# privileged.
set -- --read-only --tmpfs /tmp --security-opt no-new-privileges \
    --cap-drop ALL --cap-add SETUID --cap-add SETGID --cap-add CHOWN
start_container few-own --network none "$@" nginx-www
check_nginx "$no_capability" 00000000000000c1
check_stop 0
start_container few-host --network host "$@" --cap-add NET_BIND_SERVICE nginx-www
check_nginx "$bind_capability" 00000000000004c1
check_stop 0

# The account also gets a terminal that the engine made.
start_container terminal --tty --network none nginx-www
wait_for "a page" fetch_inside http://127.0.0.1/
wait_for "a line of the access log" has_output stdout 'GET / HTTP'
check_stop 0

# Without --own-stdio the pipes still belong to root, and giving them away needs CAP_CHOWN.
try_to_run --network none --entrypoint /usr/local/sbin/lowportbind nginx-www \
    --user www-data -p 80 -- nginx -e stderr -c /etc/lowportbind/nginx.conf -g 'daemon off;'
expect "the status without --own-stdio" "$status" 1
grep -q 'open() "/dev/std[a-z]*" failed (13: Permission denied)' "$work/errors" ||
    fail "a different error"
check_refusal 'cannot give the account: descriptor 1: ' 'docker run --cap-add CHOWN' \
    --network none --cap-drop ALL --cap-add SETUID --cap-add SETGID nginx-www

# Without lowportbind, the same account is refused on a privileged port.
try_to_run --network host --user 33:33 --entrypoint nginx nginx-www \
    -e stderr -c /etc/lowportbind/nginx.conf -g 'daemon off;'
expect "the status without lowportbind" "$status" 1
grep -q 'bind() to 0.0.0.0:80 failed (13: Permission denied)' "$work/errors" ||
    fail "without lowportbind, a different error"

# An entry point that takes the account from an empty variable does not run as root. In JSON there
# is no shell to expand it, and without quotes the next option is taken for the account. None of the
# three starts nginx.
# shellcheck disable=SC2016  # the container's
check_empty_account() {
    set -- --network none --env APP_USER= --entrypoint /bin/sh nginx-www -c
    check_refusal 'cannot use the user: "": it is empty' 'a variable' \
        "$@" 'exec lowportbind --user "$APP_USER" -p 80 -- nginx'
    check_refusal 'cannot read the command line: 80: unexpected argument' \
        'the command comes after --' \
        "$@" 'exec lowportbind --user $APP_USER -p 80 -- nginx'
    check_refusal 'cannot use the user: $APP_USER: there is no such name' 'getent passwd' \
        --network none --env APP_USER= \
        --entrypoint /usr/local/sbin/lowportbind nginx-www --user '$APP_USER' -p 80 -- nginx
}
check_empty_account

# The contrast for `docker stop`: a shell that remains process 1 does not pass the signal on, and
# the engine kills it.
start_container shell --network none --entrypoint /bin/sh nginx-www \
    -c '/usr/local/sbin/lowportbind --user www-data --own-stdio -p 80 -- "$@"; exit' \
    sh nginx -e stderr -c /etc/lowportbind/nginx.conf -g 'daemon off;'
wait_for "a page" fetch_inside http://127.0.0.1/
stop_container 1 137
expect "the signals that the engine sent a shell" "$signals" "15 9"
[ "$milliseconds" -ge 1000 ] || fail "the kill came after $milliseconds ms"

stop_engine
