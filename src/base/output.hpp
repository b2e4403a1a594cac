// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

/// What a program itself writes; `program` is the name that its lines on standard error begin with.
/// Without stdio: there is no buffer for the exec to lose. Nobody who stops reading, and no limit
/// of a file's size, ends the program: SIGPIPE and SIGXFSZ (signal(7)) are ignored for as long as
/// it writes.
namespace lowport {

/// Writes `text` to standard output. Throws Error if not all of it can be written.
void print(std::string_view text);

/// Writes "PROGRAM: TEXT" to standard error, control characters escaped. For what the user has to
/// know before the daemon runs: throws Error if it cannot be written.
void warn(std::string_view program, std::string_view text);

/// The same for a line that may get lost: of `--verbose`, whose reader need not stay as long as the
/// daemon.
void comment(std::string_view program, std::string_view text);

/// Writes the message and the hint to standard error. There is nowhere to report it if that fails:
/// the exit status still tells.
void print_error(std::string_view program, const Error& error);
void print_error(std::string_view message) noexcept;

/// "PROGRAM: WHAT: OBJECT: REASON", and the hint in a line of its own. Pure.
std::string describe_error(std::string_view program, const Error& error);

}  // namespace lowport
