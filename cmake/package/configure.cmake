# SPDX-License-Identifier: MIT
# CPack reads this for each generator before it begins.
if(CPACK_GENERATOR STREQUAL "DEB" AND (CPACK_LOWPORTBIND_STATIC
  OR NOT CPACK_LOWPORTBIND_STATIC_RUNTIME))
  message(FATAL_ERROR "the .deb is made from the preset release: run cpack -G DEB in build/release")
elseif(CPACK_GENERATOR STREQUAL "TGZ" AND NOT CPACK_LOWPORTBIND_STATIC)
  message(FATAL_ERROR
    "the archive is made from the preset static: run cpack -G TGZ in build/static")
endif()

# The package is identical to the byte whenever it is built: its files have the date of the version
# in the changelog.
if("$ENV{SOURCE_DATE_EPOCH}" STREQUAL "")
  file(STRINGS ${CPACK_LOWPORTBIND_SOURCE}/CHANGELOG.md heading
    LIMIT_COUNT 1 REGEX "^## \\[[0-9.]+\\] - ")
  string(REGEX REPLACE ".* - " "" date ${heading})
  execute_process(COMMAND date --utc --date ${date} +%s OUTPUT_VARIABLE epoch
    OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{SOURCE_DATE_EPOCH} ${epoch})
endif()
set(ENV{TZ} UTC)
