# SPDX-License-Identifier: MIT
# Before project(): a plain `cmake -B build`, CMAKE_BUILD_TYPE=Release and the preset `release` are the same program.
get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT is_multi_config AND NOT CMAKE_BUILD_TYPE AND NOT DEFINED ENV{CMAKE_BUILD_TYPE})
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, RelWithDebInfo, MinSizeRel or None" FORCE)
endif()
# -Os: a launch is over in a millisecond, and what it costs are the pages that it touches, not the loops that it runs.
# Who asks for another level, in CXXFLAGS or CMAKE_CXX_FLAGS, gets it: this would come behind it, and win.
if("$ENV{CXXFLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-O")
  set(CMAKE_CXX_FLAGS_RELEASE "-DNDEBUG" CACHE STRING "Flags of the build type Release")
else()
  set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG" CACHE STRING "Flags of the build type Release")
endif()
