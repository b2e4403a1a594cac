#!/bin/sh
# SPDX-License-Identifier: MIT
# trixie.sh: the whole project on Debian 13, with its g++ 14 and newer libraries. It builds without
# warnings, the tests that need no other program pass with both builds, and the package can be
# built.
# shellcheck source=../support/fresh_root.sh
. "$(dirname "$0")/../support/fresh_root.sh"
enter_own_namespaces "$@"
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
make_root trixie
copy_source
build_packages=$(sed -n 's/^build="\(.*\)"/\1/p' scripts/install-packages)
# shellcheck disable=SC2086  # a list of words
install_in_root $build_packages strace libcap2-bin netbase procps iproute2 dpkg-dev lintian

# build PRESET [TARGET...]
build() {
    preset=$1
    shift
    quietly in_source cmake --preset "$preset" -DLOWPORTBIND_WERROR=ON
    quietly in_source cmake --build --preset "$preset" --parallel "$jobs" ${1+--target "$@"}
}
in_root g++ -dumpversion | grep -qx 14 ||
    fail "the compiler is not g++ 14: $(in_root g++ --version | head -n 1)"
build release
build static lowportbind

# What this project assumes about the newer libraries and tools.
cat "$root"/src/build/*/cxxopts/cxxopts.hpp | grep -n 'std::locale' &&
    fail "cmake/Cxxopts.cmake does not recognise how this cxxopts asks for letters and digits"
grep -q '^LOWPORTBIND_HAS_RELR:INTERNAL=1' "$root/src/build/release/CMakeCache.txt" ||
    fail "no relative relocations"

in_source ctest --preset release --parallel "$jobs" --no-tests=error \
    --label-regex '^(unit|cli|privileged|build)$' ||
    fail "the tests of the preset release"
in_source env LOWPORTBIND=/src/build/static/lowportbind ctest --preset release --parallel "$jobs" \
    --no-tests=error \
    --label-regex '^(cli|privileged)$' || fail "the tests of the static program"

quietly in_source cpack -G DEB --config build/release/CPackConfig.cmake -B build/packed
in_source sh -c \
    'lintian --allow-root --fail-on error,warning,info --display-info build/packed/*.deb' ||
    fail "lintian has complaints"
quietly in_root sh -c 'dpkg --install /src/build/packed/*.deb && lowportbind --version'
compiler=$(in_root g++ --version | head -n 1)
echo "built and tested on Debian 13: $(in_root lowportbind --version), $compiler"
