#pragma once

#include <span>

namespace lowport {

/// Does what the command line asks for: a launch, which does not return, or `--check`, `--help` or `--version`. Returns
/// the exit status. Throws Error; the daemon has not been started then.
int run(std::span<char* const> arguments);

}  // namespace lowport
