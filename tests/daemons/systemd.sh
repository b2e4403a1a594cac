#!/bin/sh
# A real systemd as process 1 of a container, with the units of examples/systemd: Type=notify, socket activation, and
# nginx with a reload.
set -eu
# In a PID namespace, which takes the container with it when it ends.
[ $$ -eq 1 ] || exec unshare --pid --fork --kill-child --mount-proc --propagation unchanged "$0"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands systemd-nspawn systemctl nsenter nginx cc curl
use_account www-data
copy_example systemd
copy_example nginx
cc -o "$work/server" "$examples/sd-listen-fds/server.c" -lsystemd >"$work/cc.log" 2>&1 ||
    skip "needs libsystemd-dev: $(cat "$work/cc.log")"

# The units as they are shipped, but without what else a machine starts, and with their messages in this test's log.
mkdir "$work/systemd/service.d" "$work/systemd/socket.d"
printf '[Unit]\nDefaultDependencies=no\n' >"$work/systemd/test.target"
printf '[Unit]\nDefaultDependencies=no\n' >"$work/systemd/socket.d/test.conf"
printf '[Unit]\nDefaultDependencies=no\n[Service]\nStandardOutput=append:/log\nStandardError=append:/log\nTimeoutStartSec=20\n' \
    >"$work/systemd/service.d/test.conf"

# The machine's own files, under a layer that is thrown away, and nginx itself, to compare it with.
make_cgroup
mount -t tmpfs tmpfs /run
mkdir "$work/root"
mount --bind / "$work/root"
# shellcheck disable=SC2016  # the inner shell expands "$@"
sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$cgroup" systemd-nspawn --quiet --directory="$work/root" \
    --volatile=overlay --register=no --keep-unit --console=read-only \
    --bind-ro="$(readlink -f "$(command -v nginx)")" --bind-ro="$work/systemd:/run/systemd/system" --bind-ro="$work/nginx:/etc/lowportbind" \
    --bind-ro="$LOWPORTBIND:/usr/bin/lowportbind" --bind-ro="$work/server:/usr/local/bin/server" --bind="$log:/log" \
    --boot systemd.unit=test.target </dev/null >"$work/container.log" 2>&1 &
daemon=$!
container=$daemon
started=$daemon

# systemctl_inside ARGUMENT...: the container's systemctl.
systemctl_inside() {
    init=$(list_processes "$container" | grep -vx "$container" | sort -n | head -n 1)
    nsenter --target "$init" --all --root systemctl "$@"
}

# control ARGUMENT...: the same, with what it says in the log.
control() {
    systemctl_inside "$@" >>"$log" 2>&1
}

poll systemctl_inside is-active test.target || skip "no systemd starts here: $(tail -n 3 "$work/container.log")"

# use_unit NAME: its main process, as it is seen from here, becomes the daemon.
use_unit() {
    control is-active "$1" || fail "$1 is not active"
    inner=$(systemctl_inside show --property MainPID --value "$1")
    daemon=$(cat /proc/[0-9]*/status 2>/dev/null |
        awk -v inner="$inner" '/^NSpid:/ && NF == 3 && $3 == inner { print $2 }')
    [ -n "$daemon" ] || fail "$1 has no process $inner"
}

# stop_unit NAME: with SIGTERM, and in time.
stop_unit() {
    control stop "$1" || fail "systemctl stop $1"
    has_ended "$daemon" || fail "the daemon of $1 still runs"
    daemon=$container
    expect "the result of $1" "$(systemctl_inside show --property Result --value "$1")" success
}

check_port_refused 80

# `systemctl start` waits for the daemon's READY=1.
control start notify.service || fail "systemctl start notify.service"
use_unit notify.service
expect "the page" "$(fetch http://127.0.0.1:81/)" "the socket named web"
check_processes "$work/server" "$no_capability"
stop_unit notify.service

# The first connection to systemd's socket starts the service.
control start activated.socket || fail "systemctl start activated.socket"
expect "the page of the inherited socket" "$(fetch http://127.0.0.1:82/)" "the socket named inherited"
use_unit activated.service
expect "the page of the listed socket" "$(fetch http://127.0.0.1:83/)" "the socket named web"
expect "the page of the inherited socket over IPv6" "$(fetch 'http://[::1]:82/')" "the socket named inherited"
check_processes "$work/server" "$no_capability"
control stop activated.socket || fail "systemctl stop activated.socket"
stop_unit activated.service

control start nginx.service || fail "systemctl start nginx.service"
use_unit nginx.service
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "nginx on port 80"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "nginx on port 80"
check_processes nginx "$bind_capability" 3
control reload nginx.service || fail "systemctl reload nginx.service"
expect "the page after a reload" "$(fetch http://127.0.0.1/)" "nginx on port 80"
check_processes nginx "$bind_capability" 3
stop_unit nginx.service

# The container goes down in an orderly manner.
stop_daemon 0
