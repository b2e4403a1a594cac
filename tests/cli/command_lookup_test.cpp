// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "attempt.hpp"
#include "support.hpp"

namespace {

/// Launches `command` in `directory` with only this in the environment.
support::Result launch_in(const std::string& directory, std::vector<std::string> environment,
                          const std::vector<std::string>& command) {
  support::Invocation invocation;
  invocation.environment = std::move(environment);
  invocation.in_child = [directory] {
    if (chdir(directory.c_str()) != 0) {
      _exit(122);
    }
  };
  auto arguments = attempt::with_account({"--"});
  arguments.insert(arguments.end(), command.begin(), command.end());
  return support::launch(arguments, invocation);
}

const std::string kScript = "#!/bin/sh\necho \"$0 ran\"\n";

}  // namespace

TEST_CASE("exits 127 if the command is not found") {
  const support::TemporaryDirectory directory;
  const auto path = directory.path("no-such-command");
  struct Row {
    std::string command;
    std::string message;
    std::string hint;
  };
  const Row rows[] = {
      {"no-such-command",
       "cannot find the command: no-such-command: it is not in any directory of PATH",
       "give its full path: -- /full/path/to/no-such-command"},
      {path, "cannot find the command: " + path + ": No such file or directory", ""},
      {"./no-such-command", "cannot find the command: ./no-such-command: No such file or directory",
       ""},
      {"/etc/passwd/x", "cannot find the command: /etc/passwd/x: Not a directory", ""},
      {"", "cannot find the command: \"\": it is empty", "a variable may be unset"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.command);
    const auto result = launch_in(directory.path(), {"PATH=/usr/bin:/bin"}, {row.command});
    CHECK(result.status == 127);
    CHECK(result.err == attempt::lines(row.message, row.hint));
    CHECK(result.out.empty());
  }
}

TEST_CASE("exits 127 despite a PATH directory closed to the account") {
  support::require_root();
  const support::TemporaryDirectory one;
  const support::TemporaryDirectory other;
  REQUIRE(chmod(one.path().c_str(), 0700) == 0);
  REQUIRE(chmod(other.path().c_str(), 0700) == 0);
  const auto path = one.path() + ":/usr/bin:" + other.path() + ":/bin";
  const auto result = launch_in("/", {"PATH=" + path}, {"no-such-command"});
  CHECK(result.status == 127);
  CHECK(
      result.err ==
      attempt::lines("cannot find the command: no-such-command: it is not in any directory of PATH",
                     "give its full path: -- /full/path/to/no-such-command; or, if this is the one "
                     "you mean, see who may enter: namei -l " +
                         one.path("no-such-command")));
}

TEST_CASE("a PATH directory closed to the account hides no later one") {
  support::require_root();
  const support::TemporaryDirectory hidden;
  const support::TemporaryDirectory open;
  static_cast<void>(hidden.write("tool", kScript, 0755));
  const auto tool = open.write("tool", kScript, 0755);
  REQUIRE(chmod(hidden.path().c_str(), 0700) == 0);
  const std::vector<std::string> environment{"PATH=" + hidden.path() + ":" + open.path()};
  CHECK(launch_in("/", environment, {"tool"}).out == tool + " ran\n");
  // Nor does a file there that root alone may execute.
  REQUIRE(chmod(hidden.path().c_str(), 0755) == 0);
  REQUIRE(chmod(hidden.path("tool").c_str(), 0700) == 0);
  CHECK(launch_in("/", environment, {"tool"}).out == tool + " ran\n");
}

TEST_CASE("an empty PATH element is not the working directory") {
  const support::TemporaryDirectory directory;
  static_cast<void>(directory.write("tool", kScript, 0755));
  for (const std::string path : {":/usr/bin", "/usr/bin:", "/usr/bin::/bin", ":", "::"}) {
    CAPTURE(path);
    const auto result = launch_in(directory.path(), {"PATH=" + path}, {"tool"});
    CHECK(result.status == 127);
    CHECK(result.out.empty());
    CHECK(result.err ==
          attempt::lines("cannot find the command: tool: it is not in any directory of PATH",
                         "give its full path: -- /full/path/to/tool"));
  }
  // A dot is no empty element: it was written down by somebody who meant it.
  CHECK(launch_in(directory.path(), {"PATH=/usr/bin:."}, {"tool"}).out == "./tool ran\n");
}

TEST_CASE("an empty PATH element is not the root directory") {
  const auto result = launch_in("/", {"PATH=:"}, {"etc"});
  CHECK(result.status == 127);
  CHECK(result.err.starts_with(
      "lowportbind: cannot find the command: etc: it is not in any directory of PATH"));
}

TEST_CASE("the first unexecutable file found in PATH is named") {
  const support::TemporaryDirectory first;
  const support::TemporaryDirectory second;
  const auto named = first.write("tool", kScript, 0644);
  REQUIRE_FALSE(second.write("tool", kScript, 0644).empty());
  const auto result = launch_in("/", {"PATH=" + first.path() + ":" + second.path()}, {"tool"});
  CHECK(result.status == 126);
  CHECK(result.err.starts_with("lowportbind: cannot execute: " + named +
                               ": the account may not execute it"));
}

TEST_CASE("an empty PATH is reported as empty") {
  const support::TemporaryDirectory directory;
  static_cast<void>(directory.write("true", kScript, 0755));
  const auto result = launch_in(directory.path(), {"PATH="}, {"true"});
  CHECK(result.status == 127);
  CHECK(result.err == attempt::lines("cannot find the command: true: PATH is empty",
                                     "give its full path: -- /full/path/to/true"));
}

TEST_CASE("without PATH only the system directories are searched") {
  const support::TemporaryDirectory directory;
  static_cast<void>(directory.write("tool", kScript, 0755));
  CHECK(launch_in(directory.path(), {}, {"true"}).status == 0);
  CHECK(launch_in(directory.path(), {}, {"tool"}).status == 127);
}

TEST_CASE("the first PATH directory with the command wins") {
  const support::TemporaryDirectory one;
  const support::TemporaryDirectory other;
  const auto first = one.write("tool", kScript, 0755);
  const auto second = other.write("tool", kScript, 0755);
  CHECK(launch_in("/", {"PATH=" + one.path() + ":" + other.path()}, {"tool"}).out ==
        first + " ran\n");
  CHECK(launch_in("/", {"PATH=/nowhere:" + other.path() + ":" + one.path()}, {"tool"}).out ==
        second + " ran\n");
  // Files that cannot be executed are skipped, as a shell does.
  REQUIRE(chmod(first.c_str(), 0644) == 0);
  CHECK(launch_in("/", {"PATH=" + one.path() + ":" + other.path()}, {"tool"}).out ==
        second + " ran\n");
}

TEST_CASE("exits 126 if PATH has only unexecutable files") {
  const support::TemporaryDirectory directory;
  const auto tool = directory.write("tool", kScript, 0644);
  const auto result = launch_in("/", {"PATH=/usr/bin:" + directory.path()}, {"tool"});
  CHECK(result.status == 126);
  CHECK(result.err == attempt::lines("cannot execute: " + tool + ": the account may not execute it",
                                     "to see who may, and whether it is mounted noexec: namei -l " +
                                         tool + "; findmnt -T " + tool));
}

TEST_CASE("a command with a slash is not looked up in PATH") {
  const support::TemporaryDirectory directory;
  static_cast<void>(directory.write("tool", kScript, 0755));
  const auto result = launch_in(directory.path(), {"PATH=/usr/bin"}, {"./tool"});
  CHECK(result.status == 0);
  CHECK(result.out == "./tool ran\n");
}

TEST_CASE("the command is looked up in the daemon's PATH") {
  const support::TemporaryDirectory directory;
  const auto tool = directory.write("tool", kScript, 0755);
  const auto result =
      support::launch(attempt::with_account({"--env", "PATH=" + directory.path(), "--", "tool"}));
  CHECK(result.status == 0);
  CHECK(result.out == tool + " ran\n");
}

TEST_CASE("the daemon sees the command name as typed") {
  const support::TemporaryDirectory directory;
  const auto result =
      launch_in("/", {"PATH=/usr/bin:/bin"}, {"sh", "-c", "echo $0 $1", "named", "argument"});
  CHECK(result.out == "named argument\n");
}
