// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace lowport {

/// How far a directory was read.
struct DirectoryRead {
  int error = 0;        ///< errno where it could not be read to its end
  int descriptor = -1;  ///< what it was read through, closed again
};

/// Calls `visit` with the name of each entry, until it returns true. Throws nothing of its own:
/// what it means that a directory cannot be read is the caller's to say. readdir(3).
DirectoryRead visit_entries(const char* path, const std::function<bool(std::string_view)>& visit);

/// What a directory of /proc has that is named by numbers: processes, or descriptors.
struct NumberedEntries {
  DirectoryRead read;  ///< with an error, the numbers are incomplete
  std::vector<int> numbers;
};

/// Reads /proc or /proc/self/fd. proc(5).
NumberedEntries list_numbers(const char* path);

}  // namespace lowport
