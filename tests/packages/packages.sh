# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Source this after fresh_root.sh. build_packages: builds both packages, as $deb and $archive, each
# with its preset. They are built in PACKAGES_DIRECTORY; a second time there is nothing to compile.
packages=${PACKAGES_DIRECTORY:-$source/build/packages}

# build_preset PRESET
build_preset() {
    quietly cmake -S "$source" --preset "$1" -B "$packages/$1" -DLOWPORTBIND_TESTS=OFF \
        -DLOWPORTBIND_WERROR=ON
    quietly cmake --build "$packages/$1" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
}

# pack PRESET GENERATOR FOLDER
pack() {
    quietly cpack -G "$2" --config "$packages/$1/CPackConfig.cmake" -B "$3"
}

build_packages() {
    need_commands cmake cpack dpkg-deb dpkg-shlibdeps
    cd "$source" || exit 1
    for preset in release static; do build_preset "$preset"; done
    rm -rf "$packages/packed"
    pack release DEB "$packages/packed"
    pack static TGZ "$packages/packed"
    deb=$(echo "$packages"/packed/*.deb)
    archive=$(echo "$packages"/packed/*.tar.gz)
    { [ -f "$deb" ] && [ -f "$archive" ]; } || fail "expected two packages, found: $deb $archive"
}
