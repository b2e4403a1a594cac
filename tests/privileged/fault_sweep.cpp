// SPDX-License-Identifier: MIT
#include "fault_sweep.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

namespace fault_sweep {
namespace {

using Judge = bool (*)(const Fault&, const support::Result&, const Honest&);

/// What every daemon is asked. The status comes first: the verdict recognises its lines by that.
const support::Words kQuestions{"status", "pid",       "fds",     "fd=0", "fd=1",  "fd=2",
                                "env",    "pdeathsig", "session", "cwd",  "umask", "limits"};

/// Runs launches, with a file for the answers of a daemon whose stdout is not the test's.
class Runner {
 public:
  explicit Runner(const Launch& launch)
      : launch_(launch),
        answers_(launch.answers_in_file ? directory_.write("answers", "", 0666) : "") {}

  [[nodiscard]] support::Trace trace() const {
    auto traced = support::trace(support::join({{"-y"}, launch_.strace_options}), command_line(),
                                 launch_.in_child);
    take_answers(traced.result);
    return traced;
  }

  [[nodiscard]] support::Result run(const support::Words& spoiling) const {
    support::Invocation invocation;
    invocation.argv = support::join(
        {{"strace", "-o", "/dev/null"}, launch_.strace_options, spoiling, {"--"}, command_line()});
    invocation.in_child = launch_.in_child;
    auto result = support::run(invocation);
    take_answers(result);
    return result;
  }

 private:
  [[nodiscard]] support::Words command_line() const {
    const auto answers = answers_.empty() ? support::Words{} : support::Words{"to=" + answers_};
    return support::join({{support::launcher()},
                          launch_.options,
                          {"--", support::probe()},
                          answers,
                          kQuestions,
                          launch_.questions});
  }

  void take_answers(support::Result& result) const {
    if (answers_.empty()) {
      return;
    }
    result.out += support::read_file(answers_);
    support::write_file(answers_, "");
  }

  Launch launch_;
  support::TemporaryDirectory directory_;
  std::string answers_;
};

support::Words spoil(const Fault& fault) {
  return {
      "-e", "trace=" + fault.name, "-e",
      "inject=" + fault.name + ":" + fault.effect + ":when=" + std::to_string(fault.occurrence)};
}

/// The daemon's execve is the call after the last one of the trace.
std::vector<Fault> choose(support::Words calls, bool with_exec) {
  if (with_exec) {
    calls.push_back("execve(\"" + support::probe() + "\")");
  }
  return choose_faults(calls);
}

void run_all(const Runner& runner, const Honest& honest, const std::vector<Fault>& faults,
             Judge judge) {
  int refused = 0;
  for (const auto& fault : faults) {
    CAPTURE(fault.call);
    CAPTURE(fault.occurrence);
    CAPTURE(fault.effect);
    try {
      const auto result = runner.run(spoil(fault));
      if (judge(fault, result, honest)) {
        ++refused;
      }
    } catch (const std::runtime_error& hang) {
      FAIL_CHECK(hang.what());
    }
  }
  MESSAGE(faults.size() << " faults: " << refused << " launches refused, "
                        << static_cast<int>(faults.size()) - refused << " as planned");
  CHECK(refused > 0);
}

support::Result launch_unconfined(Launch launch) {
  launch.options.insert(launch.options.begin(), {"--confine", "off"});
  return Runner(launch).run({});
}

}  // namespace

void sweep(const Launch& launch) {
  support::require_strace();
  const Runner runner(launch);
  const auto traced = runner.trace();
  const auto field = support::check_daemon(traced.result, launch.expected);
  for (const auto& answer : launch.answers) {
    CAPTURE(answer.first);
    CHECK(field.at(answer.first) == answer.second);
  }
  Honest honest{traced.result, {}};
  if (launch.may_be_open) {
    honest.unconfined = launch_unconfined(launch);
  }
  run_all(runner, honest, choose(traced.calls, true), check_refused_or_same);
}

void sweep_check(const Launch& launch) {
  support::require_strace();
  auto checking = launch;
  checking.options.insert(checking.options.begin(), "--check");
  const Runner runner(checking);
  const auto traced = runner.trace();
  CAPTURE(traced.result.err);
  REQUIRE(traced.result.status == 0);
  run_all(runner, {traced.result, {}}, choose(traced.calls, false), check_not_ready_or_same);
}

}  // namespace fault_sweep
