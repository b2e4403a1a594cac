// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <sstream>
#include <string>

#include "daemon.hpp"

/// Shared by the tests of `--check`: they run it, and compare what it finds with what the launch
/// then reports.
namespace check {

struct Setting {
  support::Words options;
  support::Words command = {"/bin/true"};
  std::function<void()> in_child = {};
  std::string launcher = support::launcher();
};

inline support::Result run(const Setting& setting, const support::Words& more) {
  support::Invocation invocation;
  invocation.argv =
      support::join({{setting.launcher}, more, setting.options, {"--"}, setting.command});
  invocation.environment = {"PATH=/usr/bin:/bin"};
  invocation.in_child = setting.in_child;
  return support::run(invocation);
}

/// The report's line with this label, or "(no such line)".
inline std::string line(const support::Result& result, const std::string& label) {
  constexpr std::size_t kColumn = 13;
  std::istringstream lines(result.out);
  for (std::string text; std::getline(lines, text);) {
    if (text.starts_with(label + " ") && text.size() > kColumn) {
      return text.substr(kColumn);
    }
  }
  return "(no such line)";
}

/// Checks that `--check` finds the launch ready. Returns what it printed.
inline support::Result ready(const Setting& setting) {
  auto result = run(setting, {"--check"});
  CAPTURE(result.out);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(result.out.ends_with("\nverdict      ready\n"));
  CHECK(result.err.find("hint: ") == std::string::npos);
  return result;
}

/// What blocks a launch: the text of the message and of the hint.
struct Obstacle {
  std::string sentence;
  std::string hint;
};

/// A line about what the confinement lacks may precede the message.
inline void says(const support::Result& result, int status, const Obstacle& obstacle) {
  auto expected = "lowportbind: " + obstacle.sentence + "\n";
  if (!obstacle.hint.empty()) {
    expected += "lowportbind: hint: " + obstacle.hint + "\n";
  }
  CAPTURE(result.err);
  CAPTURE(expected);
  CHECK(result.status == status);
  CHECK(result.err.ends_with(expected));
}

/// Checks that `--check` prints the plan and reports this obstacle. Returns what it printed.
inline support::Result not_ready(const Setting& setting, const Obstacle& obstacle) {
  auto result = run(setting, {"--check"});
  CAPTURE(result.out);
  says(result, 125, obstacle);
  CHECK(line(result, "account") != "(no such line)");
  CHECK(result.out.find("executable by") == std::string::npos);
  CHECK(result.out.ends_with("\nverdict      not ready: " + obstacle.sentence + "\n"));
  return result;
}

/// The same, and the launch ends with this status at the same obstacle.
inline support::Result not_ready_as_launched(const Setting& setting, int status,
                                             const Obstacle& obstacle) {
  const auto launched = run(setting, {});
  says(launched, status, obstacle);
  CHECK(launched.out.empty());
  return not_ready(setting, obstacle);
}

/// Checks that nothing could be planned: the launch and `--check` report the same, and no plan is
/// printed.
inline void not_planned(const Setting& setting, const Obstacle& obstacle) {
  for (const support::Words& more : {support::Words{}, support::Words{"--check"}}) {
    const auto result = run(setting, more);
    says(result, 125, obstacle);
    CHECK(result.out.empty());
  }
}

}  // namespace check
