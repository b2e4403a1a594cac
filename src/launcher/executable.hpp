// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "launcher/plan.hpp"

/// What execve(2) would make of a file, found out before it is asked, or explained after it
/// refused. Reads only, as the account; what the account may not read is passed over, since a
/// program may be executable and not readable.
namespace lowport {

/// Throws Error, status 126, if the file is nothing that execve(2) can start: no `#!` line, an
/// interpreter or a program loader that is missing, a program for another machine. What binfmt_misc
/// starts cannot be seen in a container, so that a launch asks after the exec has failed.
void require_known_format(const std::string& file);

/// Throws Error, status 126, if execve(2) would start the file, or the interpreter of a script,
/// with other rights than planned, or not at all: its file capabilities exceed the bounding set, or
/// cancel the ambient set (capabilities(7)); its set-user-ID or set-group-ID bit changes the
/// account; it is a program that this kernel itself would run in its 32-bit mode, whose every
/// system call the confinement refuses. Returns what execve(2) needs in the bounding set of the
/// part that was left undecided.
CapabilitySet require_planned_rights(const std::string& file, const Plan& plan);

}  // namespace lowport
