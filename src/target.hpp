#pragma once

#include <optional>
#include <string>

#include "error.hpp"
#include "plan.hpp"

/// What execve(2) would make of a file, found out before it is asked, or explained after it refused. Reads only, as the
/// account; what the account may not read is passed over, since a program may be executable and not readable.
namespace lowportbind {

/// Why the file is nothing that execve(2) can start: no `#!` line, an interpreter or a program loader that is missing,
/// a program for another machine. Nothing where no reason is seen: binfmt_misc may start what looks like none.
std::optional<Error> find_format_obstacle(const std::string& file);

/// Why execve(2) would start the file, or the interpreter of a script, with other rights than planned, or not at all:
/// its file capabilities exceed the bounding set, or cancel the ambient set (capabilities(7)); its set-user-ID or
/// set-group-ID bit changes the account. Nothing where it would run as planned.
std::optional<Error> find_rights_obstacle(const std::string& file, const PrivilegePlan& plan, const Account& account);

}  // namespace lowportbind
