// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

#include "confinement.hpp"
#include "descriptor_experiments.hpp"

// What SECURITY.md lists as no boundary, as far as it can be tried here: that it is not one, and
// how far it goes.

using support::launch_probe;
using support::Words;

namespace {

/// A shell that runs until the test ends, launched with these options; it has reported that it
/// runs.
class RunningShell {
 public:
  RunningShell(const Words& options, const std::string& shell) {
    std::array<int, 2> from_shell{};
    REQUIRE(pipe2(from_shell.data(), O_CLOEXEC) == 0);
    auto argv =
        support::join({{support::launcher(), "-u", "www-data"}, options, {"--", shell, "-c"}});
    argv.push_back("echo; kill -STOP $$");
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      std::vector<char*> words;
      for (auto& word : argv) {
        words.push_back(word.data());
      }
      words.push_back(nullptr);
      if (dup2(from_shell[1], STDOUT_FILENO) >= 0) {
        execv(words.front(), words.data());
      }
      _exit(122);
    }
    close(from_shell[1]);
    char byte = 0;
    const bool runs = read(from_shell[0], &byte, 1) == 1;
    close(from_shell[0]);
    REQUIRE(runs);
  }
  ~RunningShell() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  RunningShell(const RunningShell&) = delete;
  RunningShell& operator=(const RunningShell&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// What another process of the account gets when it takes this descriptor: 0, or the errno of
/// pidfd_getfd(2).
int try_to_take(pid_t owner, int descriptor) {
  const pid_t thief = fork();
  if (thief == 0) {
    support::become(33, 33);
    const auto process = static_cast<int>(syscall(SYS_pidfd_open, owner, 0));
    if (process < 0) {
      _exit(122);
    }
    _exit(syscall(SYS_pidfd_getfd, process, descriptor, 0) < 0 ? errno : 0);
  }
  int status = 0;
  REQUIRE(waitpid(thief, &status, 0) == thief);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

const Words kSockets{"-p", "80", "-m", "listen-fds"};

/// Yama, a security module, can close processes to others of their account: then neither test shows
/// anything.
void require_ptrace_by_account() {
  const RunningShell shell({}, "/bin/sh");
  if (try_to_take(shell.pid(), 0) != 0) {
    support::skip("processes of the same account are closed to each other here");
  }
}

/// For in_child: as its stdin, a UNIX socket through which a process of another account has sent a
/// socket.
void take_socket_of_another_account(int protocol) {
  std::array<int, 2> channel{};
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, channel.data()) != 0) {
    _exit(122);
  }
  const pid_t confederate = fork();
  if (confederate == 0) {
    support::become(4711, 4711);
    const int made = socket(AF_INET, SOCK_STREAM, protocol);
    _exit(made >= 0 && experiments::send_descriptor(channel[1], made) ? 0 : 1);
  }
  int status = 0;
  if (waitpid(confederate, &status, 0) != confederate || status != 0) {
    _exit(121);
  }
  if (dup2(channel[0], STDIN_FILENO) < 0) {
    _exit(122);
  }
  close(channel[0]);
  close(channel[1]);
}

}  // namespace

TEST_CASE("a handed-over socket can be taken by its account") {
  support::enter_own_network();
  require_ptrace_by_account();
  const RunningShell shell(kSockets, "/bin/sh");
  CHECK(try_to_take(shell.pid(), 3) == 0);
}

TEST_CASE("the account cannot take a descriptor from an ambient daemon") {
  support::enter_own_network();
  require_ptrace_by_account();
  const RunningShell shell({"-p", "80", "--confine", "off"}, "/bin/sh");
  CHECK(try_to_take(shell.pid(), 0) == EPERM);
  const RunningShell without_capability({"-p", "8080"}, "/bin/sh");
  CHECK(try_to_take(without_capability.pid(), 0) == 0);
}

TEST_CASE("a daemon whose file the account cannot read keeps sockets") {
  support::enter_own_network();
  require_ptrace_by_account();
  const support::TemporaryDirectory directory;
  const RunningShell shell(kSockets,
                           support::copy_program(directory, "/bin/sh", "unreadable", 0711));
  CHECK(try_to_take(shell.pid(), 3) == EPERM);
}

TEST_CASE("a log opened for appending can be rewritten") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto log = directory.write("log", "a line of root's\n", 0600);
  const auto answers = directory.write("answers", "", 0666);
  const std::string again = "open=/proc/self/fd/1";
  const auto result = launch_probe({"-u", "www-data"}, {"to=" + answers, again, "rewrite=1"}, [&] {
    if (dup2(open(log.c_str(), O_WRONLY | O_APPEND), STDOUT_FILENO) < 0) {
      _exit(122);
    }
  });
  REQUIRE(result.status == 0);
  auto field = support::fields(support::read_file(answers));
  CHECK(field[again] == "EACCES");
  CHECK(field["rewrite=1"] == "ok");
  CHECK(support::read_file(log) == "forged\n");
}

TEST_CASE("an accomplice of another account can pass an MPTCP socket") {
  support::require_confinement();
  const auto ask = [](int protocol) {
    return support::ask_daemon({"-p", "80"}, {"received=22"},
                               [=] { take_socket_of_another_account(protocol); })
        .at("received=22");
  };
  CHECK(ask(IPPROTO_TCP) == "bind EACCES");
  constexpr int kMptcp = 262;
  if (const int made = socket(AF_INET, SOCK_STREAM, kMptcp); made < 0) {
    MESSAGE("no MPTCP in this kernel");
  } else {
    close(made);
    CHECK(ask(kMptcp) == "ok");
  }
}

TEST_CASE("the daemon's own user namespace gives it no port") {
  support::enter_own_network();
  support::enter_own_mounts();  // a chroot has no user namespaces
  const Words command{"/usr/bin/unshare", "-U", support::probe(), "status", "bind=tcp/4/80"};
  const auto without = support::run_in_child(command, [] { support::become(33, 33); });
  if (without.status != 0) {
    support::skip("unshare -U does not work here: " + without.err);
  }
  const auto result = support::run(
      support::join({{support::launcher(), "-u", "www-data", "-p", "80", "--"}, command}));
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  const auto last = std::stoul(support::read_file("/proc/sys/kernel/cap_last_cap"));
  CHECK(std::stoull(field["CapBnd"], nullptr, 16) == (std::uint64_t{1} << (last + 1)) - 1);
  CHECK(field["CapEff"] == support::kNoCapability);
  CHECK(field["bind=tcp/4/80"] == "EACCES");
}

TEST_CASE("the new session keyring belongs to root") {
  support::require_root();
  const auto keyrings_of = [](const Words& options) {
    const auto result = support::launch(support::join({options, {"--", "/bin/cat", "/proc/keys"}}));
    REQUIRE(result.status == 0);
    return result.out;
  };
  if (keyrings_of({"-u", "www-data"}).empty()) {
    support::skip("keys are not available here");
  }
  CHECK(keyrings_of({"-u", "www-data"}).find("     0     0 keyring   _ses: empty\n") !=
        std::string::npos);
}

TEST_CASE("user 65535 is an account like any other") {
  support::require_root();
  support::check_daemon(launch_probe({"-u", "65535:65535"}, {"status"}),
                        {.uid = "65535", .gid = "65535", .groups = "65535"});
}
