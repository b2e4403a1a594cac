// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace lowport {

/// Begins each line that the launcher prints on standard error.
constexpr std::string_view kProgram = "lowportbind";

/// Does what the command line asks for: a launch, which does not return, or `--check`, `--help` or
/// `--version`. Returns the exit status. Throws Error, in which case the daemon has not been
/// started.
int run(std::span<char* const> arguments);

}  // namespace lowport
