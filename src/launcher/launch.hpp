// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace lowport {

/// What each line of the launcher's on standard error begins with.
constexpr std::string_view kProgram = "lowportbind";

/// Does what the command line asks for: a launch, which does not return, or `--check`, `--help` or
/// `--version`. Returns the exit status. Throws Error; the daemon has not been started then.
int run(std::span<char* const> arguments);

}  // namespace lowport
