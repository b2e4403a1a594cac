// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.hpp"

using support::check_refused;

namespace {

/// Launches `command` as www-data with this PATH and in this working directory.
support::Result launch_command(const std::string& command,
                               const std::string& path = "/usr/bin:/bin",
                               const std::string& directory = "/") {
  support::Invocation invocation;
  invocation.environment = {"PATH=" + path};
  invocation.in_child = [=] {
    if (chdir(directory.c_str()) != 0) {
      _exit(122);
    }
  };
  return support::launch({"-u", "www-data", "--", command, "argument"}, invocation);
}

constexpr const char* kScript = "#!/bin/sh\necho ran\n";

}  // namespace

TEST_CASE("an empty PATH element is not the working directory") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto script = directory.write("here-alone", kScript, 0755);
  for (const char* path : {":/bin", "/bin:", "/bin::/usr/bin", ":", ""}) {
    CAPTURE(path);
    check_refused(launch_command("here-alone", path, directory.path()), 127,
                  {"cannot find the command: here-alone: "});
  }
  // A dot is not an empty element: someone wrote it on purpose.
  CHECK(launch_command("here-alone", "/bin:.", directory.path()).out == "ran\n");
  CHECK(launch_command("./here-alone", "/bin", directory.path()).out == "ran\n");
}

TEST_CASE("a file without a #! line is not run through sh") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto script = directory.write("plain", "echo ran\n", 0755);
  const auto empty = directory.write("empty", "", 0755);
  for (const auto& file : {script, empty}) {
    check_refused(launch_command(file), 126,
                  {"cannot execute: " + file + ": it has no #! line and is not a program",
                   "hint: add one, or name the shell: -- /bin/sh " + file});
  }
}

TEST_CASE("the command is looked up with the account's rights") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto locked = directory.path("locked");
  REQUIRE(mkdir(locked.c_str(), 0700) == 0);
  const auto hidden = directory.write("locked/hidden", kScript, 0755);
  const auto for_root = directory.write("for-root", kScript, 0700);
  const auto open = directory.path("open");
  REQUIRE(mkdir(open.c_str(), 0755) == 0);
  const auto fallback = directory.write("open/for-root", kScript, 0755);
  // The control: root can run them.
  CHECK(support::run({hidden}).out == "ran\n");
  CHECK(support::run({for_root}).out == "ran\n");
  check_refused(launch_command(hidden), 126,
                {"cannot execute: " + hidden + ": the account may not", "namei -l"});
  check_refused(launch_command(for_root), 126,
                {"cannot execute: " + for_root + ": the account may not", "namei -l"});
  check_refused(launch_command("for-root", directory.path()), 126, {"cannot execute: " + for_root});
  CHECK(launch_command("for-root", directory.path() + ":" + open).out == "ran\n");
}

TEST_CASE("an unexecutable command is told apart from a missing one") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto data = directory.write("data", "x", 0644);
  const auto orphan = directory.write("orphan", "#!/nowhere/interpreter -x\n", 0755);
  const auto dos = directory.write("dos", "#!/bin/sh\r\necho ran\r\n", 0755);
  check_refused(launch_command("/nowhere/daemon"), 127,
                {"cannot find the command: /nowhere/daemon: "});
  check_refused(launch_command("no-such-daemon"), 127,
                {"cannot find the command: no-such-daemon: "});
  check_refused(launch_command(""), 127, {"cannot find the command: \"\": it is empty"});
  check_refused(launch_command(directory.path()), 126, {"cannot execute: ", "it is a directory"});
  check_refused(launch_command(data), 126, {"cannot execute: " + data});
  check_refused(launch_command(orphan), 126, {"its interpreter is missing: /nowhere/interpreter"});
  check_refused(launch_command(dos), 126, {"carriage return"});
  check_refused(launch_command("/dev/null"), 126, {"cannot execute: /dev/null"});
  check_refused(launch_command("/bin/sh/x"), 127, {"cannot find the command: /bin/sh/x"});
}

TEST_CASE("sockets opened for a command that cannot run are closed") {
  support::enter_own_network();
  const auto result =
      support::launch({"-u", "www-data", "-m", "listen-fds", "-p", "80", "--", "/nowhere/daemon"});
  check_refused(result, 127, {"cannot find the command: /nowhere/daemon"});
  CHECK(support::launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80"}, {"status"})
            .status == 0);
}

TEST_CASE("a hint's command can be pasted despite shell metacharacters") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("it's $(touch pwned); for you", kScript, 0700);
  const auto result = launch_command(file);
  check_refused(result, 126, {"cannot execute: " + file + ": the account may not execute it"});
  const std::string_view beginning = "mounted noexec: ";
  const auto command = result.err.substr(result.err.find(beginning) + beginning.size());
  support::Invocation shell;
  shell.argv = {"/bin/sh", "-c", command};
  shell.in_child = [&] {
    if (chdir(directory.path().c_str()) != 0) {
      _exit(122);
    }
  };
  const auto shown = support::run(shell);
  CHECK(shown.out.find("f: " + file + "\n") == 0);  // namei(1)
  CHECK(access(directory.path("pwned").c_str(), F_OK) != 0);
}
