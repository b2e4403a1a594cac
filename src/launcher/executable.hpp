// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "launcher/plan.hpp"

/// Predicts what execve(2) will do with a file, or explains why it failed. Reads only, as the
/// account; what the account may not read is passed over, since a program may be executable but not
/// readable.
namespace lowport {

/// Throws Error, status 126, if execve(2) cannot start the file: no `#!` line, a missing
/// interpreter or dynamic loader, a program for another machine. What binfmt_misc starts cannot be
/// seen in a container, so a launch asks only after the exec has failed.
void require_known_format(const std::string& file);

/// Throws Error, status 126, if execve(2) would start the file, or the interpreter of a script,
/// with other rights than planned, or not at all: its file capabilities exceed the bounding set or
/// cancel the ambient set (capabilities(7)); its set-user-ID or set-group-ID bit changes the
/// account; this kernel would run it in 32-bit mode, in which the confinement refuses every system
/// call. Returns what execve(2) needs of the undecided part of the bounding set.
CapabilitySet require_planned_rights(const std::string& file, const Plan& plan);

}  // namespace lowport
