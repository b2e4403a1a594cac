#!/bin/sh
# SPDX-License-Identifier: MIT
# Images of the static launcher and a static daemon, started as root, with each way of giving a
# container privileges.
set -eu
# shellcheck source=../support/docker.sh
. "$(dirname "$0")/../support/docker.sh"

start_engine
need_commands strip
strip "$checkout/build/static/lowportbind"
size=$(stat --format %s "$checkout/build/static/lowportbind")
[ "$size" -lt $((2560 * 1024)) ] ||
    fail "the static launcher has $size bytes, expected less than 2.5 MiB"
build_image static.Dockerfile

# Behind the engine's init the daemon is not process 1, but otherwise the same.
ask www --network host --init
check_status "$work/answers" "$bind_capability"
pid=$(sed -n 's|^pid:[[:space:]]*||p' "$work/answers")
[ "$pid" -gt 1 ] || fail "behind an init, the daemon is process $pid"
expect_answer bind=tcp/4/80 ok

# In a container's own network, Docker opens all ports to everyone: nothing is needed, and nothing
# is granted. Otherwise the account alone does not get the port, and the daemon of the same account
# does.
ask www --network none
check_www "$no_capability"
expect_refused_port --network host www
engine_filters=$(count_filters "$work/answers")
[ "$engine_filters" -gt 0 ] || fail "this engine has no filter of its own"
ask www --network host
check_www "$bind_capability"
compare_confinement "$engine_filters"

# The engine's own network with privileged ports, as in other engines.
expect_refused_port --network none --sysctl net.ipv4.ip_unprivileged_port_start=1024 www
ask www --network none --sysctl net.ipv4.ip_unprivileged_port_start=1024
check_www "$bind_capability"
compare_confinement "$engine_filters"

# With the three capabilities that it needs. Without CAP_SETPCAP the bounding set stays as Docker
# made it.
ask www --network none --cap-drop ALL --cap-add SETUID --cap-add SETGID
check_www "$no_capability" 00000000000000c0
ask www --network host --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETUID --cap-add SETGID
check_www "$bind_capability" 00000000000004c0
compare_confinement "$engine_filters"
ask www --network host --cap-drop SETPCAP --cap-drop CHOWN
check_www "$bind_capability" 00000000a80424fa

# Without one of the three, it names the missing one.
check_refusal 'cannot grant the port: 80/tcp: ' 'docker run --cap-add NET_BIND_SERVICE' \
    --network host --cap-drop ALL --cap-add SETUID --cap-add SETGID www
check_refusal 'cannot become: www-data (uid 33): .*(CAP_SETUID)' \
    'docker run --cap-add SETUID --cap-add SETGID' \
    --network host --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETGID www
check_refusal 'cannot become: www-data (uid 33): .*(CAP_SETGID)' \
    'docker run --cap-add SETUID --cap-add SETGID' \
    --network host --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETUID www

# Root needs nothing that no_new_privs takes away, and writes nothing. A run without the launcher
# shows that the engine applies these options.
try_to_run --network none --entrypoint /daemon www status open=/etc/passwd
expect_answer NoNewPrivs 0
expect_answer open=/etc/passwd ok
try_to_run --network none --security-opt no-new-privileges --read-only --entrypoint /daemon www \
    status open=/etc/passwd
expect_answer NoNewPrivs 1
expect_answer open=/etc/passwd EROFS
ask www --network host --security-opt no-new-privileges
check_www "$bind_capability"
compare_confinement "$engine_filters"
ask www --network host --read-only
check_www "$bind_capability"
compare_confinement "$engine_filters"

# What the engine's own filter blocks is available without it, if the kernel has it. The count of
# filters then lacks the engine's.
ask www --network host --security-opt seccomp=unconfined
check_www "$bind_capability"
compare_confinement "$(count_filters /proc/self/status)"

# A volume that belongs to group 2000: the group of --group-add reaches the daemon only with
# `--groups keep`. Group 0, which the engine also gives root, is not passed on.
mkdir "$work/volume"
: >"$work/volume/file"
chgrp -R 2000 "$work/volume"
chmod 0770 "$work/volume"
chmod 0660 "$work/volume/file"
set -- --network host --volume "$work/volume:/volume" --group-add 2000 --entrypoint /lowportbind \
    www \
    --user www-data -p 80
try_to_run "$@" -- /daemon open=/volume/file
expect_answer open=/volume/file EACCES
try_to_run "$@" --groups keep -- /daemon status pid fds bind=tcp/4/80 bind=tcp/4/81 \
    open=/volume/file
expect_answer open=/volume/file ok
# shellcheck disable=SC2034  # for check_status
groups=2000
check_www "$bind_capability"
compare_confinement "$engine_filters"

# An unset variable in docker run, or in its caller, does not mean root; docker_nginx.sh expands one
# in the container.
check_refusal 'cannot use the user: "": it is empty' '' \
    --network none --entrypoint /lowportbind www --user "" -p 80 -- /daemon status

stop_engine
