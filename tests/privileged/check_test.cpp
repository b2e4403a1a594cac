// SPDX-License-Identifier: MIT
#include "check.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

using support::check_refused;

namespace {

/// What `--check` prints on a terminal, or with `variable` in the environment.
std::string print_on_terminal(const support::Words& options, const std::string& variable = {}) {
  int terminal = -1;
  int there = -1;
  if (openpty(&terminal, &there, nullptr, nullptr, nullptr) != 0) {
    support::skip("no terminal is available here");
  }
  support::Invocation invocation;
  invocation.argv = support::join(
      {{support::launcher(), "--check", "-u", "www-data"}, options, {"--", "/bin/true"}});
  invocation.environment = {"PATH=/usr/bin:/bin", "TERM=xterm"};
  if (!variable.empty()) {
    invocation.environment->push_back(variable);
  }
  invocation.in_child = [=] {
    if (dup2(there, STDOUT_FILENO) < 0) {
      _exit(122);
    }
  };
  support::run(invocation);
  std::array<char, 4096> buffer{};
  const auto count = read(terminal, buffer.data(), buffer.size());
  close(terminal);
  close(there);
  std::string text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  return text;
}

constexpr const char* kGreenReady = "verdict      \x1b[32mready\x1b[0m\n";

/// The sockets of the test's own network, including connections that are being closed.
std::string sockets_here() {
  std::string lines;
  for (const char* table : {"tcp", "tcp6", "udp", "udp6"}) {
    const auto text = support::read_file(std::string("/proc/self/net/") + table);
    lines += text.substr(std::min(text.size(), text.find('\n') + 1));
  }
  return lines;
}

}  // namespace

TEST_CASE("--check prints the plan and executes nothing") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
  const auto trace_left = directory.path("executed");
  const auto script =
      directory.write("daemon", "#!/bin/sh\ntouch " + trace_left + "\necho ran\n", 0755);
  struct Row {
    support::Words options;
    support::Words lines;
  };
  const Row rows[] = {
      {{"-u", "www-data", "-p", "80,8080,53/udp"},
       {"www-data (uid 33), group www-data (33), groups 33\n", "80/tcp", "8080/tcp", "53/udp",
        "privileged here (< 1024)", "not privileged here (>= 1024)",
        "ambient: CAP_NET_BIND_SERVICE\n"}},
      {{"-u", "www-data", "-p", "8080"},
       {"8080/tcp", "ambient: no capability, since no listed port needs one here\n"}},
      {{"-u", "49152:33", "--groups", "none"},
       {"uid 49152, group www-data (33), groups none\n", "ports        none\n"}},
      {{"-u", "www-data", "-p", "80,[::1]:443", "-m", "listen-fds"},
       {"[::1]:443/tcp", "listen-fds: 2 open sockets"}},
      {{"-u", "www-data", "-p", "80", "-m", "nginx"}, {"80/tcp", "nginx: 2 open sockets"}},
      {{"-u", "www-data", "-p", "80", "-m", "inetd", "--new-session", "--clear-env"},
       {"inetd: 1 open socket"}},
  };
  for (const auto& row : rows) {
    const auto result = check::ready({.options = row.options, .command = {script}});
    CAPTURE(result.out);
    CAPTURE(result.err);
    for (const auto& line : row.lines) {
      CAPTURE(line);
      CHECK(result.out.find(line) != std::string::npos);
    }
    CHECK(result.out.find(script + ", executable by ") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(trace_left));
  }
  // The control: without --check it is executed.
  CHECK(support::launch({"-u", "www-data", "-p", "80", "--", script}).out == "ran\n");
  CHECK(std::filesystem::exists(trace_left));
}

TEST_CASE("--check leaves no socket behind") {
  support::enter_own_network();
  for (const char* mode : {"ambient", "listen-fds", "inetd", "nginx"}) {
    CAPTURE(mode);
    for (int round = 0; round < 2; ++round) {
      check::ready({.options = {"-u", "www-data", "-p", "80", "-m", mode}});
    }
    CHECK(sockets_here().empty());
  }
  check::ready({.options = {"-u", "www-data", "-p", "80,53/udp,8080"}});
  CHECK(sockets_here().empty());
  CHECK(support::listen_on(80) >= 0);
  CHECK_FALSE(sockets_here().empty());
}

TEST_CASE("--check makes no system call that changes or executes a file") {
  support::enter_own_network();
  support::require_strace();
  const support::Words changes{"execve",    "fchmod", "chmod",    "fchmodat", "fchown", "chown",
                               "fchownat",  "lchown", "unlink",   "rename",   "mkdir",  "truncate",
                               "ftruncate", "link",   "unlinkat", "mknod",    "utime",  "setxattr",
                               "fsetxattr", "kill",   "ptrace"};
  for (const support::Words& options :
       {support::Words{"-p", "80,8080"}, support::Words{"-p", "80", "-m", "nginx"},
        support::Words{"-p", "80", "--own-stdio", "--new-session"}}) {
    const auto traced = support::trace(
        {"-e", "trace=!landlock_add_rule"},
        support::join(
            {{support::launcher(), "--check", "-u", "www-data"}, options, {"--", "/bin/true"}}));
    CAPTURE(traced.result.err);
    REQUIRE(traced.result.status == 0);
    REQUIRE(traced.calls.size() > 20);
    for (const auto& call : traced.calls) {
      CAPTURE(call);
      const auto name = call.substr(0, call.find('('));
      CHECK(std::find(changes.begin(), changes.end(), name) == changes.end());
      if (!name.starts_with("open")) {
        continue;
      }
      for (const char* flag : {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"}) {
        CHECK(call.find(flag) == std::string::npos);
      }
    }
  }
}

TEST_CASE("--check exits 125 with plan and hint if not ready") {
  support::enter_own_network();
  const check::Obstacle obstacle{
      "cannot find the command: no-such-daemon: it is not in any directory of PATH",
      "give its full path: -- /full/path/to/no-such-daemon"};
  const auto result =
      check::not_ready_as_launched({.options = {"-u", "www-data", "-p", "80", "--confine", "off"},
                                    .command = {"no-such-daemon"}},
                                   127, obstacle);
  CHECK(result.out ==
        "account      www-data (uid 33), group www-data (33), groups 33\n"
        "ports        80/tcp          privileged here (< 1024)\n"
        "mode         ambient: CAP_NET_BIND_SERVICE\n"
        "confinement  off, so every privileged port is open to the daemon\n"
        "command      no-such-daemon\n"
        "verdict      not ready: " +
            obstacle.sentence + "\n");
  CHECK(result.err ==
        "lowportbind: " + obstacle.sentence + "\nlowportbind: hint: " + obstacle.hint + "\n");
}

TEST_CASE("--check prints no plan for root or an unknown account") {
  support::enter_own_network();
  for (const char* account : {"nosuch", "root", "", "0:0"}) {
    CAPTURE(account);
    const auto launched = check::run({.options = {"-u", account, "-p", "80"}}, {});
    const auto result = check::run({.options = {"-u", account, "-p", "80"}}, {"--check"});
    CHECK(result.status == 125);
    CHECK(result.out.empty());
    CHECK(result.err == launched.err);
  }
}

TEST_CASE("--check prints a coloured verdict on a terminal") {
  support::enter_own_network();
  CHECK(print_on_terminal({"-p", "80"}).ends_with(kGreenReady));
  const int taken = support::listen_on(80);
  CHECK(taken >= 0);
  const auto not_ready = print_on_terminal({"-p", "80"});
  CHECK(not_ready.find("\nverdict      \x1b[31mnot ready: cannot bind: 80/tcp") !=
        std::string::npos);
  CHECK(not_ready.ends_with("\x1b[0m\n"));
}

TEST_CASE("--check prints no colour with NO_COLOR or without a terminal") {
  support::enter_own_network();
  for (const char* variable : {"NO_COLOR=1", "NO_COLOR=0", "NO_COLOR=false"}) {
    CAPTURE(variable);
    const auto plain = print_on_terminal({"-p", "80"}, variable);
    CHECK(plain.ends_with("\nverdict      ready\n"));
    CHECK(plain.find('\x1b') == std::string::npos);
  }
  CHECK(check::ready({.options = {"-u", "www-data", "-p", "80"}}).out.find('\x1b') ==
        std::string::npos);
}

TEST_CASE("an empty NO_COLOR counts as unset") {
  support::enter_own_network();
  CHECK(print_on_terminal({"-p", "80"}, "NO_COLOR=").ends_with(kGreenReady));
}

TEST_CASE("--check fails if its report cannot be written") {
  support::require_root();
  const auto result =
      support::run({"/bin/sh", "-c", R"("$0" --check -u www-data -- /bin/true >/dev/full)",
                    support::launcher()});
  check_refused(result, 125, {"cannot write to: standard output: No space left on device"});
}
