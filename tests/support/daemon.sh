# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the daemon tests share. A test is a recipe: launch the daemon, poll until it answers, ask it
# something, read the status of all its processes, stop it.
#
#   . "$(dirname "$0")/../support/daemon.sh"
#   need_commands nginx curl
#   use_account www-data
#   launch --user www-data -p 80 -- nginx -c ...
#   wait_for "a page" fetch http://127.0.0.1/
#   check_processes nginx "$bind_capability"
#   stop_daemon 0
#
# It runs as root in its own network and mount namespace (tests/support/in-own-network), with
# LOWPORTBIND and PROBE in the environment. Everything is bounded: nothing here waits longer than
# $patience seconds.
set -eu

# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$(dirname "$0")/../support/requirements.sh"
[ "${IN_OWN_NETWORK-}" = 1 ] ||
    { echo "failed: run this with in-own-network, as ctest does"; exit 1; }
: "${LOWPORTBIND:=lowportbind}"
LOWPORTBIND=$(command -v "$LOWPORTBIND") || { echo "failed: no launcher: set LOWPORTBIND"; exit 1; }
LOWPORTBIND=$(readlink -f "$LOWPORTBIND")
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
patience=30
# Some daemons want to return to where they were started, and the build directory may be closed to
# them.
cd /
# The planned sets as /proc/PID/status shows them.
# shellcheck disable=SC2034  # for the tests
{
    bind_capability=0000000000000400
    no_capability=0000000000000000
}

daemon=       # the PID of what was started last
started=      # the PIDs of everything that was started and not waited for yet
cgroup=       # the control group that make_cgroup made
reason_given= # set once the test has printed why it does not pass
# Not TMPDIR: that of a login session is often closed to the accounts that the daemons run as.
work=$(mktemp -d /tmp/lowportbind-test.XXXXXX)
chmod 0755 "$work"
# The build directory may be closed to them, and so may the file, because of root's umask.
if [ -n "${PROBE-}" ]; then
    install -m 0755 "$PROBE" "$work/probe"
    PROBE=$work/probe
fi
log=$work/daemon.log
: >"$log"
echo "a descriptor that the daemon must not get" >"$work/not-for-the-daemon"

# fail WHAT...: prints what went wrong, and the daemon's log.
fail() {
    reason_given=yes
    echo "failed: $*"
    echo "--- the daemon's log:"
    tail -n 100 "$log"
    echo "---"
    exit 1
}

# use_account NAME: sets the account of the daemons, and the ids that their status must show.
use_account() {
    account=$1
    uid=$(id -u "$account" 2>/dev/null) || skip "needs the account $account"
    gid=$(id -g "$account")
    groups=$(id -G "$account" | tr ' ' '\n' | sort -nu | tr '\n' ' ')
}

# copy_example NAME: copies examples/NAME to $work/NAME. The checkout may be where no daemon can
# read it.
copy_example() {
    cp -R "$examples/$1" "$work/$1"
    chmod -R a+rX "$work/$1"
}

# make_cgroup: makes this test's own control group, in a pure cgroup v2 tree, as container engines
# and systemd want.
make_cgroup() {
    umount -R /sys/fs/cgroup 2>/dev/null || :
    mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>>"$log" || skip "needs cgroup v2"
    cgroup=/sys/fs/cgroup/${work##*/}
    mkdir "$cgroup" 2>>"$log" || skip "needs to make a control group"
}

# start COMMAND...: runs it in the background, with its output in $log and two descriptors that are
# not for the daemon.
start() {
    "$@" </dev/null >>"$log" 2>&1 8<"$work/not-for-the-daemon" 9<"$work/not-for-the-daemon" &
    daemon=$!
    started="$started $daemon"
}

# launch ARGUMENT...: starts lowportbind with these arguments.
launch() {
    start "$LOWPORTBIND" "$@"
}

# is_running PID: it is neither gone nor a zombie.
is_running() {
    grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

has_ended() {
    for process in "$@"; do
        if is_running "$process"; then return 1; fi
    done
}

# poll COMMAND...: repeats it until it succeeds, the daemon has ended, or $patience is over.
poll() {
    deadline=$(($(date +%s) + patience))
    until "$@" >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$deadline" ]; then return 1; fi
        if [ -n "$daemon" ] && ! is_running "$daemon"; then
            "$@" >/dev/null 2>&1
            return
        fi
        sleep 0.05
    done
}

# wait_for WHAT COMMAND...: polls, and fails if it does not succeed.
wait_for() {
    what=$1
    shift
    poll "$@" || fail "$what: not within $patience s, or the daemon ended first"
}

# fetch URL [CURL-OPTION...]: prints the page.
fetch() {
    curl -q --fail --silent --show-error --noproxy '*' --max-time 10 "$@"
}

# expect WHAT TEXT EXPECTED
expect() {
    [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"
}

# has_logged TEXT: the daemon's log contains it.
has_logged() {
    grep -qF -e "$1" "$log"
}

# expect_log TEXT
expect_log() {
    has_logged "$1" || fail "the log does not contain '$1'"
}

# list_processes PID: prints it and all its descendants. Other processes may end while this reads
# /proc.
list_processes() {
    cat /proc/[0-9]*/status 2>/dev/null | awk -v root="$1" '
        $1 == "Pid:" { pid = $2 }
        $1 == "PPid:" { parent[pid] = $2 }
        END {
            print root
            for (pid in parent) {
                for (at = parent[pid]; at in parent && at != root; at = parent[at]) { }
                if (at == root && pid != root) print pid
            }
        }'
}

# count_processes PID NUMBER: whether there are now so many.
count_processes() {
    [ "$(list_processes "$1" | wc -l)" -ge "$2" ]
}

# check_status FILE CAPABILITIES [BOUNDING-SET]: a /proc/.../status is as planned. The bounding set
# equals the planned set unless the launcher lacks CAP_SETPCAP.
check_status() {
    wrong=$(awk -v uid="$uid" -v gid="$gid" -v groups="$groups" -v capabilities="$2" \
        -v bounding="${3:-$2}" '
        function expect(expected) {
            seen[$1] = 1
            line = $0
            sub(/^[A-Za-z]+:[ \t]*/, "", line)
            gsub(/[ \t]+/, " ", line)
            sub(/ $/, "", line)
            sub(/ $/, "", expected)
            if (line != expected) print $1 " " line " instead of " expected
        }
        /^Uid:/ { expect(uid " " uid " " uid " " uid) }
        /^Gid:/ { expect(gid " " gid " " gid " " gid) }
        /^Groups:/ { expect(groups) }
        /^Cap(Inh|Prm|Eff|Amb):/ { expect(capabilities) }
        /^CapBnd:/ { expect(bounding) }
        /^NoNewPrivs:/ { expect("1") }
        END { for (name in seen) count++; if (count != 9) print count + 0 " of 9 lines found" }
        ' "$1" 2>/dev/null) || wrong="cannot be read"
    if [ -n "$wrong" ] && [ -e "$1" ]; then fail "$1: $wrong"; fi
}

# check_descriptors PID: the daemon has neither of the two that the launcher was started with.
check_descriptors() {
    for descriptor in "/proc/$1/fd/"*; do
        if [ "$(readlink "$descriptor")" = "$work/not-for-the-daemon" ]; then
            fail "the launcher should have closed the descriptor $descriptor"
        fi
    done
}

# check_processes COMMAND CAPABILITIES [MINIMUM]: the daemon now has the launcher's PID. The daemon,
# all its workers and all their threads have the account's ids, the planned capabilities, and no way
# to get more.
check_processes() {
    expect "the file that process $daemon executes (device:inode)" \
        "$(stat --dereference --format %d:%i "/proc/$daemon/exe")" \
        "$(stat --dereference --format %d:%i "$(command -v "$1")")"
    wait_for "${3:-1} processes" count_processes "$daemon" "${3:-1}"
    for process in $(list_processes "$daemon"); do
        for task in "/proc/$process/task/"*; do check_status "$task/status" "$2"; done
        check_descriptors "$process"
    done
    is_running "$daemon" || fail "the daemon ended"
}

# check_refused REASON COMMAND...: the negative control: without lowportbind, the same account must
# not get the port.
check_refused() {
    reason=$1
    shift
    status=0
    timeout -k 5 "$patience" setpriv --reuid "$uid" --regid "$gid" --init-groups "$@" \
        </dev/null >"$work/refused.log" 2>&1 || status=$?
    cat "$work/refused.log" >>"$log"
    case $status in
        0) fail "without lowportbind, this exits 0: $*" ;;
        124 | 137) fail "without lowportbind, this still runs after $patience s: $*" ;;
    esac
    grep -q -e "$reason" "$work/refused.log" ||
        fail "without lowportbind, the daemon does not print '$reason': $*"
}

# check_port_refused PORT: the negative control for a daemon that never binds a port itself.
check_port_refused() {
    expect "without lowportbind, an attempt to bind port $1" \
        "$(setpriv --reuid "$uid" --regid "$gid" --init-groups "$PROBE" "bind=tcp/4/$1")" \
        "$(printf 'bind=tcp/4/%s:\tEACCES' "$1")"
}

# stop_daemon STATUS: SIGTERM ends the daemon, with this exit status, and all its workers.
stop_daemon() {
    ending=$daemon
    processes=$(list_processes "$ending")
    kill -TERM "$ending" || fail "the daemon ended before SIGTERM"
    daemon=
    # shellcheck disable=SC2086  # a list
    wait_for "the end after SIGTERM" has_ended $processes
    status=0
    wait "$ending" || status=$?
    started=$(echo "$started" | sed "s/ $ending\$//")
    expect "the exit status after SIGTERM" "$status" "$1"
}

# Ends whatever this test started and is still running, and nothing else.
clean_up() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ] && [ -z "$reason_given" ]; then
        echo "failed: a command of the test itself exited $status. The daemon's log:"
        tail -n 100 "$log"
    fi
    for process in $started; do
        processes=$(list_processes "$process")
        # shellcheck disable=SC2086  # a list
        kill -TERM $processes 2>/dev/null || :
        tries=100
        # shellcheck disable=SC2086
        until has_ended $processes || [ $tries -eq 0 ]; do
            sleep 0.05
            tries=$((tries - 1))
        done
        # shellcheck disable=SC2086
        has_ended $processes || kill -KILL $processes 2>/dev/null || :
        wait "$process" 2>/dev/null || :
    done
    if [ -n "$cgroup" ]; then find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || :; fi
    remove_tree "$work"
    exit "$status"
}
clean_up_at_end
