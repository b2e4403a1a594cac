// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "fault_sweep.hpp"

namespace fault_sweep {
namespace {

constexpr int kRefused = 125;
constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;

/// The plan as far as the probe can see it: its answers, except what differs between launches. It
/// prints /proc/PID/status first, most of which is irrelevant.
support::Words state_of(const support::Result& result) {
  static const support::Words kOfStatus{
      "Uid",    "Gid",        "Groups",  "CapInh",          "CapPrm", "CapEff", "CapBnd",
      "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "SigBlk", "SigIgn", "SigCgt"};
  const auto pid = support::fields(result.out)["pid"];
  support::Words state;
  bool in_status = true;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    const auto name = line.substr(0, line.find(":\t"));
    if (name == "pid") {
      in_status = false;
    }
    if (name == "pid" ||
        (in_status && std::find(kOfStatus.begin(), kOfStatus.end(), name) == kOfStatus.end())) {
      continue;
    }
    if (line.find(":\tpipe:[") != std::string::npos) {
      line = line.substr(0, line.find('['));
    }
    if (line == "env:\tLISTEN_PID=" + pid) {
      line = "env:\tLISTEN_PID=its own";
    }
    state.push_back(line);
  }
  return state;
}

/// The first line that differs, as it is and as it was planned; empty if there is none.
std::string difference(support::Words state, support::Words planned) {
  const auto longest = std::max(state.size(), planned.size());
  state.resize(longest);
  planned.resize(longest);
  const auto [one, other] = std::mismatch(state.begin(), state.end(), planned.begin());
  return one == state.end() ? "" : "\"" + *one + "\", planned was \"" + *other + "\"";
}

bool concerns_command(const Fault& fault) {
  return fault.call.find(support::probe()) != std::string::npos;
}

/// The default confinement may be missing if the kernel or a container engine, which answers EPERM,
/// reports it unavailable and a line is printed. Any other errno is a failure.
bool may_be_open(const Fault& fault, const Honest& honest) {
  const bool asks = fault.call.starts_with("landlock_create_ruleset(NULL") ||
                    fault.call.starts_with("seccomp(SECCOMP_GET_ACTION_AVAIL");
  return asks && fault.error() == "EPERM" && honest.unconfined;
}

/// WHAT: OBJECT: REASON, with a reason, on lines that are all the launcher's.
void check_message(const Fault& fault, const std::string& text) {
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    CHECK(line.starts_with("lowportbind: "));
    if (line.starts_with("lowportbind: hint: ")) {
      continue;
    }
    const auto what = line.find(": ", std::string("lowportbind: ").size());
    CHECK(what != std::string::npos);
    CHECK(line.find(": ", what + 2) != std::string::npos);
  }
  CHECK(count > 0);
  CHECK(names_step(fault, text.substr(0, text.find('\n'))));
  CHECK(text.find("Success") == std::string::npos);
  CHECK(text.find("internal error") == std::string::npos);
  CHECK(text.find("the system gave no reason") == std::string::npos);
}

}  // namespace

bool check_refused_or_same(const Fault& fault, const support::Result& result,
                           const Honest& honest) {
  CAPTURE(result.err);
  if (result.status == 0) {
    if (may_be_open(fault, honest)) {
      CHECK(difference(state_of(result), state_of(*honest.unconfined)) == "");
      CHECK(result.err.find("lowportbind: every privileged port is open to the daemon: ") == 0);
      return false;
    }
    CHECK(difference(state_of(result), state_of(honest.result)) == "");
    CHECK(result.err == honest.result.err);
    return false;
  }
  const bool of_exec = result.status == kCannotExecute || result.status == kNotFound;
  if (!of_exec || !concerns_command(fault)) {
    CHECK(result.status == kRefused);
  }
  CHECK(result.out.empty());
  check_message(fault, result.err);
  return true;
}

bool check_not_ready_or_same(const Fault& fault, const support::Result& result,
                             const Honest& honest) {
  CAPTURE(result.err);
  CAPTURE(result.out);
  if (result.status == 0) {
    CHECK(result.out == honest.result.out);
    CHECK(result.err == honest.result.err);
    return false;
  }
  CHECK(result.status == kRefused);
  // A failure before there is a plan leaves nothing to report.
  const auto verdict = result.out.find("\nverdict      not ready: ");
  CHECK((result.out.empty() || verdict != std::string::npos));
  check_message(fault, result.err);
  return true;
}

}  // namespace fault_sweep
