#!/bin/sh
# SPDX-License-Identifier: MIT
# java on a Debian base as process 1 of a container.
set -eu
# shellcheck source=../support/docker.sh
. "$(dirname "$0")/../support/docker.sh"

need_commands nsenter curl javac
start_engine
import_debian
build_image java.Dockerfile

check_java() {
    wait_for "a page" fetch_inside http://127.0.0.1/
    expect "the page" "$(fetch_inside http://127.0.0.1/)" "java on port 80"
    check_process_1 java
    for task in "/proc/$daemon/task/"*; do check_status "$task/status" "$@"; done
}

start_container own-network --network none java-www
check_java "$no_capability"
check_stop 143

start_container few --network host --read-only --tmpfs /tmp --security-opt no-new-privileges \
    --cap-drop ALL --cap-add SETUID --cap-add SETGID --cap-add NET_BIND_SERVICE java-www
check_java "$bind_capability" 00000000000004c0
check_stop 143

# Without lowportbind.
try_to_run --network host --user 33:33 --entrypoint java java-www -cp /srv Server
expect "the status without lowportbind" "$status" 1
grep -q 'BindException: Permission denied' "$work/errors" ||
    fail "without lowportbind, a different error"

stop_engine
