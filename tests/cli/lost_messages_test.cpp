// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "attempt.hpp"

// A message that nobody can read does not end a launch, and a refusal keeps its exit status.

namespace {

/// For in_child: a pipe without a reader.
void lose_reader_of(int descriptor) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0 || dup2(ends[1], descriptor) != descriptor) {
    _exit(122);
  }
  close(ends[0]);
}

/// For in_child: a file that may not grow.
void stop_growth_of(int descriptor, const std::string& path) {
  const int opened = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (opened < 0 || dup2(opened, descriptor) != descriptor) {
    _exit(122);
  }
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_FSIZE, &none) != 0) {
    _exit(122);
  }
}

support::Result run(const std::vector<std::string>& options, std::function<void()> in_child) {
  support::Invocation invocation;
  invocation.in_child = std::move(in_child);
  return support::launch(options, invocation);
}

}  // namespace

TEST_CASE("a refusal exits 125 if the reader of stderr is gone") {
  const std::vector<std::string> refused{"--user", "no-such-user", "--", "/bin/true"};
  CHECK(run(refused, [] { lose_reader_of(STDERR_FILENO); }).status == 125);
  CHECK(run(refused, [] { close(STDERR_FILENO); }).status == 125);
  CHECK(run(attempt::with_account({"--", "/no/such/command"}), [] {
          lose_reader_of(STDERR_FILENO);
        }).status == 127);
}

TEST_CASE("a refusal exits 125 if stderr is a file that may not grow") {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("log", "");
  CHECK(run({"--user", "no-such-user", "--", "/bin/true"}, [&] {
          stop_growth_of(STDERR_FILENO, file);
        }).status == 125);
}

TEST_CASE("a failed write to stdout is reported") {
  const auto result = run({"--help"}, [] { lose_reader_of(STDOUT_FILENO); });
  CHECK(result.status == 125);
  CHECK(result.err == "lowportbind: cannot write to: standard output: Broken pipe\n");
}

TEST_CASE("a launch continues if nobody reads its verbose output") {
  const support::TemporaryDirectory directory;
  const auto answers = directory.write("answers", "", 0666);
  const auto options =
      attempt::with_account({"-v", "--", support::probe(), "to=" + answers, "status"});
  const auto ignored_by = [&](void (*disposition)(int)) {
    const auto result = run(options, [=] {
      signal(SIGPIPE, disposition);
      lose_reader_of(STDERR_FILENO);
    });
    CHECK(result.status == 0);
    return support::fields(support::read_file(answers))["SigIgn"];
  };
  // The daemon has the caller's signal disposition.
  CHECK(ignored_by(SIG_DFL) == "0000000000000000");
  CHECK(ignored_by(SIG_IGN) == "0000000000001000");
}
