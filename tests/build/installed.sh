#!/bin/sh
# SPDX-License-Identifier: MIT
# installed.sh BUILD-DIRECTORY: what `cmake --install` puts where. The examples that begin with "#!" are to be started.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

fail() {
    echo "failed: $*"
    exit 1
}

DESTDIR=$directory cmake --install "$1" --prefix /usr/local >"$directory/log" || fail "$(cat "$directory/log")"
cd "$directory/usr/local"
[ -x sbin/lowportbind ] || fail "no launcher"
[ -e share/man/man8/lowportbind.8 ] || fail "no manual page"
find share/doc -path '*/examples/*' -type f >"$directory/examples"
[ -s "$directory/examples" ] || fail "no examples"
while read -r file; do
    case $(head -c 2 "$file") in
        '#!') [ "$(stat -c %a "$file")" = 755 ] || fail "$file cannot be started" ;;
        *) [ "$(stat -c %a "$file")" = 644 ] || fail "$file is no program" ;;
    esac
done <"$directory/examples"
