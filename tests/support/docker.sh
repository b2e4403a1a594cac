# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests with a real Docker Engine share. Source it instead of daemon.sh, which it sources:
#
#   . "$(dirname "$0")/../support/docker.sh"
#   start_engine
#   build_image static.Dockerfile
#   ask www --network host
#   check_www "$bind_capability"
#   stop_engine
#
# The engine is the test's own, and no registry is used. In the test's network port 80 is
# privileged, and a container gets that network with `--network host`; in a container's own network
# the engine leaves no port privileged.
set -eu
# Use a PID namespace: when it ends, so does everything that the engine started.
[ $$ -eq 1 ] || exec unshare --pid --fork --kill-child --mount-proc --propagation unchanged "$0"
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

is_static() {
    ldd "$1" 2>&1 | grep -q 'not a dynamic executable\|statically linked'
}

# The static launcher: the one named by LOWPORTBIND_STATIC, that of this build, or one built for
# these tests.
find_static_launcher() {
    if [ -n "${LOWPORTBIND_STATIC:-}" ]; then
        launcher=$LOWPORTBIND_STATIC
    elif is_static "$LOWPORTBIND"; then
        launcher=$LOWPORTBIND
    else
        need_commands cmake
        if command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
        build=${STATIC_BUILD_DIRECTORY:-$work/static}
        cmake --preset static -S "$examples/.." -B "$build" >>"$log" 2>&1 ||
            fail "cannot configure the static launcher"
        cmake --build "$build" --target lowportbind >>"$log" 2>&1 ||
            fail "cannot build the static launcher"
        launcher=$build/lowportbind
    fi
    is_static "$launcher" || fail "$launcher is not static"
}

# prepare_checkout: makes $work/checkout, which the comments of the Dockerfiles start from. The
# daemon of the smallest images is the probe.
prepare_checkout() {
    checkout=$work/checkout
    mkdir -p "$checkout/build/static"
    cp -R "$examples" "$checkout/examples"
    chmod -R a+rX "$checkout/examples"
    install -m 0755 "$launcher" "$checkout/build/static/lowportbind"
    install -m 0755 "$PROBE" "$checkout/daemon"
}

# write_newer_runtime: the real runc, started as current engines do: they leave a container's
# capabilities permitted even for a user other than root (moby/moby#45511). Debian 12's engine takes
# them away.
write_newer_runtime() {
    cat >"$work/newer-runtime" <<'EOF'
#!/usr/bin/python3 -B
import json, os, sys
if "create" in sys.argv:
    path = sys.argv[sys.argv.index("--bundle") + 1] + "/config.json"
    with open(path) as file:
        config = json.load(file)
    capabilities = config["process"]["capabilities"]
    capabilities["permitted"] = capabilities["effective"] = capabilities.get("bounding", [])
    with open(path, "w") as file:
        json.dump(config, file)
os.execvp("runc", ["runc"] + sys.argv[1:])
EOF
    chmod 0755 "$work/newer-runtime"
}

# start_engine: runs on a cgroup v2 tree, and shares nothing with the host: its files are on a
# tmpfs.
start_engine() {
    need_commands dockerd docker setcap runc python3
    use_account www-data
    expect "the ids of www-data" "$uid:$gid" 33:33
    is_static "$PROBE" || skip "needs a static probe"
    find_static_launcher
    prepare_checkout
    write_newer_runtime

    make_cgroup
    mount -t tmpfs tmpfs /run
    mkdir "$work/engine"
    mount -t tmpfs tmpfs "$work/engine"
    unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTEXT DOCKER_CONTENT_TRUST \
        DOCKER_DEFAULT_PLATFORM
    export DOCKER_HOST="unix://$work/engine/socket" DOCKER_CONFIG="$work/engine" DOCKER_BUILDKIT=0
    dockerd --host "$DOCKER_HOST" --data-root "$work/engine/data" --exec-root "$work/engine/run" \
        --pidfile "$work/engine/pid" --iptables=false --bridge=none \
        --add-runtime "newer=$work/newer-runtime" --cgroup-parent "/${cgroup##*/}" </dev/null \
        >"$work/engine.log" 2>&1 &
    daemon=$!
    engine=$daemon
    started=$daemon
    poll docker version || skip "no Docker Engine starts here: $(tail -n 3 "$work/engine.log")"
}

stop_engine() {
    daemon=$engine
    stop_daemon 0
}

# import_debian: imports the image debian:12 that tests/support/make-debian-image made.
import_debian() {
    image_file=${DEBIAN_IMAGE_DIRECTORY:-}/debian-12.tar
    [ -e "$image_file" ] ||
        skip "needs DEBIAN_IMAGE_DIRECTORY with the image of tests/support/make-debian-image"
    docker import "$image_file" debian:12 >>"$log" 2>&1 || fail "docker import"
}

# build_image DOCKERFILE: runs the very commands of its comment, without building the launcher, and
# without a network, which this engine lacks.
build_image() {
    sed -n 's/^#   //p' "$checkout/examples/docker/$1" |
        grep -vE '^(cmake|docker run|  )' >"$work/commands"
    grep -q '^docker build ' "$work/commands" || fail "$1 does not show how it is built"
    # shellcheck disable=SC2016  # the inner shell's
    (cd "$checkout" && TMPDIR=$work sh -euc '
        docker() { shift && command docker build --network none "$@"; }
        . "$1"' sh "$work/commands") >>"$log" 2>&1 || fail "the commands of $1"
}

# try_to_run DOCKER-RUN-ARGUMENT...: sets $status; the output is in $work/answers and $work/errors.
runtime=runc
try_to_run() {
    status=0
    timeout 60 docker run --rm --runtime "$runtime" "$@" </dev/null >"$work/answers" \
        2>"$work/errors" || status=$?
    cat "$work/errors" >>"$log"
}

# ask IMAGE [DOCKER-OPTION...]: runs the image with the probe as its daemon.
ask() {
    image=$1
    shift
    try_to_run "$@" "$image" /daemon status pid fds bind=tcp/4/80 bind=tcp/4/81
    expect "the status of docker run $* $image" "$status" 0
}

# check_refusal MESSAGE HINT DOCKER-RUN-ARGUMENT...: nothing is started, and both lines match
# (patterns for grep).
check_refusal() {
    message=$1
    hint=$2
    shift 2
    try_to_run "$@"
    expect "the status of docker run $*" "$status" 125
    grep -q "^lowportbind: $message" "$work/errors" || fail "the message of docker run $* differs"
    grep -q "^lowportbind: hint: .*$hint" "$work/errors" || fail "the hint of docker run $* differs"
    [ ! -s "$work/answers" ] || fail "the daemon ran: docker run $*"
}

# expect_answer QUESTION ANSWER: both are worded as by the probe.
expect_answer() {
    expect "the answer to $1" "$(sed -n "s|^$1:[[:space:]]*||p" "$work/answers")" "$2"
}

# expect_refused_port DOCKER-RUN-ARGUMENT...: the negative control: the same account without
# lowportbind.
expect_refused_port() {
    try_to_run --user "$uid:$gid" --entrypoint /daemon "$@" status bind=tcp/4/80
    expect_answer bind=tcp/4/80 EACCES
}

# check_www CAPABILITIES [BOUNDING-SET]: checks what the probe reports about itself.
check_www() {
    check_status "$work/answers" "$@"
    expect_answer pid 1
    expect_answer fds "0 1 2"
    expect_answer bind=tcp/4/80 ok
}

# compare_confinement FILTERS: a container confines if this kernel does, whatever the engine's own
# filter allows. Without the launcher, a container has FILTERS filters.
compare_confinement() {
    if [ -z "${confines_here:-}" ]; then
        confines_here=yes
        "$LOWPORTBIND" --user www-data -p 80 -- true 2>"$work/here"
        if grep -q '^lowportbind: every privileged port is open' "$work/here"; then
            confines_here=no
        fi
    fi
    grep '^lowportbind: ' "$work/errors" >"$work/lines" || :
    if [ "$confines_here" = yes ]; then
        expect "the launcher's messages" "$(cat "$work/lines")" ""
        expect_answer bind=tcp/4/81 EACCES
        expect_answer Seccomp_filters $(($1 + 1))
    else
        expect "the number of lines" "$(wc -l <"$work/lines")" 1
        grep -q '^lowportbind: every privileged port is open to the daemon: ' "$work/lines" ||
            fail "a different line"
        expect_answer bind=tcp/4/81 ok
        expect_answer Seccomp_filters "$1"
    fi
}

# start_container NAME DOCKER-RUN-ARGUMENT...: runs it in the background; sets $daemon to the PID of
# its first process as this test sees it.
start_container() {
    container=$1
    shift
    docker run --detach --name "$container" "$@" </dev/null >>"$log" 2>&1 || fail "docker run $*"
    daemon=$(docker inspect --format '{{.State.Pid}}' "$container")
}

# fetch_inside URL: prints the container's page, from its own network.
fetch_inside() {
    nsenter --net="/proc/$daemon/ns/net" curl -q --fail --silent --show-error --noproxy '*' \
        --max-time 10 "$1"
}

# check_process_1 COMMAND: the launcher has become the daemon, as process 1.
check_process_1() {
    expect "the name of process 1" "$(cat "/proc/$daemon/comm")" "$1"
    expect "its PID in the container" "$(awk '/^NSpid:/ { print $NF }' "/proc/$daemon/status")" 1
}

# stop_container GRACE STATUS: runs `docker stop`. Sets $signals to the signals that the engine
# recorded sending, and $milliseconds to the time from the first one to the end of process 1.
stop_container() {
    daemon=$engine
    since=$(date +%s.%N)
    timeout 60 docker stop --time "$1" "$container" >>"$log" 2>&1 || fail "docker stop $container"
    docker logs "$container" >>"$log" 2>&1
    expect "the exit status after docker stop" \
        "$(docker inspect --format '{{.State.ExitCode}}' "$container")" "$2"
    docker events --since "$since" --until "$(date +%s.%N)" --filter "container=$container" \
        --format '{{.Action}} {{.TimeNano}} {{.Actor.Attributes.signal}}' >"$work/events"
    signals=$(awk '$1 == "kill" { printf "%s%s", separator, $3; separator = " " }' "$work/events")
    # Nanoseconds since 1970 have more digits than awk's numbers, and the last six are not needed.
    milliseconds=$(awk '{ at = substr($2, 1, length($2) - 6) } $1 == "kill" && !first { first = at }
        $1 == "die" { print at - first }' "$work/events")
    [ -n "$milliseconds" ] || fail "no end recorded: $(cat "$work/events")"
    docker rm "$container" >>"$log"
}

# check_stop STATUS: the signal itself ended the daemon within a second, not the kill after the
# grace period.
check_stop() {
    stop_container 30 "$1"
    expect "the signals that the engine sent" "$signals" 15
    [ "$milliseconds" -lt 1000 ] || fail "docker stop took $milliseconds ms"
}
