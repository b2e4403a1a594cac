# SPDX-License-Identifier: MIT
# Warnings and hardening for everything that is built here. See also the presets for the sanitizers.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(lowport_flags INTERFACE)
target_compile_options(lowport_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
# g++ 12 reports an overlap in `"text" + std::string` that does not exist (GCC bug 105651, fixed in
# 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(lowport_flags INTERFACE -Wno-restrict)
endif()
if(LOWPORTBIND_WERROR)
  target_compile_options(lowport_flags INTERFACE -Werror)
endif()

# Put each function in its own section, so that what is not called is not linked: there is less to
# load and to audit.
target_compile_options(lowport_flags INTERFACE -ffunction-sections -fdata-sections)
target_link_options(lowport_flags INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now
  -Wl,-z,noexecstack)

# Relative relocations in a bitmap: some 60 KiB less to read at each start. The program loader
# supports it from glibc 2.36 on. The linker may be older or newer than that, and if it does not
# support the option for this architecture, it prints that the option is ignored, and continues.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs)
check_cxx_source_compiles("#include <features.h>
#if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 36)
#error
#endif
int main() {}" LOWPORTBIND_HAS_RELR FAIL_REGEX "ignored")
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(LOWPORTBIND_HAS_RELR)
  target_link_options(lowport_flags INTERFACE -Wl,-z,pack-relative-relocs)
endif()

target_compile_options(lowport_flags INTERFACE -fstack-protector-strong)
check_cxx_compiler_flag(-fcf-protection LOWPORTBIND_HAS_CET)
if(LOWPORTBIND_HAS_CET)
  target_compile_options(lowport_flags INTERFACE -fcf-protection)
endif()
check_cxx_compiler_flag(-fstack-clash-protection LOWPORTBIND_HAS_STACK_CLASH)
if(LOWPORTBIND_HAS_STACK_CLASH)
  target_compile_options(lowport_flags INTERFACE -fstack-clash-protection)
endif()
# Build the same program in any folder.
target_compile_options(lowport_flags INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
# _FORTIFY_SOURCE needs an optimising build, and hides from the sanitizers what it checks itself.
# Level 3 came with g++ 12; before that it is an alias of 2.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize|-O0")
  target_compile_options(lowport_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                                                     $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
