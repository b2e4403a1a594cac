#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh SUITE: the packages on a fresh Debian of this suite, with its own apt and dpkg:
# installed, used, upgraded as in README.Debian, and purged without a trace.
# shellcheck source=../support/fresh_root.sh
. "$(dirname "$0")/../support/fresh_root.sh"
# shellcheck source=packages.sh
. "$(dirname "$0")/packages.sh"
enter_own_namespaces "$@"

# A package needs the C library that it was built with, or a later one.
here=$(sed -n 's/^VERSION_ID="\(.*\)"/\1/p' /etc/os-release)
case $1 in
    bookworm) there=12 ;;
    trixie) there=13 ;;
    *) fail "no such suite: $1" ;;
esac
[ "${here:-0}" -le "$there" ] || skip "built on Debian $here, which is newer than $1"
build_packages
make_root "$1"

# snapshot: prints every file of the root with its owner, mode and size, except the records of apt
# and man-db.
snapshot() {
    find "$root" -xdev -printf '%P %u:%g %m %y %l\n' |
        grep -vE '^(proc|sys|dev|tmp|root|var/(lib/(dpkg|apt)|cache|log))/' | sort
}

# serve LAUNCHER...: runs busybox httpd on port 80 through LAUNCHER, in its own network, and prints
# what busybox wget gets from it; it ends after that.
serve() {
    # shellcheck disable=SC2016  # the inner shell's variables
    in_root unshare --net --pid --fork --kill-child --mount-proc \
        --propagation unchanged sh -c '
        busybox ip link set lo up
        "$@" busybox httpd -f -p 80 -h /srv 2>/tmp/httpd.log &
        tries=0
        until busybox wget -q -O - http://127.0.0.1/; do
            tries=$((tries + 1))
            if ! kill -0 $! 2>/dev/null || [ $tries -ge 300 ]; then cat /tmp/httpd.log; exit 1; fi
            sleep 0.1
        done 2>/dev/null
        grep -E "^(Uid|Gid|CapEff)" /proc/$!/status' serve "$@" || :
}
as_www_data="setpriv --reuid www-data --regid www-data --init-groups"
served=$(printf 'a page\nUid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\nCapEff:\t0000000000000400')

# use LAUNCHER: it prints its version, and busybox serves a page with it and not without it.
use() {
    expect "the version of $1" "$(in_root "$1" --version | cut -d ' ' -f 1-2)" \
        "lowportbind $version"
    # shellcheck disable=SC2086  # a list of words
    case $(serve $as_www_data) in
        *'Permission denied'*) ;;
        *) fail "without lowportbind, port 80 is not refused: this test proves nothing" ;;
    esac
    expect "what busybox serves with $1" "$(serve "$1" --user www-data -p 80 --)" "$served"
}

# completion_in SHELL: prints what the shell offers for `lowportbind --mo`, using only what is
# installed.
# shellcheck disable=SC2016  # those shells' variables
completion_in() {
    case $1 in
        bash) in_root bash --norc -c '. /usr/share/bash-completion/bash_completion
            __load_completion lowportbind 2>/dev/null || _comp_load lowportbind
            function=$(complete -p lowportbind | sed "s/.*-F \([^ ]*\) .*/\1/")
            COMP_WORDS=(lowportbind --mo) COMP_CWORD=1 COMP_LINE="lowportbind --mo" COMP_POINT=16
            $function lowportbind --mo lowportbind; echo "${COMPREPLY[@]}"' ;;
        zsh) in_root zsh -f -c \
            'autoload -U compinit && compinit -D && whence -v ${_comps[lowportbind]} &&
            autoload +X _lowportbind && whence -v _lowportbind' ;;
        fish) in_root fish -c "complete --do-complete \"lowportbind --mo\"" | cut -f 1 ;;
    esac
}

install_in_root busybox man-db bash-completion zsh fish libcap2-bin
mkdir -p "$root/srv"
echo "a page" >"$root/srv/index.html"
version=$(dpkg-deb --field "$deb" Version)
cp "$deb" "$root/tmp/lowportbind.deb"
snapshot >"$work/before"

# --- Installed, and used.
install_in_root /tmp/lowportbind.deb
expect "the complaints of dpkg" "$(in_root dpkg --audit; in_root dpkg --verify lowportbind)" ""
expect "the mode of the launcher" "$(stat -c '%U:%G %a' "$root/usr/sbin/lowportbind")" \
    "root:root 755"
expect "the capabilities of the launcher" "$(getcap -r "$root/usr/sbin")" ""
expect "the manual page" "$(in_root man --where lowportbind)" /usr/share/man/man8/lowportbind.8.gz
in_root man lowportbind | grep -q CAP_NET_BIND_SERVICE || fail "man does not show the page"
use lowportbind
expect "what bash offers" "$(completion_in bash)" --mode
expect "what fish offers" "$(completion_in fish)" --mode
expect "where zsh has the completion" "$(completion_in zsh | tail -n 1)" \
    "_lowportbind is a shell function from /usr/share/zsh/vendor-completions/_lowportbind"

# --- README.Debian: its blocks of commands are run unchanged.
# block NUMBER: prints the NUMBERth group of lines in README.Debian that are indented by four.
block() {
    awk -v number="$1" \
        '/^    / { if (!inside) count++; inside = 1; if (count == number) print; next }
        /[^ ]/ { inside = 0 }' "$root/usr/share/doc/lowportbind/README.Debian"
}
launcher_state() {
    stat -c '%U:%G %a' "$root/usr/sbin/lowportbind"
    getcap "$root/usr/sbin/lowportbind" | sed 's/.* //'
}
ready=$(printf 'root:www-data 750\ncap_net_bind_service=p')
by_user() { # what www-data gets if it starts the launcher itself
    # shellcheck disable=SC2086  # a list of words
    serve $as_www_data /usr/sbin/lowportbind -p 80 --
}

block 1 >"$root/tmp/block"
quietly in_root sh -eu /tmp/block
expect "the launcher after README.Debian's first commands" "$(launcher_state)" "$ready"
expect "what an ordinary user serves" "$(by_user)" "$served"
# Through a shell, because setpriv itself has root's capabilities until the exec, and so may execute
# any file.
in_root setpriv --reuid nobody --regid nogroup --clear-groups sh -c \
    '/usr/sbin/lowportbind --version' 2>/dev/null &&
    fail "a user outside the group can start it"
quietly in_root dpkg --install /tmp/lowportbind.deb
expect "the launcher after an upgrade" "$(launcher_state)" "root:www-data 750"
by_user | grep -qF 'lowportbind: hint:' ||
    fail "no hint after an upgrade that the capability is gone: $(by_user)"
block 2 >"$root/etc/apt/apt.conf.d/80lowportbind"
install_in_root --reinstall /tmp/lowportbind.deb
expect "the launcher after an upgrade by apt" "$(launcher_state)" "$ready"
expect "what an ordinary user serves after it" "$(by_user)" "$served"
# The package without its file, as between a removal and the next installation, does not block apt.
quietly in_root apt-get --quiet --yes remove lowportbind
install_in_root /tmp/lowportbind.deb
expect "the launcher after a removal and another installation" "$(launcher_state)" "$ready"
# Removing only the statoverride does not give the capability to everyone.
quietly in_root dpkg-statoverride --remove /usr/sbin/lowportbind
install_in_root --reinstall /tmp/lowportbind.deb
expect "the launcher after an upgrade by apt without the statoverride" "$(launcher_state)" \
    "root:root 755"
block 1 >"$root/tmp/block"
quietly in_root sh -eu /tmp/block
expect "the launcher after README.Debian's first commands, again" "$(launcher_state)" "$ready"
block 3 >"$root/tmp/block"
quietly in_root sh -eu /tmp/block
expect "the launcher after undoing it" "$(launcher_state)" "root:root 755"

# --- Purged.
quietly in_root dpkg --purge lowportbind
[ ! -e "$root/usr/sbin/lowportbind" ] || fail "the launcher survives dpkg --purge"
snapshot | diff "$work/before" - || fail "dpkg --purge leaves the root as above"

# --- The archive, unpacked as in its NOTICE: existing directories stay as they are.
chmod 2775 "$root/usr/local/sbin"
chgrp staff "$root/usr/local/sbin"
cp "$archive" "$root/tmp/"
tar -xzOf "$archive" --wildcards '*/NOTICE' | sed -n 's/^    //p' >"$root/tmp/block"
quietly in_root sh -euc 'cd /tmp && . ./block'
expect "the mode of the archive's launcher" \
    "$(stat -c '%U:%G %a' "$root/usr/local/sbin/lowportbind")" "root:root 755"
expect "the mode of the directory" "$(stat -c '%U:%G %a' "$root/usr/local/sbin")" "root:staff 2775"
expect "the capabilities of the archive's launcher" "$(getcap -r "$root/usr/local")" ""
use /usr/local/sbin/lowportbind
# shellcheck disable=SC2016  # the inner shell's
expect "the archive's manual page" "$(in_root sh -c 'readlink -f "$(man --where lowportbind)"')" \
    /usr/local/share/man/man8/lowportbind.8
echo "installed, used, upgraded and purged on $1: ${deb##*/} and ${archive##*/}"
