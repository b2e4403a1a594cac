# SPDX-License-Identifier: MIT
# CPack runs this after it has installed into a folder of its own, and before it packs that folder.
# It adds what a package has beyond `cmake --install`.
set(here ${CMAKE_CURRENT_LIST_DIR})
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
if(CPACK_GENERATOR STREQUAL "DEB")
  set(root ${root}/usr)
endif()
set(share ${root}/share)
set(doc ${share}/doc/lowportbind)

# package_of FILE VARIABLE: the Debian package that FILE belongs to. dpkg knows a file by the name
# it was installed as, which may differ, because /lib is a link to /usr/lib.
function(package_of file variable)
  get_filename_component(file ${file} REALPATH)
  string(REGEX REPLACE "^/usr/" "/" short_name ${file})
  foreach(name IN ITEMS ${file} ${short_name})
    execute_process(COMMAND dpkg-query --search ${name} OUTPUT_VARIABLE found ERROR_QUIET
      RESULT_VARIABLE status)
    if(status EQUAL 0)
      string(REGEX REPLACE "[:,].*" "" found ${found})
      set(${variable} ${found} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "no Debian package has ${file}, so its licence is unknown")
endfunction()

# The packages whose code is in the program: those of the statically linked libraries, and cxxopts.
function(list_linked_in variable)
  set(archives libstdc++.a libgcc.a libgcc_eh.a)
  if(CPACK_LOWPORTBIND_STATIC)
    list(APPEND archives libc.a)
  endif()
  set(files ${CPACK_LOWPORTBIND_LINKED_IN})
  foreach(archive IN LISTS archives)
    execute_process(COMMAND ${CPACK_LOWPORTBIND_COMPILER} -print-file-name=${archive}
      OUTPUT_VARIABLE file
                    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    list(APPEND files ${file})
  endforeach()
  foreach(file IN LISTS files)
    package_of(${file} package)
    list(APPEND packages ${package})
  endforeach()
  list(REMOVE_DUPLICATES packages)
  list(SORT packages)
  set(${variable} ${packages} PARENT_SCOPE)
endfunction()

# LGPL and GPL require that the sources can be found: this lists them.
function(write_linked_in packages)
  execute_process(COMMAND dpkg-query --show
    "--showformat=\${Package} \${Version}, of the source \${source:Package} \${source:Version}\\n"
    ${packages}
    OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${doc}/linked-statically
       "Debian packages whose code is in this build of lowportbind:\n\n${lines}")
endfunction()

function(finish_debian)
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
  # On Debian every licence is in this file or in /usr/share/common-licenses.
  file(REMOVE ${doc}/LICENSE)
  file(COPY ${here}/copyright ${here}/README.Debian DESTINATION ${doc})
  execute_process(COMMAND awk -v "maintainer=${CPACK_PACKAGE_CONTACT}" -f ${here}/changelog.awk
    ${CPACK_LOWPORTBIND_SOURCE}/CHANGELOG.md OUTPUT_FILE ${doc}/changelog
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND gzip -9n ${doc}/changelog ${share}/man/man8/lowportbind.8
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# A system that unpacks the archive may have none of Debian's files: include the licence texts.
function(finish_archive packages)
  set(licences ${doc}/licences)
  foreach(package IN LISTS packages)
    configure_file(/usr/share/doc/${package}/copyright ${licences}/${package} COPYONLY)
  endforeach()
  foreach(name IN ITEMS GPL-3 LGPL-2.1)
    configure_file(/usr/share/common-licenses/${name} ${licences}/${name} COPYONLY)
  endforeach()
  file(COPY ${here}/NOTICE DESTINATION ${doc})
endfunction()

execute_process(COMMAND ${CPACK_LOWPORTBIND_STRIP} --remove-section=.comment --remove-section=.note
  ${root}/sbin/lowportbind COMMAND_ERROR_IS_FATAL ANY)
list_linked_in(packages)
write_linked_in("${packages}")
if(CPACK_GENERATOR STREQUAL "DEB")
  finish_debian()
else()
  finish_archive("${packages}")
endif()
# The modes and times do not depend on the umask or the time of the build.
execute_process(COMMAND find ${CPACK_TEMPORARY_INSTALL_DIRECTORY} -type d -exec chmod 0755 {} +
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${root} -type f -perm /u+x -exec chmod 0755 {} +
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${root} -type f ! -perm /u+x -exec chmod 0644 {} +
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${CPACK_TEMPORARY_INSTALL_DIRECTORY}
  -exec touch --date @$ENV{SOURCE_DATE_EPOCH} {} +
                COMMAND_ERROR_IS_FATAL ANY)
