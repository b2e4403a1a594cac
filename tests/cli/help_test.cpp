// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "attempt.hpp"
#include "support.hpp"

namespace {

/// Runs the launcher with stdout on /dev/full.
support::Result launch_into_full(const std::vector<std::string>& arguments) {
  support::Invocation invocation;
  invocation.in_child = [] {
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0 || dup2(full, STDOUT_FILENO) < 0) {
      _exit(122);
    }
  };
  return support::launch(arguments, invocation);
}

}  // namespace

TEST_CASE("--help prints on stdout and exits 0") {
  for (const std::string option : {"-h", "--help"}) {
    CAPTURE(option);
    const auto result = support::launch({option});
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(result.out.starts_with("Usage: lowportbind [OPTION...] -- COMMAND [ARG...]\n"));
    CHECK(result.out.ends_with("\n"));
  }
}

TEST_CASE("--help fits in 80 columns and 40 lines") {
  std::istringstream lines(support::launch({"--help"}).out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
  }
  CHECK(count > 10);
  CHECK(count <= 40);
}

TEST_CASE("--version prints on stdout and exits 0") {
  for (const std::string option : {"-V", "--version"}) {
    CAPTURE(option);
    const auto result = support::launch({option});
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(result.out.starts_with("lowportbind "));
    CHECK(result.out.find('\n') == result.out.size() - 1);
  }
}

TEST_CASE("--help and --version take precedence over a launch") {
  for (const std::string option : {"--help", "--version"}) {
    CAPTURE(option);
    const auto tried = attempt::launch(attempt::with_account({option}));
    CHECK(tried.result.status == 0);
    CHECK_FALSE(tried.result.out.empty());
    CHECK_FALSE(tried.executed);
  }
}

TEST_CASE("--help and --version need no privilege and no account") {
  support::require_root();
  support::Invocation invocation;
  invocation.in_child = [] { support::become(4000, 4000); };
  CHECK(support::launch({"--help"}, invocation).status == 0);
  CHECK(support::launch({"--version"}, invocation).status == 0);
}

TEST_CASE("fails if stdout cannot be written") {
  auto check = attempt::with_account({"--check", "--", "/bin/true"});
  for (const auto& arguments :
       {std::vector<std::string>{"--help"}, std::vector<std::string>{"--version"}, check}) {
    CAPTURE(arguments.front());
    const auto result = launch_into_full(arguments);
    CHECK(result.status == 125);
    CHECK(result.err ==
          attempt::lines("cannot write to: standard output: No space left on device", ""));
  }
}
