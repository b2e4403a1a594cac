#!/bin/sh
# SPDX-License-Identifier: MIT
# A container that never has root: `docker run --user 33`, with and without a file capability on the
# launcher in the image.
set -eu
# shellcheck source=../support/docker.sh
. "$(dirname "$0")/../support/docker.sh"

start_engine
build_image static.Dockerfile

# Without the file capability, the one that --cap-add gives is only in the bounding set, and no
# process has it.
set -- --network host --user 33:33 --cap-drop ALL --cap-add NET_BIND_SERVICE
expect_refused_port "$@" www
engine_filters=$(count_filters "$work/answers")
expect_answer CapBnd "$bind_capability"
expect_answer CapPrm "$no_capability"
check_refusal 'cannot grant the port: 80/tcp: ports below 1024 need CAP_NET_BIND_SERVICE' \
    'setcap cap_net_bind_service=p' "$@" --entrypoint /lowportbind www -p 80 -- /daemon

# In the container's own network, where no port is privileged, it needs none.
try_to_run --network none --user 33:33 --cap-drop ALL --entrypoint /lowportbind www -p 80 -- \
    /daemon status pid fds bind=tcp/4/80
check_www "$no_capability"

# With it, and with the user from the image or from the command line.
build_image nonroot.Dockerfile
ask www-nonroot --network host --cap-drop ALL --cap-add NET_BIND_SERVICE
check_www "$bind_capability"
ask www-nonroot "$@"
check_www "$bind_capability"
compare_confinement "$engine_filters"
ask www-nonroot "$@" --read-only
check_www "$bind_capability"

# Whatever the file has, a bounding set without the capability removes it, and an account outside
# the file's group has nothing.
check_refusal 'cannot grant the port: 80/tcp: ' 'docker run --cap-add NET_BIND_SERVICE' \
    --network host --user 33:33 --cap-drop ALL www-nonroot
try_to_run --network host --user 34:34 --cap-drop ALL --cap-add NET_BIND_SERVICE www-nonroot \
    /daemon status
expect "the status of docker run for another group" "$status" 126
[ ! -s "$work/answers" ] || fail "the daemon of another group ran"

# The groups of --group-add stay: that is the default for a user other than root.
mkdir "$work/volume"
: >"$work/volume/file"
chgrp -R 2000 "$work/volume"
chmod 0770 "$work/volume"
chmod 0660 "$work/volume/file"
try_to_run "$@" --volume "$work/volume:/volume" www-nonroot /daemon open=/volume/file
expect_answer open=/volume/file EACCES
try_to_run "$@" --volume "$work/volume:/volume" --group-add 2000 www-nonroot /daemon status \
    open=/volume/file
expect_answer open=/volume/file ok

# With no_new_privs a file capability counts only if the engine left it permitted before the exec.
# Debian 13's does; with Debian 12's, the launcher reports why it fails. Without a file capability,
# no engine grants the port.
expect_refused_port "$@" --security-opt no-new-privileges www
set -- "$@" --security-opt no-new-privileges
try_to_run "$@" www-nonroot /daemon status
if [ "$status" -ne 0 ]; then
    check_refusal 'cannot grant the port: 80/tcp: ' 'no_new_privs is set: .*Docker 24.0.6 or later' \
        "$@" www-nonroot
    runtime=newer
fi
expect_refused_port "$@" www
expect_answer CapPrm "$no_capability"
ask www-nonroot "$@"
check_www "$bind_capability"
compare_confinement "$engine_filters"
check_refusal 'cannot grant the port: 80/tcp: ' 'setcap cap_net_bind_service=p /lowportbind' \
    "$@" --entrypoint /lowportbind www -p 80 -- /daemon
# Another program in front of the launcher loses what was permitted.
check_refusal 'cannot grant the port: 80/tcp: ' "only for a container's first program" "$@" --init \
    www-nonroot

stop_engine
