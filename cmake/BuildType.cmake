# SPDX-License-Identifier: MIT
# Before project(): a plain `cmake -B build`, CMAKE_BUILD_TYPE=Release and the preset `release`
# build the same program.
get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT is_multi_config AND NOT CMAKE_BUILD_TYPE AND NOT DEFINED ENV{CMAKE_BUILD_TYPE})
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo, MinSizeRel or None"
    FORCE)
endif()
# -Os: a launch is over in a millisecond, and its cost is the pages that it touches, not the loops
# that it runs. If CXXFLAGS or CMAKE_CXX_FLAGS asks for another level, leave this one out: it would
# come later on the command line, and win.
if("$ENV{CXXFLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-O")
  set(CMAKE_CXX_FLAGS_RELEASE "-DNDEBUG" CACHE STRING "Flags of the build type Release")
else()
  set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "Flags of the build type Release")
endif()
