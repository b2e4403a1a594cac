#!/bin/sh
# reproducible.sh LAUNCHER BUILD_DIRECTORY: a copy of the sources, built in another folder with the same options, gives
# the same program to the byte.
set -eu
launcher=$1
cache=$2/CMakeCache.txt
cd "$(dirname "$0")/../.."
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

option() { sed -n "s/^$1:[A-Z]*=//p" "$cache"; }
elsewhere=$directory/a/folder/with/a/longer/name
mkdir -p "$elsewhere"
cp -R CMakeLists.txt CHANGELOG.md cmake src examples "$elsewhere"
cmake -S "$elsewhere" -B "$directory/build" -DLOWPORTBIND_TESTS=OFF \
    -DCMAKE_BUILD_TYPE="$(option CMAKE_BUILD_TYPE)" \
    -DCMAKE_CXX_FLAGS_RELEASE="$(option CMAKE_CXX_FLAGS_RELEASE)" -DCMAKE_CXX_COMPILER="$(option CMAKE_CXX_COMPILER)" \
    -DLOWPORTBIND_STATIC="$(option LOWPORTBIND_STATIC)" \
    -DLOWPORTBIND_STATIC_RUNTIME="$(option LOWPORTBIND_STATIC_RUNTIME)" >/dev/null
cmake --build "$directory/build" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" >/dev/null
cmp "$launcher" "$directory/build/lowportbind"
for path in "$directory" "$PWD"; do
    if grep -qF "$path" "$launcher" "$directory/build/lowportbind"; then
        echo "the program names the folder it was built in: $path" >&2
        exit 1
    fi
done
sha256sum "$launcher"
