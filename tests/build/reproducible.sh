#!/bin/sh
# SPDX-License-Identifier: MIT
# reproducible.sh LAUNCHER BUILD_DIRECTORY: a copy of the sources, built in another folder with a
# plain `cmake -B`, gives a program identical to the byte: neither the folder nor the preset makes a
# difference.
set -eu
launcher=$1
cache=$2/CMakeCache.txt
cd "$(dirname "$0")/../.."
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
unset CXX CXXFLAGS LDFLAGS CMAKE_BUILD_TYPE

option() { sed -n "s/^$1:[A-Z]*=//p" "$cache"; }
elsewhere=$directory/a/folder/with/a/longer/name
mkdir -p "$elsewhere"
cp -R CMakeLists.txt CHANGELOG.md cmake src examples "$elsewhere"
# Options of the preset and of this machine, but neither a build type nor an optimisation level.
cmake -S "$elsewhere" -B "$directory/build" -DLOWPORTBIND_TESTS=OFF \
    -DCMAKE_CXX_COMPILER="$(option CMAKE_CXX_COMPILER)" \
    -DCMAKE_CXX_FLAGS="$(option CMAKE_CXX_FLAGS)" \
    -DLOWPORTBIND_STATIC="$(option LOWPORTBIND_STATIC)" \
    -DLOWPORTBIND_STATIC_RUNTIME="$(option LOWPORTBIND_STATIC_RUNTIME)" >/dev/null
cmake --build "$directory/build" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" \
    --target lowportbind >/dev/null
cmp "$launcher" "$directory/build/lowportbind"
for path in "$directory" "$PWD"; do
    if grep -qF "$path" "$launcher" "$directory/build/lowportbind"; then
        echo "the program contains the name of its build folder: $path" >&2
        exit 1
    fi
done
sha256sum "$launcher"
