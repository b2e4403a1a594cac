# SPDX-License-Identifier: MIT
# The version is in one place: the newest heading of CHANGELOG.md that has a number and a date, such
# as "## [1.2.3] - 2026-11-20"; "[Unreleased]" does not count. So no program is ahead of its
# changelog.
set(changelog ${CMAKE_CURRENT_LIST_DIR}/../CHANGELOG.md)
if(EXISTS ${changelog})
  file(STRINGS ${changelog} newest_heading LIMIT_COUNT 1
       REGEX "^## \\[[0-9]+\\.[0-9]+\\.[0-9]+\\] - [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$")
endif()
if(NOT newest_heading MATCHES "^## \\[([0-9.]+)\\]")
  message(FATAL_ERROR "CHANGELOG.md has no heading with the version, such as "
                      "\"## [1.2.3] - 2026-11-20\"")
endif()
set(version_of_changelog ${CMAKE_MATCH_1})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${changelog})
