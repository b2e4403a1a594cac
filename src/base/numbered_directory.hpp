// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace lowport {

/// What a directory of /proc has that is named by numbers: processes, or descriptors.
struct NumberedEntries {
  /// errno where it could not be read to its end; the numbers are incomplete then.
  int error = 0;
  int descriptor = -1;  ///< what it was read through, closed again
  std::vector<int> numbers;
};

/// Reads /proc or /proc/self/fd. Throws nothing: what it means that it cannot be read is the
/// caller's to say. readdir(3), proc(5).
NumberedEntries list_numbers(const char* path);

}  // namespace lowport
