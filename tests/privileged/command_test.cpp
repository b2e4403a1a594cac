// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include "daemon.hpp"

using support::check_refused;

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
  const auto file = directory.write("it's $(touch pwned); for you", "#!/bin/sh\n", 0700);
  const auto result = support::launch({"-u", "www-data", "--", file});
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
