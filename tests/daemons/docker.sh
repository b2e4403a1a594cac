#!/bin/sh
# A real Docker Engine: an image from scratch with the static launcher as ENTRYPOINT, in the ways that containers are
# given privileges. No registry is asked for anything.
set -eu
# In a PID namespace, which takes all that the engine starts with it when it ends.
[ $$ -eq 1 ] || exec unshare --pid --fork --kill-child --mount-proc --propagation unchanged "$0"
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands dockerd docker setcap
use_account www-data
expect "the ids of www-data" "$uid:$gid" 33:33

is_static() {
    ldd "$1" 2>&1 | grep -q 'not a dynamic executable\|statically linked'
}

# The static launcher: the one named by LOWPORTBIND_STATIC, that of this build, or one built for this test.
find_static_launcher() {
    if [ -n "${LOWPORTBIND_STATIC:-}" ]; then
        launcher=$LOWPORTBIND_STATIC
    elif is_static "$LOWPORTBIND"; then
        launcher=$LOWPORTBIND
    else
        need_commands cmake
        if command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
        cmake -S "$examples/.." -B "$work/static" -DCMAKE_BUILD_TYPE=Release -DLOWPORTBIND_STATIC=ON >>"$log" 2>&1 ||
            fail "cannot configure the static launcher"
        cmake --build "$work/static" --target lowportbind >>"$log" 2>&1 || fail "cannot build the static launcher"
        launcher=$work/static/lowportbind
    fi
    is_static "$launcher" || fail "$launcher is not static"
}

is_static "$PROBE" || skip "needs a static probe"
find_static_launcher

# An engine of this test's own, on a cgroup v2 tree, with nothing of the host's: its files are on a tmpfs.
make_cgroup
mount -t tmpfs tmpfs /run
mkdir "$work/engine"
mount -t tmpfs tmpfs "$work/engine"
export DOCKER_HOST="unix://$work/engine/socket" DOCKER_CONFIG="$work/engine" DOCKER_BUILDKIT=0
dockerd --host "$DOCKER_HOST" --data-root "$work/engine/data" --exec-root "$work/engine/run" \
    --pidfile "$work/engine/pid" --iptables=false --bridge=none --storage-driver=vfs \
    --cgroup-parent "/${cgroup##*/}" </dev/null >"$work/engine.log" 2>&1 &
daemon=$!
started=$daemon
poll docker version || skip "no Docker Engine starts here: $(tail -n 3 "$work/engine.log")"

copy_example container
cp "$launcher" "$work/container/lowportbind"
cp "$PROBE" "$work/container/daemon"
docker build --tag www "$work/container" >>"$log" 2>&1 || fail "docker build"

engine=$daemon

# run_www IMAGE [DOCKER-OPTION...]: with the probe as its daemon.
run_www() {
    image=$1
    shift
    timeout 60 docker run --rm "$@" "$image" /daemon status pid fds bind=tcp/4/80 bind=tcp/4/81 \
        >"$work/answers" 2>"$work/errors" || fail "docker run $* $image: status $?: $(cat "$work/errors")"
    cat "$work/errors" >>"$log"
}

# expect_answer QUESTION ANSWER: in the words of the probe.
expect_answer() {
    expect "the answer to $1" "$(sed -n "s|^$1:[[:space:]]*||p" "$work/answers")" "$2"
}

# check_www CAPABILITIES [BOUNDING-SET]: what the probe says of itself.
check_www() {
    check_status "$work/answers" "$@"
    expect_answer pid 1
    expect_answer fds "0 1 2"
    expect_answer bind=tcp/4/80 ok
}

# check_container_confinement: either the daemon is confined, or the launcher says in its one line that the engine or the
# kernel does not let it. The engine has a seccomp filter of its own.
check_container_confinement() {
    grep '^lowportbind: ' "$work/errors" >"$work/lines" || :
    if [ ! -s "$work/lines" ]; then
        expect_answer bind=tcp/4/81 EACCES
        expect_answer Seccomp_filters $((engine_filters + 1))
    else
        expect "the number of lines" "$(wc -l <"$work/lines")" 1
        grep -q '^lowportbind: every privileged port is open to the daemon: ' "$work/lines" || fail "another line"
        expect_answer bind=tcp/4/81 ok
        expect_answer Seccomp_filters "$engine_filters"
    fi
}

# In a network of its own, Docker opens all ports to everyone: nothing is needed, and nothing is given.
run_www www --network none
check_www "$no_capability"

# In the network that this test has, port 80 is privileged.
timeout 60 docker run --rm --network host --user 33:33 --entrypoint /daemon www status bind=tcp/4/80 \
    >"$work/answers"
expect_answer bind=tcp/4/80 EACCES
engine_filters=$(count_filters "$work/answers")
run_www www --network host
check_www "$bind_capability"
check_container_confinement

# With the three capabilities that it takes, and without CAP_SETPCAP the bounding set stays as Docker made it.
run_www www --network host --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETUID --cap-add SETGID
check_www "$bind_capability" 00000000000004c0
check_container_confinement

# What the engine's own filter leaves out is there without it, if the kernel has it.
with_filter=$engine_filters
engine_filters=$(count_filters /proc/self/status)
run_www www --network host --security-opt seccomp=unconfined
check_www "$bind_capability"
check_container_confinement
engine_filters=$with_filter

# No root at all: the capability is in the bounding set alone, until the launcher's file capability brings it back.
set -- --network host --user 33:33 --cap-drop ALL --cap-add NET_BIND_SERVICE
timeout 60 docker run --rm "$@" --entrypoint /daemon www bind=tcp/4/80 >"$work/answers"
expect_answer bind=tcp/4/80 EACCES
chgrp 33 "$work/container/lowportbind"
chmod 0750 "$work/container/lowportbind"
setcap cap_net_bind_service=p "$work/container/lowportbind"
(cd "$work/container" && tar --xattrs --xattrs-include=security.capability -cf root.tar lowportbind daemon)
docker build --tag www-unprivileged --file "$work/container/unprivileged.Dockerfile" "$work/container" >>"$log" 2>&1 ||
    fail "docker build"
run_www www-unprivileged "$@"
check_www "$bind_capability"
check_container_confinement

# With no_new_privs the file capability counts only if the permitted set that the engine leaves has it: Docker 26 does,
# Docker 20.10 does not, and then the launcher says why it fails.
status=0
timeout 60 docker run --rm "$@" --security-opt no-new-privileges www-unprivileged \
    /daemon status pid fds bind=tcp/4/80 >"$work/answers" 2>"$work/refusal" || status=$?
cat "$work/refusal" >>"$log"
case $status in
    0) check_www "$bind_capability" ;;
    125) grep -q no_new_privs "$work/refusal" || fail "no hint" ;;
    *) fail "with no-new-privileges, the status is $status" ;;
esac

# An unset variable is not root.
status=0
APP_USER=
timeout 60 docker run --rm --network none --entrypoint /lowportbind www --user "$APP_USER" -p 80 -- /daemon status \
    >"$work/answers" 2>&1 || status=$?
cat "$work/answers" >>"$log"
expect "the status with an empty user" "$status" 125
grep -q 'user: ""' "$work/answers" || fail "the empty user is not named"

# A real daemon: nginx, from the host's files, is process 1 of its container and gets the signal of `docker stop`.
need_commands nginx curl
copy_example nginx
set -- --network host --volume "$work/nginx:/nginx:ro"
for directory in /usr /lib /lib64; do
    if [ -d $directory ]; then set -- "$@" --volume "$directory:$directory:ro"; fi
done
for directory in /run /var/log /var/cache; do
    set -- "$@" --tmpfs "$directory/lowportbind-nginx:uid=$uid,gid=$gid,mode=0750"
done
container=$(docker run --detach "$@" www /usr/sbin/nginx -e stderr -c /nginx/nginx.conf -g 'daemon off;' 2>>"$log") ||
    fail "docker run"
wait_for "a page" fetch http://127.0.0.1/
expect "the page" "$(fetch http://127.0.0.1/)" "nginx on port 80"
daemon=$(docker inspect --format '{{.State.Pid}}' "$container")
expect "nginx's PID in its container" "$(awk '/^NSpid:/ { print $NF }' "/proc/$daemon/status")" 1
check_processes nginx "$bind_capability" 3
daemon=$engine
timeout 60 docker stop --time 30 "$container" >>"$log"
expect "the exit status after docker stop" "$(docker inspect --format '{{.State.ExitCode}}' "$container")" 0

stop_daemon 0
