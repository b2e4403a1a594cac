// SPDX-License-Identifier: MIT
#include "spoiled_call.hpp"

#include <doctest/doctest.h>

namespace spoiled_call {
namespace {

support::Words command_line(const Launch& launch) {
  const auto answers =
      launch.answers_to.empty() ? support::Words{} : support::Words{"to=" + launch.answers_to};
  return support::join({{support::launcher(), "-u", "www-data"},
                        launch.options,
                        {"--", support::probe()},
                        answers,
                        {"status"}});
}

/// The number of a call among those of its name; 0 if there is none. The last one: a library may
/// make the same call for itself when the program starts.
int find_last(const support::Words& calls, const std::string& name, const std::string& beginning) {
  int count = 0;
  int found = 0;
  for (const auto& call : calls) {
    if (call.starts_with(name + "(")) {
      ++count;
    }
    if (call.starts_with(beginning)) {
      found = count;
    }
  }
  return found;
}

support::Result run_spoiled(const Launch& launch, const Row& row, const support::Words& calls) {
  const auto name = row.call.substr(0, row.call.find('('));
  const int first = find_last(calls, name, row.call);
  CAPTURE(row.call);
  REQUIRE(first > 0);
  const auto when = std::to_string(first) + ".." + std::to_string(first + row.more);
  const auto options =
      support::join({launch.strace_options,
                     row.also,
                     {"-e", "inject=" + name + ":" + row.effect + ":when=" + when}});
  return support::trace(options, command_line(launch), launch.in_child).result;
}

support::Words trace(const Launch& launch) {
  const auto honest = support::trace(launch.strace_options, command_line(launch), launch.in_child);
  CAPTURE(honest.result.err);
  REQUIRE(honest.result.status == 0);
  return honest.calls;
}

}  // namespace

void check(const Launch& launch, const std::vector<Row>& rows) {
  const auto calls = trace(launch);
  for (const auto& row : rows) {
    CAPTURE(row.call);
    CAPTURE(row.effect);
    support::check_refused(run_spoiled(launch, row, calls), 125, {"lowportbind: " + row.message});
  }
}

support::Result run(const Launch& launch, const Row& row) {
  return run_spoiled(launch, row, trace(launch));
}

}  // namespace spoiled_call
