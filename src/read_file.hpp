#pragma once

#include <optional>
#include <string>

namespace lowportbind {

/// The whole content of a file, or nothing where there is none. Throws Error if it exists and cannot be read.
std::optional<std::string> read_file(const char* path);

}  // namespace lowportbind
