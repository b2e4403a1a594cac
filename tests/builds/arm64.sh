#!/bin/sh
# SPDX-License-Identifier: MIT
# arm64.sh: builds the static program for arm64 with the cross compiler of this machine's Debian, in
# its own root. It builds without warnings, and its seccomp filter is that of arm64. Under qemu-user
# the unit tests pass, and a launch works except for the confinement, which qemu-user does not
# emulate. Under an arm64 kernel it works with it.
# shellcheck source=../support/fresh_root.sh
. "$(dirname "$0")/../support/fresh_root.sh"
enter_own_namespaces "$@"
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
need_commands readelf od qemu-system-aarch64
[ "$(dpkg --print-architecture)" != arm64 ] || skip "this machine is itself arm64"
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
make_root "$suite"
copy_source
quietly in_root dpkg --add-architecture arm64
quietly in_root apt-get --quiet update
install_in_root cmake make g++-aarch64-linux-gnu libcap-ng-dev:arm64 libstdc++6:arm64 \
    libcxxopts-dev doctest-dev \
    qemu-user-static netbase busybox
program=/src/build/static/lowportbind

# emulate COMMAND...: runs a program for arm64 in its own network.
emulate() {
    in_root unshare --net qemu-aarch64-static "$@"
}
in_root qemu-aarch64-static --version >/dev/null || skip "qemu-user does not run here"

quietly in_source cmake --preset static -DCMAKE_TOOLCHAIN_FILE=/src/tests/builds/aarch64.cmake \
    -DLOWPORTBIND_WERROR=ON
in_source cmake --build --preset static --parallel "$jobs" --target lowportbind unit_tests probe \
    >"$work/build.log" 2>&1 || fail "cannot build: $(tail -n 20 "$work/build.log")"
if grep 'warning:' "$work/build.log"; then fail "the build warns"; fi
readelf --file-header --wide "$root$program" | grep -q 'Machine: *AArch64' ||
    fail "$program is not for arm64"
if readelf --program-headers --wide "$root$program" | grep -q INTERP; then
    fail "$program is not static"
fi

# The first instructions of the filter, as in <linux/filter.h>: load the architecture, skip one if
# it is AUDIT_ARCH_AARCH64, ENOSYS. Further on, arm64's numbers for socket, setsockopt and
# io_uring_setup.
instructions=$(od -An -v -w4 -tx4 "$root$program" | tr -d '\n')
for part in "00000020 00000004 00010015 c00000b7 00000006 00050026" "00070015 000000c6" \
    "05000015 000000d0" \
    "00020015 000001a9"; do
    case $instructions in
        *"$part"*) ;;
        *) fail "the seccomp filter lacks $part" ;;
    esac
done

version=$(awk -F '[][]' '/^## \[[0-9]/ { print $2; exit }' CHANGELOG.md)
expect "the version" "$(emulate "$program" --version | cut -d ' ' -f 1-2)" "lowportbind $version"
emulate "$program" --help | grep -q -e '--port' || fail "--help shows no options"
emulate /src/build/static/tests/unit_tests || fail "the unit tests"

# bind_80 LAUNCHER...: busybox, built for this machine's own architecture, serves on port 80, or
# prints why not.
bind_80() {
    # shellcheck disable=SC2016  # the inner shell's variables
    in_root unshare --net --pid --fork --kill-child --mount-proc --propagation unchanged sh -c '
        "$@" busybox httpd -f -p 80 -h /srv 2>/tmp/httpd.log &
        tries=0
        until grep -q ":0050 .* 0A " /proc/net/tcp /proc/net/tcp6 || ! kill -0 $! 2>/dev/null; do
            tries=$((tries + 1))
            [ $tries -lt 300 ] || break
            sleep 0.1
        done
        cat /tmp/httpd.log
        grep -E "^(Uid|CapPrm|CapBnd|CapAmb|NoNewPrivs)" /proc/$!/status' bind_80 "$@" 2>&1 || :
}
case $(bind_80 setpriv --reuid www-data --regid www-data --init-groups) in
    *'Permission denied'*) ;;
    *) fail "without lowportbind, port 80 is not refused: this test proves nothing" ;;
esac
held=$(printf '%s\n' "Uid:	33	33	33	33" "CapPrm:	0000000000000400" "CapBnd:	0000000000000400" \
    "CapAmb:	0000000000000400" "NoNewPrivs:	1")
expect "what the daemon holds" \
    "$(bind_80 qemu-aarch64-static "$program" --user www-data -p 80 --confine off --)" "$held"

# qemu-user has no confinement, so requesting it by name is a failure.
status=0
emulate "$program" --user www-data -p 80 --confine privileged -- true >"$work/confined" 2>&1 ||
    status=$?
expect "the status of a launch that asks for a confinement" "$status" 125
grep -q '^lowportbind: ' "$work/confined" ||
    fail "no message gives the reason: $(cat "$work/confined")"
LOWPORTBIND_STATIC=$root$program PROBE=$root/src/build/static/tests/probe tests/kernels/run \
    6.12-arm64
built=$(emulate "$program" --version)
echo "built for arm64, and tested under qemu-user and on Linux 6.12: $built"
