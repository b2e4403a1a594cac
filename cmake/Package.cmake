# SPDX-License-Identifier: MIT
# Packages made by CPack, each from one build: `cpack -G DEB` in build/release, `cpack -G TGZ` in
# build/static. Before the files are packed, package/finish.cmake adds what a package has beyond
# `cmake --install`, and moves what it has elsewhere.
set(LOWPORTBIND_MAINTAINER "lowportbind authors <lowportbind@packages.invalid>" CACHE STRING
    "Maintainer of the package: NAME <ADDRESS>")

find_program(DPKG_COMMAND dpkg)
if(DPKG_COMMAND AND NOT CMAKE_CROSSCOMPILING)
  execute_process(COMMAND ${DPKG_COMMAND} --print-architecture OUTPUT_VARIABLE package_architecture
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
else()
  string(REPLACE aarch64 arm64 package_architecture ${CMAKE_SYSTEM_PROCESSOR})
  string(REPLACE x86_64 amd64 package_architecture ${package_architecture})
endif()

set(CPACK_PACKAGE_NAME lowportbind)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${LOWPORTBIND_MAINTAINER})
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/package/configure.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package/finish.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package/repack.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${package_architecture})
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(LOWPORTBIND_HAS_RELR)
  # Relative relocations need this glibc. dpkg-shlibdeps does not notice: it looks only at symbols.
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.36)")
endif()
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "start unmodified daemons on low ports without root")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Linux lets only a privileged process listen on a port below 1024. lowportbind
becomes an ordinary user, gives a daemon the listed ports, as open sockets or
with CAP_NET_BIND_SERVICE alone, and then becomes the daemon: same process,
nothing left running.

If the kernel can, it confines the daemon to the listed TCP ports. The
launcher reads back what the daemon will hold, and does not start it if
anything differs.")

# For package/finish.cmake: CPack passes on variables that begin with CPACK_.
set(CPACK_LOWPORTBIND_SOURCE ${PROJECT_SOURCE_DIR})
set(CPACK_LOWPORTBIND_STATIC ${LOWPORTBIND_STATIC})
set(CPACK_LOWPORTBIND_STATIC_RUNTIME ${LOWPORTBIND_STATIC_RUNTIME})
set(CPACK_LOWPORTBIND_COMPILER ${CMAKE_CXX_COMPILER})
set(CPACK_LOWPORTBIND_STRIP ${CMAKE_STRIP})
set(CPACK_LOWPORTBIND_LINKED_IN ${cap_ng_library} ${cxxopts_header})
if(LOWPORTBIND_STATIC)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_PACKAGE_FILE_NAME lowportbind-${PROJECT_VERSION}-linux-${package_architecture}-static)
else()
  set(CPACK_GENERATOR DEB)
endif()
include(CPack)
