#!/bin/sh
# SPDX-License-Identifier: MIT
# tini as process 1 of a container, in front of the launcher: it reaps what the daemon leaves
# behind, and passes on signals. Without it the daemon is process 1, which the kernel treats
# specially.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands tini unshare python3 curl
use_account www-data
[ -x /usr/bin/python3 ] || skip "needs /usr/bin/python3"
# It handles no signal but SIGHUP, and leaves one orphan behind for each request.
cat >"$work/daemon.py" <<'EOF'
import signal
import socket
import subprocess

signal.signal(signal.SIGHUP, lambda *_: print("the daemon got SIGHUP", flush=True))
server = socket.socket(fileno=3)
while True:
    connection, client = server.accept()
    with connection:
        connection.recv(4096)
        subprocess.run(["/bin/sh", "-c", "/bin/true &"], check=True)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nleft one behind\n")
EOF
chmod 0644 "$work/daemon.py"

# start_container COMMAND...: runs it as process 1 of a PID namespace.
start_container() {
    start unshare --pid --fork --kill-child --mount-proc "$@" \
        "$LOWPORTBIND" --user www-data -m listen-fds -p 80 -- /usr/bin/python3 "$work/daemon.py"
    container=$daemon
    wait_for "a page" fetch http://127.0.0.1/
    expect "the page" "$(fetch 'http://[::1]/')" "left one behind"
}

# has_orphan PARENT: one of its children is a zombie.
has_orphan() {
    for process in $(list_processes "$1"); do
        if grep -q '^State:[[:space:]]*Z' "/proc/$process/status" 2>/dev/null; then return 0; fi
    done
    return 1
}

# has_no_other PID: it has only the daemon: no running orphan, and no zombie.
has_no_other() {
    [ "$(list_processes "$1" | wc -l)" -eq 2 ]
}

# child_of PID: prints the first one.
child_of() {
    cat /proc/[0-9]*/status 2>/dev/null |
        awk -v parent="$1" '/^Pid:/ { pid = $2 } /^PPid:/ && $2 == parent { print pid }' | sort -n |
        head -n 1
}

check_port_refused 80

# Without tini: orphans stay, and process 1 ignores SIGTERM if it has no handler.
start_container
daemon=$(child_of "$container")
expect "the daemon's PID in the container" \
    "$(awk '/^NSpid:/ { print $NF }' "/proc/$daemon/status")" 1
check_processes /usr/bin/python3 "$no_capability"
wait_for "a zombie" has_orphan "$daemon"
kill -TERM "$daemon"
expect "the page after SIGTERM" "$(fetch http://127.0.0.1/)" "left one behind"
has_orphan "$daemon" || fail "the zombie is gone"
kill -KILL "$daemon"
daemon=$container
wait_for "the end after SIGKILL" has_ended "$container"
wait "$container" || :
started=

# With tini.
start_container tini --
init=$(child_of "$container")
daemon=$(child_of "$init")
expect "the daemon's PID is not 1, but that of tini is" \
    "$(awk '/^NSpid:/ { print $NF }' "/proc/$init/status")" 1
check_processes /usr/bin/python3 "$no_capability"
expect "the page" "$(fetch http://127.0.0.1/)" "left one behind"
wait_for "the end of the orphans" has_no_other "$init"
kill -HUP "$init"
wait_for "SIGHUP at the daemon" has_logged "the daemon got SIGHUP"
processes=$(list_processes "$init")
kill -TERM "$init"
daemon=
# shellcheck disable=SC2086  # a list
wait_for "the end after SIGTERM" has_ended $processes
status=0
wait "$container" || status=$?
started=
expect "the exit status after SIGTERM" "$status" 143

# tini does not hide a launch that fails.
status=0
unshare --pid --fork --kill-child --mount-proc tini -- "$LOWPORTBIND" --user "" -p 80 -- true \
    >>"$log" 2>&1 || status=$?
expect "the exit status of a launch that fails" "$status" 125
expect_log 'lowportbind: cannot use the user: ""'
