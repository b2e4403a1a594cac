// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace lowport {

/// How far a directory was read.
struct DirectoryRead {
  int error = 0;        ///< the errno if it could not be read to its end
  int descriptor = -1;  ///< the one it was read through, now closed
};

/// Calls `visit` with the name of each entry, until it returns true. Throws nothing of its own:
/// the caller decides what a failure means. readdir(3).
DirectoryRead visit_entries(const char* path, const std::function<bool(std::string_view)>& visit);

/// The entries of a directory in /proc that are named by numbers: processes or descriptors.
struct NumberedEntries {
  DirectoryRead read;  ///< with an error, the numbers are incomplete
  std::vector<int> numbers;
};

/// Reads /proc or /proc/self/fd. proc(5).
NumberedEntries list_numbers(const char* path);

}  // namespace lowport
