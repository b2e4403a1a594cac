// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace bench {

/// The programs of tests/bench/programs: `arrive`, `trampoline`, `trampoline_static`,
/// `bare_launch`, `bare_launch_static`. Returns the path.
std::string program(const std::string& name);

/// Spawns a command that ends in an exec of program("arrive"), and returns the microseconds from
/// posix_spawn(3) to the first line of its main. Throws std::runtime_error if it does not get
/// there, or if its exit status is not 0.
double measure_launch(const std::vector<std::string>& command);

}  // namespace bench
