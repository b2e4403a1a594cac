# SPDX-License-Identifier: MIT
# CPack runs this when the package exists. It repacks it, so that it is identical to the byte on
# every disk.
get_filename_component(parent ${CPACK_TEMPORARY_INSTALL_DIRECTORY} DIRECTORY)
set(package ${CPACK_PACKAGE_FILES})

if(CPACK_GENERATOR STREQUAL "TGZ")
  # CPack packs the files in the order of the directory, and with the owner who built them.
  execute_process(
    COMMAND tar --create --directory=${parent} --format=gnu --sort=name --owner=root:0
    --group=root:0
            --mtime=@$ENV{SOURCE_DATE_EPOCH} ${CPACK_PACKAGE_FILE_NAME}
    COMMAND gzip -9n
    OUTPUT_FILE ${package} COMMAND_ERROR_IS_FATAL ANY)
else()
  # For Installed-Size, CPack counts what a directory takes on this disk. dpkg counts 1 KiB for
  # each: deb-substvars(5).
  set(folder ${parent}/repacked)
  file(REMOVE_RECURSE ${folder})
  execute_process(COMMAND dpkg-deb --raw-extract ${package} ${folder} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND find ${folder} -path ${folder}/DEBIAN -prune -o -printf "%y %s\\n"
    COMMAND awk "{ size += $1 == \"f\" ? int(($2 + 1023) / 1024) : 1 } END { print size }"
    OUTPUT_VARIABLE size OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND sed -i "s/^Installed-Size: .*/Installed-Size: ${size}/"
    ${folder}/DEBIAN/control
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND dpkg-deb --root-owner-group -Zxz --build ${folder} ${package}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endif()
