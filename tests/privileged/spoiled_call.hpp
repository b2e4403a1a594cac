// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon.hpp"

/// Launches in which strace spoils one system call, to see which check notices, and what it
/// reports.
namespace spoiled_call {

struct Launch {
  support::Words options;               ///< the account is www-data, and the daemon the probe
  std::function<void()> in_child = {};  ///< runs before the launcher
  support::Words strace_options = {};   ///< "-D" where the launcher has to be the test's own child
  std::string answers_to = {};          ///< a file for what the probe writes; empty: stdout
};

struct Row {
  /// The beginning of the call, as strace prints it; of several, the last one.
  std::string call;
  /// As in strace's inject=: error=EPERM, retval=0, poke_exit=@arg2=00000000.
  std::string effect;
  std::string message;       ///< the launch is refused with it and status 125
  int more = 0;              ///< the number of later calls of that name that are spoiled too
  support::Words also = {};  ///< further options for strace
};

/// Launches it once for each row.
void check(const Launch& launch, const std::vector<Row>& rows);

/// Launches it with this call spoiled.
support::Result run(const Launch& launch, const Row& row);

}  // namespace spoiled_call
