# SPDX-License-Identifier: MIT
# A copy of the installed cxxopts.hpp, with one change. Built with CXXOPTS_NO_REGEX, it asks
# std::locale which characters are letters or digits, and the first such call constructs all facets
# of the C locale: several hundred KiB of libstdc++ in the static program, and more than a twentieth
# of the time of a launch. <cctype> gives the same answer, because nothing calls setlocale(3). A
# version that is worded differently is used as it is.
find_package(cxxopts REQUIRED)
get_target_property(cxxopts_folders cxxopts::cxxopts INTERFACE_INCLUDE_DIRECTORIES)
find_file(cxxopts_header cxxopts.hpp PATHS ${cxxopts_folders} NO_DEFAULT_PATH NO_CACHE REQUIRED)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${cxxopts_header})

file(READ ${cxxopts_header} cxxopts_text)
string(REGEX REPLACE "(std::)?isalnum\\(([^;{}&|]+), std::locale::classic\\(\\)\\)"
       "std::isalnum(static_cast<unsigned char>(\\2))" cxxopts_text "${cxxopts_text}")
if(cxxopts_text MATCHES "std::locale::classic")
  message(STATUS "cxxopts calls std::locale in another way than 3.1 and 3.2: "
                 "each launch takes a little longer")
endif()
file(WRITE ${PROJECT_BINARY_DIR}/cxxopts/new.hpp "#include <cctype>\n${cxxopts_text}")
file(COPY_FILE ${PROJECT_BINARY_DIR}/cxxopts/new.hpp ${PROJECT_BINARY_DIR}/cxxopts/cxxopts.hpp
  ONLY_IF_DIFFERENT)
