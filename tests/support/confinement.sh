# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the daemon tests share about the confinement to the listed ports. Source it before daemon.sh,
# which changes the working directory, and use it after a launch that grants the capability, for
# which confinement is the default. If the kernel cannot confine, the launcher reports that, and the
# only check left is that it did not do half of it.

# is_confining: whether the launches of this test can confine.
is_confining() {
    ! has_logged 'lowportbind: every privileged port is open to the daemon: '
}

# count_filters FILE: prints the number of seccomp filters in this /proc/.../status.
count_filters() {
    awk '/^Seccomp_filters:/ { print $2 }' "$1"
}

# expect_filters NUMBER: all tasks of the daemon and its children have so many beyond those of this
# test.
expect_filters() {
    expected=$(($(count_filters /proc/self/status) + $1))
    for process in $(list_processes "$daemon"); do
        for task in "/proc/$process/task/"*; do
            cat "$task/status" >"$work/task" 2>/dev/null || continue # a thread that has ended
            expect "the number of seccomp filters in $task" "$(count_filters "$work/task")" \
                "$expected"
            [ "$1" -eq 0 ] || expect "the state in $task" \
                "$(awk '/^Seccomp:/ { print $2 }' "$work/task")" 2
        done
    done
    is_running "$daemon" || fail "the daemon ended"
}

# check_confinement: they have the filter, or the log has the warning.
check_confinement() {
    if is_confining; then expect_filters 1; else expect_filters 0; fi
}

# check_unlisted_refused REASON ARGUMENT...: runs lowportbind with these arguments. The daemon wants
# a port that is not listed, and gives up with this reason.
check_unlisted_refused() {
    is_confining || return 0
    reason=$1
    shift
    status=0
    timeout -k 5 "$patience" "$LOWPORTBIND" "$@" </dev/null >"$work/refused.log" 2>&1 || status=$?
    cat "$work/refused.log" >>"$log"
    case $status in
        0 | 124 | 137) fail "with a port that is not listed, this exits $status: $*" ;;
    esac
    grep -q -e "$reason" "$work/refused.log" || fail "the daemon does not print '$reason': $*"
}
