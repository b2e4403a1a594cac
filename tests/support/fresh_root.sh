# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests that need their own machine: a fresh root of Debian, made by debootstrap from the mirror
# that this machine's apt uses. In it they install packages, build, and start what was built.
#
#   . "$(dirname "$0")/../support/fresh_root.sh"
#   enter_own_namespaces "$@"
#   make_root bookworm
#   install_in_root busybox
#   in_root busybox true
#
# A bare root is packed once, to ROOTS_DIRECTORY, and unpacked for every test. Nothing else is left
# behind: mounts and processes end with the test's own namespaces.
set -eu

# shellcheck source-path=SCRIPTDIR source=requirements.sh
. "$(dirname "$0")/../support/requirements.sh"
source=$(cd "$(dirname "$0")/../.." && pwd)
roots=${ROOTS_DIRECTORY:-$source/build/roots}
root=

fail() {
    echo "failed: $*"
    exit 1
}

# expect WHAT TEXT EXPECTED
expect() {
    [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"
}

# quietly COMMAND...: shows its output only if it fails.
quietly() {
    "$@" >"$work/quietly.log" 2>&1 && return
    tail -n 40 "$work/quietly.log"
    fail "$*"
}

# enter_own_namespaces ARGUMENT...: restarts the test with these arguments in a PID namespace, so
# that its processes end with it, as its mounts already do (tests/support/in-own-mounts). It keeps
# the network, because a root is made from a mirror.
enter_own_namespaces() {
    [ "${IN_OWN_MOUNTS-}" = 1 ] || fail "run this with in-own-mounts, as ctest does"
    [ $$ -eq 1 ] || exec unshare --pid --fork --kill-child --mount-proc --propagation unchanged \
        "$0" "$@"
    mkdir -p "$roots"
    work=$(mktemp -d)
    clean_up_at_end
}

clean_up() {
    leave_root
    remove_tree "$work"
}

leave_root() {
    [ -n "$root" ] || return 0
    remove_tree "$root"
    root=
}

# find_mirror SUITE: sets $mirror to the Debian mirror that this machine's apt uses.
find_mirror() {
    need_commands debootstrap wget
    mirror=$(print_mirror)
    [ -n "$mirror" ] || skip "needs a Debian mirror in apt's sources"
    wget --quiet --tries=2 --timeout=20 --output-document=/dev/null "$mirror/dists/$1/InRelease" ||
        skip "needs the mirror, which does not answer: $mirror/dists/$1/InRelease"
}

# make_root SUITE: makes a fresh root, and sets $root to it.
make_root() {
    find_mirror "$1"
    root=$(mktemp -d "$roots/$1.XXXXXX")
    if [ -e "$roots/$1.tar" ]; then
        tar --extract --directory="$root" --file="$roots/$1.tar"
    else
        quietly debootstrap --variant=minbase "$1" "$root" "$mirror"
        tar --create --directory="$root" --file="$root.tar" .
        mv "$root.tar" "$roots/$1.tar"
    fi
    chmod 0755 "$root"
    for file in /etc/resolv.conf /etc/hosts; do [ ! -e "$file" ] || cp "$file" "$root/etc/"; done
    apt-config dump |
        grep -iE '^Acquire::https?::[^ ]*proxy' >"$root/etc/apt/apt.conf.d/80proxy" || :
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"
    quietly in_root apt-get --quiet update
}

# in_root COMMAND...: runs it with only the proxy settings of the caller's environment.
in_root() {
    env -i HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ${http_proxy:+"http_proxy=$http_proxy"} ${no_proxy:+"no_proxy=$no_proxy"} \
        LOWPORTBIND_REQUIRE_ALL="${LOWPORTBIND_REQUIRE_ALL:-0}" chroot "$root" "$@"
}

install_in_root() {
    quietly in_root apt-get --quiet --yes --no-install-recommends install "$@"
}

# copy_source: copies this checkout, without its builds, to /src of the root, and makes it the
# working directory.
copy_source() {
    cd "$source" || exit 1
    mkdir "$root/src"
    tar --create --exclude=./build --exclude=./.git . |
        tar --extract --directory="$root/src" --no-same-owner
}

# in_source COMMAND...: runs it in the root, in the copy of this checkout.
in_source() {
    # shellcheck disable=SC2016  # the inner shell expands "$@"
    in_root sh -c 'cd /src && exec "$@"' in_source "$@"
}
