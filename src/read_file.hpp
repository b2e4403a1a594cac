#pragma once

#include <optional>
#include <string>

namespace lowportbind {

/// The whole content of a regular file, or of one in /proc, or nothing where there is none. Each throws Error if it
/// exists and cannot be read.
std::optional<std::string> read_file(const char* path);
std::optional<std::string> read_proc_file(const char* path);

}  // namespace lowportbind
