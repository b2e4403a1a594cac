// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon.hpp"

/// A sweep over the system calls of one launch: each of them fails in every way that makes sense
/// for it, or lies, one fault in each launch. Either the launch is refused, or the daemon is
/// exactly as planned.
namespace fault_sweep {

/// One system call that strace spoils.
struct Fault {
  std::string call;  ///< as strace prints it in the launch without a fault
  std::string name;
  int occurrence = 0;  ///< among the calls of that name
  /// "error=EPERM", or "retval=0" for a call that claims success and does nothing.
  std::string effect;

  [[nodiscard]] bool lies() const { return effect == "retval=0"; }
  [[nodiscard]] std::string error() const { return effect.substr(effect.find('=') + 1); }
};

/// The faults for the calls of a launch. `calls` begins with the first call of the process: strace
/// counts from there. Those before main are the dynamic loader's and libcap-ng's constructor's, and
/// are not spoiled.
std::vector<Fault> choose_faults(const support::Words& calls);

/// A launch of the probe.
struct Launch {
  support::Words options;
  support::Words questions = {};                    ///< besides those that every daemon is asked
  support::Expected expected = {};                  ///< of the launch without a fault
  std::map<std::string, std::string> answers = {};  ///< its answers, among them
  std::function<void()> in_child = {};              ///< runs before the launcher
  support::Words strace_options = {};
  bool answers_in_file = false;  ///< where stdout is not the test's
  /// The confinement is the default one, without which the launch may continue.
  bool may_be_open = false;
};

/// What the launch without a fault does.
struct Honest {
  support::Result result;
  std::optional<support::Result>
      unconfined;  ///< with `--confine off`, if the launch may be unconfined
};

/// Launches it once for each fault, checks what became of it, and prints the figures.
void sweep(const Launch& launch);

/// The same for `--check`: the report is unchanged, or gives the reason why the launch is not
/// ready.
void sweep_check(const Launch& launch);

/// Whether the message of a refusal names the step that the call belongs to.
bool names_step(const Fault& fault, const std::string& message);

/// Checks how a launch with a fault ended, against the launch without one. Returns whether it was
/// refused.
bool check_refused_or_same(const Fault& fault, const support::Result& result, const Honest& honest);
bool check_not_ready_or_same(const Fault& fault, const support::Result& result,
                             const Honest& honest);

}  // namespace fault_sweep
