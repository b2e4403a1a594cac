#!/bin/sh
# SPDX-License-Identifier: MIT
# contents.sh: the .deb and the archive as files. lintian accepts them, they have the right
# contents, nothing in them has a capability or special bit, and packing again, elsewhere and with
# another umask, gives identical bytes.
# shellcheck source=../support/fresh_root.sh
. "$(dirname "$0")/../support/fresh_root.sh"
# shellcheck source=packages.sh
. "$(dirname "$0")/packages.sh"
enter_own_namespaces "$@"
need_commands lintian getcap setcap gzip dpkg-parsechangelog
build_packages

# --- lintian accepts the .deb.
lintian --allow-root --no-cfg --display-info --fail-on error,warning,info "$deb" ||
    fail "lintian has complaints"

# --- Its contents.
mkdir "$work/deb" "$work/archive"
dpkg-deb --extract "$deb" "$work/deb"
tar -xzf "$archive" --strip-components=1 -C "$work/archive"
version=$(awk -F '[][]' '/^## \[[0-9]/ { print $2; exit }' CHANGELOG.md)

expect "the control files" "$(dpkg-deb --ctrl-tarfile "$deb" | tar -t | sort | tr '\n' ' ')" \
    "./ ./control ./md5sums "
expect "the version" "$(dpkg-deb --field "$deb" Version)" "$version"
# It depends on what dpkg-shlibdeps, run again here, finds that the program needs.
mkdir -p "$work/debian"
: >"$work/debian/control"
needed=$(cd "$work" && dpkg-shlibdeps -O "$work/deb/usr/sbin/lowportbind" 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')
[ -n "$needed" ] || fail "dpkg-shlibdeps finds nothing"
dpkg-deb --field "$deb" Depends | tr ',' '\n' | sed 's/^ *//' >"$work/depends"
echo "$needed" | tr ',' '\n' | sed 's/^ *//' | while read -r package; do
    grep -qxF "$package" "$work/depends" || fail "the package does not depend on $package"
done

has() { # FOLDER FILE...
    parent=$1
    shift
    for file in "$@"; do [ -s "$parent/$file" ] || fail "there is no $parent/$file"; done
}
for folder in "$work/deb/usr" "$work/archive"; do
    has "$folder" sbin/lowportbind share/bash-completion/completions/lowportbind \
        share/fish/vendor_completions.d/lowportbind.fish
    has "$folder/share/doc/lowportbind" README.md SECURITY.md doc/launch.svg linked-statically
    diff -r examples "$folder/share/doc/lowportbind/examples"
    readelf --sections --wide "$folder/sbin/lowportbind" | grep -qF .symtab &&
        fail "$folder/sbin/lowportbind has symbols"
    grep -q '^libcap-ng-dev [0-9]' "$folder/share/doc/lowportbind/linked-statically" ||
        fail "libcap-ng is not listed"
done
has "$work/deb/usr/share" zsh/vendor-completions/_lowportbind doc/lowportbind/copyright \
    doc/lowportbind/README.Debian
has "$work/archive/share" zsh/site-functions/_lowportbind man/man8/lowportbind.8 \
    doc/lowportbind/NOTICE doc/lowportbind/LICENSE doc/lowportbind/licences/libc6-dev \
    doc/lowportbind/licences/libcap-ng-dev doc/lowportbind/licences/libcxxopts-dev \
    doc/lowportbind/licences/GPL-3 doc/lowportbind/licences/LGPL-2.1
gzip -dc "$work/deb/usr/share/man/man8/lowportbind.8.gz" | cmp - man/lowportbind.8
if ldd "$work/archive/sbin/lowportbind" 2>/dev/null | grep -q '=>'; then
    fail "the archive's program is not static"
fi
expect "the version of the archive's program" \
    "$("$work/archive/sbin/lowportbind" --version | cut -d ' ' -f 1-2)" "lowportbind $version"
for name in Expat LGPL-2.1+ 'GPL-3+ with GCC-Runtime-Library-exception-3.1'; do
    grep -qxF "License: $name" "$work/deb/usr/share/doc/lowportbind/copyright" ||
        fail "the copyright lacks $name"
done

# --- Debian's changelog has everything in the project's, apart from line breaks.
gzip -dc "$work/deb/usr/share/doc/lowportbind/changelog.gz" >"$work/changelog"
expect "the changelog's version" \
    "$(dpkg-parsechangelog --file "$work/changelog" --show-field Version)" "$version"
dpkg-parsechangelog --file "$work/changelog" --all 2>&1 >/dev/null | grep . &&
    fail "the changelog is malformed"
awk '/^## \[[0-9]/ { on = 1; next } on' CHANGELOG.md | grep -vE '^(##|\[)' |
    tr -s ' *\n-' '\n' >"$work/words"
grep -vE '^(lowportbind \(| -- |  \[ )' "$work/changelog" | tr -s ' *\n-' '\n' |
    diff "$work/words" - ||
    fail "the changelog of the package and CHANGELOG.md differ"

# --- No file has a capability or special bit. First check that both searches would find one.
cp "$work/deb/usr/sbin/lowportbind" "$work/capable"
setcap cap_net_bind_service=p "$work/capable" 2>/dev/null || skip "needs file capabilities in $work"
chmod 4755 "$work/capable"
getcap -r "$work" | grep -q capable || fail "getcap does not see a capability"
find "$work" -perm /7000 | grep -q capable || fail "find does not see a setuid bit"
rm "$work/capable"
expect "the files with capabilities" "$(getcap -r "$work")" ""
expect "the files with special bits" "$(find "$work/deb" "$work/archive" -perm /7000)" ""
expect "the executable files" \
    "$(find "$work/deb" "$work/archive" -path '*/examples/*' -o -type f -perm /111 -printf \
    '%P %m\n' | sort)" \
    "$(printf 'sbin/lowportbind 755\nusr/sbin/lowportbind 755')"
expect "the files that not everyone can read" \
    "$(find "$work/deb" "$work/archive" -mindepth 1 ! -perm -444)" ""
for listing in "dpkg-deb --contents $deb" "tar -tvzf $archive"; do
    expect "the owners in $listing" "$($listing | awk '{ print $2 }' | sort -u)" root/root
done

# --- Identical to the byte, on another disk and with another umask. (tests/build shows that for the
# program.)
mkdir "$work/again"
mount -t tmpfs tmpfs "$work/again"
(
    umask 077
    pack release DEB "$work/again"
    pack static TGZ "$work/again"
)
cmp "$deb" "$work/again/${deb##*/}"
cmp "$archive" "$work/again/${archive##*/}"
umount "$work/again"
echo "as it should be: ${deb##*/} and ${archive##*/}"
