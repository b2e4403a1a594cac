// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "hostile.hpp"

using hostile::check_as_planned;
using support::Words;

namespace {

void block_all() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

void ignore_all() {
  for (int number = 1; number <= SIGRTMAX; ++number) {
    signal(number, SIG_IGN);
  }
}

/// Each signal that can be blocked, sent to the process and to the thread. The C library keeps the
/// first two real-time signals to itself, and blocks neither. SIGCONT does not stay pending: a
/// later stop signal removes it.
void make_all_pending() {
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN)) {
      continue;
    }
    kill(getpid(), number);
    raise(number);
  }
}

/// Checks that the daemon has the signals of the same probe without the launcher, in every mode.
void check_signals(const std::function<void()>& prepare, const Words& options,
                   const std::map<std::string, std::string>& expected = {}) {
  auto without = support::fields(support::run_in_child({support::probe(), "status"}, prepare).out);
  for (const auto& line : expected) {
    CAPTURE(line.first);
    REQUIRE(without[line.first] == line.second);  // the control
  }
  for (const auto& mode : hostile::modes()) {
    auto with = check_as_planned(mode, hostile::launch(mode, prepare, options));
    for (const char* name : {"SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"}) {
      CAPTURE(name);
      CHECK(with[name] == without[name]);
    }
  }
}

/// For in_child: the leader of a session with a terminal.
void lead_session(const std::string& terminal) {
  const bool leads = setsid() >= 0;
  const int opened = open(terminal.c_str(), O_RDWR | O_CLOEXEC);
  if (!leads || opened < 0 || ioctl(opened, TIOCSCTTY, 0) != 0) {
    _exit(122);
  }
}

/// A terminal that exists as long as its first side is open.
std::string open_terminal() {
  std::array<char, 64> name{};
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0 ||
      ptsname_r(terminal, name.data(), name.size()) != 0) {
    support::skip("no pseudoterminals are available here");
  }
  return name.data();
}

}  // namespace

TEST_CASE("every blocked signal stays blocked in the planned daemon") {
  support::enter_own_network();
  check_signals(block_all, {}, {{"SigBlk", "fffffffe7ffbfeff"}});
  check_signals(block_all, {"--new-session"});
}

TEST_CASE("every ignored signal stays ignored in the planned daemon") {
  support::enter_own_network();
  check_signals(ignore_all, {}, {{"SigIgn", "fffffffe7ffbfeff"}});
  check_signals(ignore_all, {"--new-session"});
}

TEST_CASE("pending blocked signals stay pending in the daemon") {
  support::enter_own_network();
  const auto pending = [] {
    block_all();
    make_all_pending();
  };
  check_signals(pending, {}, {{"SigPnd", "fffffffe7ff9feff"}, {"ShdPnd", "fffffffe7ff9feff"}});
  check_signals(pending, {"--new-session"});
  const auto terminate = [] {
    block_all();
    kill(getpid(), SIGTERM);
  };
  check_signals(terminate, {}, {{"ShdPnd", "0000000000004000"}});
}

TEST_CASE("a SIGHUP pending before the terminal is given up stays so") {
  support::require_root();
  const auto terminal = open_terminal();
  const auto ask = [&](bool pending) {
    const auto result = support::launch_probe({"-u", "www-data", "--new-session"},
                                              {"status", "session", "open=/dev/tty"}, [=] {
                                                lead_session(terminal);
                                                block_all();
                                                if (pending) {
                                                  kill(getpid(), SIGHUP);
                                                }
                                              });
    auto field = support::check_daemon(result, {});
    CHECK(field["session"] == "leader");
    CHECK(field["open=/dev/tty"] == "ENXIO");
    CHECK(field["SigBlk"] == "fffffffe7ffbfeff");
    return field["ShdPnd"];
  };
  CHECK(ask(true) == "0000000000000001");
  CHECK(ask(false) == "0000000000000000");
}

TEST_CASE("an unread stderr does not end a launch that ignores SIGPIPE") {
  support::enter_own_network();
  const auto broken_stderr = [] {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
      _exit(122);
    }
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
  };
  for (const auto& mode : hostile::modes()) {
    auto field = check_as_planned(mode, hostile::launch(mode, broken_stderr, {"-v"}));
    CHECK(field["SigIgn"] == "0000000000011000");
  }
  const auto refused = support::launch_probe({"-u", "root"}, {"status"}, broken_stderr);
  CHECK(refused.status == 125);
  CHECK(refused.out.empty());
}

TEST_CASE("a full stderr does not end a launch that prints") {
  support::enter_own_network();
  const auto full = [] {
    const int device = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (device < 0 || dup2(device, STDERR_FILENO) < 0) {
      _exit(122);
    }
  };
  for (const auto& mode : hostile::modes()) {
    check_as_planned(mode, hostile::launch(mode, full, {"-v"}));
  }
}
