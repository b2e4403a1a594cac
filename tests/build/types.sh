#!/bin/sh
# SPDX-License-Identifier: MIT
# types.sh COMPILER: the compiler gets the right options for each build type and for what a packager
# sets. Nothing is compiled: hardened.sh shows what the options do, and reproducible.sh that a plain
# build equals the preset's.
set -eu
compiler=$1
cd "$(dirname "$0")/../.."
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
unset CXX CXXFLAGS LDFLAGS CMAKE_BUILD_TYPE

# configure NAME OPTION...: sets $command to the command that compiles main.cpp. CXXFLAGS come from
# the environment. The tests of the compiler's features are cached; everything else is reset.
configure() {
    name=$1
    shift
    cmake -S . -B "$directory/build" -U CMAKE_BUILD_TYPE -U 'CMAKE_CXX_FLAGS*' \
        -DLOWPORTBIND_TESTS=OFF \
        -DCMAKE_CXX_COMPILER="$compiler" "$@" >"$directory/log" 2>&1 ||
        { cat "$directory/log"; exit 1; }
    command=$(grep -E '"command": .*main\.cpp' "$directory/build/compile_commands.json")
}
has() { printf '%s\n' "$command" | grep -qE -- " $1( |\$)"; }
must_have() {
    for option; do
        has "$option" || { echo "failed: $name: without $option: $command"; exit 1; }
    done
}
must_lack() {
    for option; do
        ! has "$option" || { echo "failed: $name: with $option: $command"; exit 1; }
    done
}
always="-fstack-protector-strong -fstack-clash-protection"

configure "no type"
# shellcheck disable=SC2086  # lists of options
must_have -Os -DNDEBUG -D_FORTIFY_SOURCE=3 $always
plain=$command
configure Release -DCMAKE_BUILD_TYPE=Release
[ "$command" = "$plain" ] || { echo "failed: Release differs from a build without a type"; exit 1; }
for type in RelWithDebInfo MinSizeRel; do
    configure $type -DCMAKE_BUILD_TYPE=$type
    # shellcheck disable=SC2086
    must_have -D_FORTIFY_SOURCE=3 $always
done
configure Debug -DCMAKE_BUILD_TYPE=Debug
# shellcheck disable=SC2086
must_have $always
must_lack -Os '-D_FORTIFY_SOURCE=.*'
configure "with a sanitizer" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_FLAGS=-fsanitize=undefined
must_lack '-D_FORTIFY_SOURCE=.*'
configure "the user's flags" -DCMAKE_CXX_FLAGS_RELEASE=-O3
must_have -O3 -D_FORTIFY_SOURCE=3
must_lack -Os

# What dpkg-buildflags sets: debhelper builds the type None, others leave the type out.
CXXFLAGS="-g -O2 -fstack-protector-strong -Wformat -Werror=format-security -D_FORTIFY_SOURCE=2"
export CXXFLAGS
for type in None ""; do
    configure "CXXFLAGS, type '$type'" "-DCMAKE_BUILD_TYPE=$type"
    # shellcheck disable=SC2086
    must_have -g -O2 -D_FORTIFY_SOURCE=3 $always
    must_lack -Os
done
