// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace lowport {

/// The whole content of a regular file, or of one in /proc, or nullopt if the file does not exist.
/// Each throws Error if it exists and cannot be read.
std::optional<std::string> read_file(const char* path);
std::optional<std::string> read_proc_file(const char* path);

/// The first 4096 bytes of a file, or nothing if it does not exist or this process may not read it.
/// They hold the program headers and the loader's name as usual linkers place them, and the whole
/// of a short file in /proc. Throws Error for any other failure, after which nothing is known of
/// the file.
std::string read_beginning(const std::string& file);

}  // namespace lowport
