// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "launcher/environment.hpp"

namespace lowport {

/// Finds the file that `command` names: itself if it has a slash, otherwise in the directories of
/// `path` (the value of PATH; without one, those of confstr(3)'s _CS_PATH). Empty elements of PATH,
/// which mean the working directory to execvp(3), are skipped. To be called as the account, whose
/// rights decide. Throws Error, with status 127 if there is no such file and 126 if there is one
/// that the account cannot execute.
std::string find_command(const std::string& command, std::optional<std::string_view> path);

/// For `--check`, as the account: throws what execute() would if RLIMIT_NPROC, which applies to the
/// new user (setrlimit(2)), forbids the exec.
void require_process_limit(const std::string& file);

/// execve(2): returns only by throwing Error, with status 126 and the reason.
[[noreturn]] void execute(const std::string& file, std::span<char* const> arguments,
                          Environment environment);

}  // namespace lowport
