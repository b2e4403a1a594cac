#!/bin/sh
# SPDX-License-Identifier: MIT
# installed.sh BUILD-DIRECTORY: `cmake --install` puts every file in its place, and makes the
# examples that begin with "#!" executable.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

fail() {
    echo "failed: $*"
    exit 1
}

DESTDIR=$directory cmake --install "$1" --prefix /usr/local >"$directory/log" ||
    fail "$(cat "$directory/log")"
cd "$directory/usr/local"
[ -x sbin/lowportbind ] || fail "no launcher"
[ -e share/man/man8/lowportbind.8 ] || fail "no manual page"
find share/doc -path '*/examples/*' -type f >"$directory/examples"
[ -s "$directory/examples" ] || fail "no examples"
while read -r file; do
    case $(head -c 2 "$file") in
        '#!') [ "$(stat -c %a "$file")" = 755 ] || fail "the mode of the script $file is not 755" ;;
        *) [ "$(stat -c %a "$file")" = 644 ] || fail "the mode of $file is not 644" ;;
    esac
done <"$directory/examples"
