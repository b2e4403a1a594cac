# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A real systemd as process 1 of a container, with the units of examples/systemd and its journal.
# Source it instead of daemon.sh, which it sources.
set -eu
# Use a PID namespace: when it ends, so does the container.
[ $$ -eq 1 ] || exec unshare --pid --fork --kill-child --mount-proc --propagation unchanged "$0"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

# build_server: builds the daemon of the units.
build_server() {
    need_commands cc
    cc -o "$work/server" "$examples/sd-listen-fds/server.c" -lsystemd >"$work/cc.log" 2>&1 ||
        skip "needs libsystemd-dev: $(cat "$work/cc.log")"
}

# boot_systemd [NSPAWN-OPTION...]: boots on this machine's own files.
boot_systemd() {
    boot_systemd_of / "$@"
}

# boot_systemd_of ROOT [NSPAWN-OPTION...]: boots with the units as shipped ($work/systemd) and the
# launcher where systemd looks first, without anything else that a machine starts. The console, with
# the journal on it, goes to this test's log.
boot_systemd_of() {
    files=$1
    shift
    need_commands systemd-nspawn systemctl journalctl nsenter
    mkdir "$work/systemd/service.d" "$work/systemd/socket.d"
    printf '[Unit]\nDefaultDependencies=no\nWants=%s\nAfter=%s\n' \
        systemd-journald.service systemd-journald.service >"$work/systemd/test.target"
    printf '[Unit]\nDefaultDependencies=no\n' >"$work/systemd/socket.d/test.conf"
    printf '[Unit]\nDefaultDependencies=no\n[Service]\nTimeoutStartSec=20\n' \
        >"$work/systemd/service.d/test.conf"

    # The files are under a layer that is thrown away. Allow what systemd may do on a machine, but
    # not in a container by default: confine ports with BPF, and let its services confine themselves
    # with Landlock.
    calls="bpf landlock_create_ruleset landlock_add_rule landlock_restrict_self"
    make_cgroup
    mount -t tmpfs tmpfs /run
    mkdir "$work/root"
    mount --bind "$files" "$work/root"
    # shellcheck disable=SC2016  # the inner shell expands "$@"
    sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$cgroup" systemd-nspawn --quiet \
        --directory="$work/root" \
        --volatile=overlay --register=no --keep-unit --link-journal=no --console=read-only \
        --capability=CAP_BPF,CAP_NET_ADMIN \
        --system-call-filter="$calls" \
        --bind-ro="$work/systemd:/run/systemd/system" \
        --bind-ro="$LOWPORTBIND:/usr/local/sbin/lowportbind" "$@" \
        --boot systemd.unit=test.target systemd.journald.forward_to_console=1 \
        </dev/null >>"$log" 2>&1 &
    container=$!
    daemon=$container
    started=$container
    poll systemctl_inside is-active test.target ||
        skip "no systemd starts here: $(tail -n 3 "$log")"
}

# inside COMMAND...: runs it in the container.
inside() {
    init=$(list_processes "$container" | grep -vx "$container" | sort -n | head -n 1)
    nsenter --target "$init" --all --root "$@"
}

systemctl_inside() {
    inside systemctl "$@"
}

# control ARGUMENT...: runs systemctl, with its output in the log.
control() {
    systemctl_inside "$@" >>"$log" 2>&1
}

# show PROPERTY UNIT
show() {
    systemctl_inside show --property "$1" --value "$2"
}

# journal_says UNIT IDENTIFIER TEXT: the journal has the text, under the name of IDENTIFIER.
journal_says() {
    inside journalctl --unit "$1" --identifier "$2" --output cat --no-pager 2>>"$log" |
        grep -qF -e "$3"
}

# use_unit NAME: sets $daemon to the PID of its main process as seen from here, and $inner to that
# in the container.
use_unit() {
    control is-active "$1" || fail "$1 is not active"
    inner=$(show MainPID "$1")
    daemon=$(cat /proc/[0-9]*/status 2>/dev/null |
        awk -v inner="$inner" '/^NSpid:/ && NF == 3 && $3 == inner { print $2 }')
    [ -n "$daemon" ] || fail "$1 has no process $inner"
}

# stop_unit NAME: stops it with SIGTERM, in time.
stop_unit() {
    control stop "$1" || fail "systemctl stop $1"
    has_ended "$daemon" || fail "the daemon of $1 still runs"
    daemon=$container
    expect "the result of $1" "$(show Result "$1")" success
}

# reload_unit NAME WORKERS: the main process stays, and as many new workers replace the old ones.
reload_unit() {
    use_unit "$1"
    before=$(list_processes "$daemon" | grep -vx "$daemon")
    expect "the number of workers of $1" "$(echo "$before" | wc -l)" "$2"
    control reload "$1" || fail "systemctl reload $1"
    # shellcheck disable=SC2086  # a list
    wait_for "the end of the workers that $1 had before the reload" has_ended $before
    use_unit "$1"
}

# restart_unit NAME: a new process replaces the old one.
restart_unit() {
    before=$daemon
    control restart "$1" || fail "systemctl restart $1"
    has_ended "$before" || fail "the daemon of $1 still runs after a restart"
    use_unit "$1"
}

# variable NAME: prints it from the daemon's environment.
variable() {
    tr '\0' '\n' <"/proc/$daemon/environ" | sed -n "s/^$1=//p"
}
