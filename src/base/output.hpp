// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

/// What a program itself writes; `program` is the name that begins its lines on standard error. It
/// does not use stdio: there is no buffer for the exec to lose. Neither a reader that has gone nor
/// a file-size limit ends the program: SIGPIPE and SIGXFSZ (signal(7)) are blocked while it writes.
namespace lowport {

/// Writes `text` to standard output. Throws Error if not all of it can be written.
void print(std::string_view text);

/// Writes "PROGRAM: TEXT" to standard error, control characters escaped. For what the user must
/// know before the daemon runs: throws Error if it cannot be written.
void warn(std::string_view program, std::string_view text);

/// The same for a line that may be lost: the reader of `--verbose` need not stay as long as the
/// daemon.
void comment(std::string_view program, std::string_view text);

/// Writes the message and the hint to standard error. If that fails there is nowhere to report it;
/// the exit status still tells.
void print_error(std::string_view program, const Error& error);
void print_error(std::string_view message) noexcept;

/// "PROGRAM: WHAT: OBJECT: REASON", and the hint on a line of its own. Pure.
std::string describe_error(std::string_view program, const Error& error);

}  // namespace lowport
