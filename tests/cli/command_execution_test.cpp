// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "attempt.hpp"
#include "support.hpp"

namespace {

support::Result execute(const std::string& command) {
  return support::launch(attempt::with_account({"--", command}));
}

std::string hint_for_access(const std::string& file) {
  return "to see who may, and whether it is mounted noexec: namei -l " + file + "; findmnt -T " +
         file;
}

void check_126(const std::string& file, const std::string& reason, const std::string& hint) {
  CAPTURE(file);
  const auto result = execute(file);
  CHECK(result.status == 126);
  CHECK(result.out.empty());
  CHECK(result.err == attempt::lines("cannot execute: " + file + ": " + reason, hint));
}

}  // namespace

TEST_CASE("a directory is not a command") {
  const support::TemporaryDirectory directory;
  check_126(directory.path(), "it is a directory", "");
  check_126("/", "it is a directory", "");
}

TEST_CASE("exits 126 if nobody may execute the file") {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("tool", "#!/bin/sh\necho ran\n", 0644);
  check_126(file, "the account may not execute it", hint_for_access(file));
}

TEST_CASE("exits 126 if the account may not execute the file") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("tool", "#!/bin/sh\necho ran\n", 0700);
  check_126(file, "the account may not execute it", hint_for_access(file));
  REQUIRE(chmod(file.c_str(), 0755) == 0);
  CHECK(execute(file).out == "ran\n");
  REQUIRE(chmod(directory.path().c_str(), 0700) == 0);
  check_126(file, "the account may not enter a directory on its path", hint_for_access(file));
}

TEST_CASE("a text without a #! line is not run through a shell") {
  const support::TemporaryDirectory directory;
  for (const std::string content : {"echo ran\n", "", "\n\n", "# !/bin/sh\necho ran\n"}) {
    CAPTURE(content);
    const auto file = directory.write("tool", content, 0755);
    check_126(file, "it has no #! line and is not a program",
              "add one, or name the shell: -- /bin/sh " + file);
  }
}

TEST_CASE("a script with something before its #! line is told the fix") {
  const support::TemporaryDirectory directory;
  const std::string script = "#!/bin/sh\necho ran\n";
  const auto file = directory.path("tool");
  const auto check_fix = [&](const std::string& before, const std::string& reason,
                             const std::string& fix) {
    CAPTURE(reason);
    const auto written = directory.write("tool", before + script, 0755);
    check_126(written, reason, fix + " " + file);
    // The hint's advice works.
    CHECK(support::run({"/bin/sh", "-c", fix.substr(fix.find("sed ")) + " " + file}).status == 0);
    CHECK(support::read_file(file) == script);
  };
  const std::string mark = "remove it: sed -i '1s/^\\xEF\\xBB\\xBF//'";
  const std::string spaces = "remove them: sed -i -z 's/^[[:space:]]*//'";
  check_fix("\xEF\xBB\xBF", "there is a byte order mark before its #! line", mark);
  check_fix("\n", "there are spaces or empty lines before its #! line", spaces);
  check_fix(" \t\r\n ", "there are spaces or empty lines before its #! line", spaces);
}

TEST_CASE("a missing script interpreter is named") {
  const support::TemporaryDirectory directory;
  struct Row {
    std::string line;
    std::string interpreter;
  };
  const Row rows[] = {{"#!/no/such/shell", "/no/such/shell"},
                      {"#! /no/such/shell -x", "/no/such/shell"},
                      {"#!\t/no/such/shell\targument", "/no/such/shell"}};
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto file = directory.write("tool", row.line + "\necho ran\n", 0755);
    check_126(file, "its interpreter is missing: " + row.interpreter,
              "install " + row.interpreter + ", or fix the first line of " + file);
  }
}

TEST_CASE("a script with CRLF line endings is reported as such") {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("tool", "#!/bin/sh\r\necho ran\r\n", 0755);
  check_126(file, "its first line ends with a carriage return",
            "convert it to Unix line endings: sed -i 's/\\r$//' " + file);
}

TEST_CASE("a script interpreter that cannot be executed is named") {
  const support::TemporaryDirectory directory;
  const auto interpreter = directory.write("interpreter", "#!/bin/sh\n", 0644);
  const auto file = directory.write("tool", "#!" + interpreter + "\n", 0755);
  check_126(file, "the account may not execute its interpreter: " + interpreter,
            "to see who may: namei -l " + interpreter);
}

TEST_CASE("an invalid interpreter is not reported as a missing #! line") {
  const support::TemporaryDirectory directory;
  const auto interpreter = directory.write("interpreter", "no program\n", 0755);
  const auto file = directory.write("tool", "#!" + interpreter + "\n", 0755);
  const auto result = execute(file);
  CAPTURE(result.err);
  CHECK(result.status == 126);
  CHECK(result.err.find("it has no #! line") == std::string::npos);
  CHECK(result.err.find(interpreter) != std::string::npos);
}

TEST_CASE("exits 126 if the program is for another machine") {
  const support::TemporaryDirectory directory;
  auto program = support::read_file(support::probe());
  REQUIRE(program.size() > 20);
  program[18] = '\x7f';  // e_machine
  program[19] = '\x7f';
  const auto file = directory.write("tool", program, 0755);
  check_126(file, "it is a program for another kind of machine", "`file " + file + "` tells which");
}

TEST_CASE("exits 126 if the program's loader is missing") {
  auto program = support::read_file("/bin/true");
  const auto loader = program.find("/ld-");
  if (loader == std::string::npos) {
    support::skip("/bin/true is linked without a dynamic loader");
  }
  program[loader + 1] = 'x';
  const support::TemporaryDirectory directory;
  const auto file = directory.write("tool", program, 0755);
  const std::string missing = program.c_str() + program.rfind("/lib", loader);
  check_126(file, "its dynamic loader is missing: " + missing,
            "it was built for another C library or system; install what provides " + missing);
}

TEST_CASE("exits 126 if the environment is too long") {
  support::enter_own_network();
  // LISTEN_FDNAMES repeats the name for each port, and the kernel accepts at most 128 KiB in one
  // variable.
  const auto launch_ports = [](const std::string& range) {
    return support::launch({"--user", "www-data", "--mode", "listen-fds", "-p",
                            std::string(255, 'n') + "=" + range, "--", support::probe(), "pid"});
  };
  CHECK(launch_ports("2000-2500").status == 0);
  const auto longer = launch_ports("2000-2599");
  CHECK(longer.status == 126);
  CHECK(longer.out.empty());
  CHECK(longer.err == attempt::lines("cannot execute: " + support::probe() +
                                         ": its arguments and environment are too long",
                                     "`getconf ARG_MAX` prints the limit"));
}

TEST_CASE("a symlink is followed and a symlink loop exits 126") {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("tool", "#!/bin/sh\necho ran\n", 0755);
  const auto link = directory.path("link");
  const auto loop = directory.path("loop");
  REQUIRE(symlink(file.c_str(), link.c_str()) == 0);
  REQUIRE(symlink(loop.c_str(), loop.c_str()) == 0);
  CHECK(execute(link).out == "ran\n");
  check_126(loop, "Too many levels of symbolic links", "");
}

TEST_CASE("exits 126 for a special file without opening it") {
  const support::TemporaryDirectory directory;
  const auto pipe = directory.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0755) == 0);
  check_126(pipe, "it is not a regular file", "");
  check_126("/dev/null", "it is not a regular file", "");
}

TEST_CASE("--check executes nothing") {
  const auto tried = attempt::launch(attempt::with_account({"--check"}));
  CHECK(tried.result.status == 0);
  CHECK_FALSE(tried.executed);
  CHECK(tried.result.out.ends_with("verdict      ready\n"));
}

TEST_CASE("--check reports a command that cannot be executed") {
  const support::TemporaryDirectory directory;
  for (const auto& command : {directory.path("no-such-command"), std::string(), directory.path(),
                              directory.write("tool", "#!/bin/sh\n", 0644)}) {
    CAPTURE(command);
    const auto launched = execute(command);
    const auto result = support::launch(attempt::with_account({"--check", "--", command}));
    CHECK(launched.status >= 126);
    CHECK(result.status == 125);
    CHECK(result.err == launched.err);
    const auto sentence = result.err.substr(0, result.err.find('\n'));
    REQUIRE(sentence.starts_with("lowportbind: cannot "));
    CHECK(result.out.ends_with(
        "verdict      not ready: " + sentence.substr(sentence.find(' ') + 1) + "\n"));
  }
}
