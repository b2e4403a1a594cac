// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <csignal>
#include <string>

#include "attempt.hpp"
#include "support.hpp"

TEST_CASE("the daemon's exit status is the launcher's") {
  for (const int status : {0, 1, 2, 42, 124, 125, 126, 127, 128, 255}) {
    CAPTURE(status);
    const auto result = support::launch(
        attempt::with_account({"--", support::probe(), "exit=" + std::to_string(status)}));
    CHECK(result.status == status);
    CHECK(result.err.empty());
  }
}

TEST_CASE("a signal that kills the daemon is seen by the caller") {
  for (const int signal : {SIGTERM, SIGKILL, SIGINT, SIGUSR1, SIGPIPE}) {
    CAPTURE(signal);
    const auto result = support::launch(
        attempt::with_account({"--", support::probe(), "kill=" + std::to_string(signal)}));
    CHECK(result.status == 128 + signal);
    CHECK(result.err.empty());
  }
}

TEST_CASE("the daemon's input and output pass through") {
  support::Invocation invocation;
  invocation.input = "in\n";
  const auto result = support::launch(
      attempt::with_account({"--", "/bin/sh", "-c", "cat; echo out; echo err >&2"}), invocation);
  CHECK(result.status == 0);
  CHECK(result.out == "in\nout\n");
  CHECK(result.err == "err\n");
}

TEST_CASE("--verbose prints each step on stderr and nothing on stdout") {
  const auto tried = attempt::launch(attempt::with_account({"--verbose"}));
  CHECK(tried.result.status == 0);
  CHECK(tried.executed);
  CHECK(tried.result.out.empty());
  const auto& err = tried.result.err;
  CHECK(err.find("lowportbind: becoming ") != std::string::npos);
  CHECK(err.ends_with("lowportbind: executing " + support::probe() + "\n"));
  CHECK(err.find("lowportbind: becoming ") < err.find("lowportbind: executing "));
}

TEST_CASE("a launch without --verbose is silent") {
  const auto tried = attempt::launch(attempt::account());
  CHECK(tried.result.status == 0);
  CHECK(tried.result.out.empty());
  CHECK(tried.result.err.empty());
}

TEST_CASE("an empty argv is refused") {
  support::Invocation invocation;
  invocation.argv = {support::launcher()};
  invocation.in_child = [] {
    // Since Linux 5.18 the kernel adds an empty name; before that, the program sees none at all.
    char* none[] = {nullptr};
    execve(support::launcher().c_str(), none, environ);
  };
  const auto result = support::run(invocation);
  CHECK(result.status == 125);
  CHECK(result.err.starts_with("lowportbind: cannot read the command line: "));
}
