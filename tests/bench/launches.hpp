// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "comparison.hpp"

namespace bench {

/// What a launch costs over spawning the target directly: of both builds, of the other programs
/// that become another user and execute a command, and of a program that does nothing else or does
/// the same in plain C.
Comparison compare_launches();

/// What the confinement adds to a launch.
Comparison compare_confined_launches();

/// Launches that hand over 1 to 10,000 sockets, compared with a loop in plain C of the same system
/// calls.
std::vector<Comparison> compare_sockets();

/// confine(), compared with a bare loop of its system calls.
std::vector<Comparison> compare_confine();

}  // namespace bench
