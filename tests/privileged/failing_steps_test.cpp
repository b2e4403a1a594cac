// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "spoiled_call.hpp"
#include "terminal.hpp"

// A failing step is caught by its own check, with the kernel's reason: not later, by another check
// that only sees a difference from the plan.

namespace {

using terminal::Attached;
using terminal::Position;
using terminal::Terminal;

void have_parent_death_signal() { prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); }

/// A descriptor limit that those of `open` are above, or just below.
void open_and_limit(const std::vector<int>& open, rlim_t limit) {
  if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
    _exit(122);  // strace needs what is left
  }
  for (const int descriptor : open) {
    if (dup2(STDIN_FILENO, descriptor) != descriptor) {
      _exit(122);
    }
  }
  const rlimit files{limit, limit};
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
    _exit(122);
  }
}

struct Answer {
  std::uint32_t argument;
  int error;
};

/// Makes these calls of prctl(2) fail from here on, with a seccomp filter: strace can make calls
/// fail in only one way at a time.
void fail_prctl(std::uint32_t operation, const std::vector<Answer>& answers) {
  const auto skip_unless = [](std::uint32_t value) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value};
  };
  const auto load = [](std::size_t offset) {
    return sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
  };
  constexpr sock_filter kAllow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  std::vector<sock_filter> filter;
  for (const auto& [offset, value] :
       {std::pair{offsetof(seccomp_data, nr), static_cast<std::uint32_t>(SYS_prctl)},
        std::pair{offsetof(seccomp_data, args), operation}}) {
    filter.insert(filter.end(), {load(offset), {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value}, kAllow});
  }
  filter.push_back(load(offsetof(seccomp_data, args) + sizeof(std::uint64_t)));
  for (const auto& answer : answers) {
    const auto error = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(answer.error);
    filter.insert(filter.end(), {skip_unless(answer.argument), {BPF_RET | BPF_K, 0, 0, error}});
  }
  filter.push_back(kAllow);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
    _exit(122);
  }
}

void check_refused_to_read(unsigned capability, const support::Result& result) {
  support::check_refused(
      result, 125,
      {"cannot read the bounding set: " + std::to_string(capability) + ": Invalid argument"});
}

}  // namespace

TEST_CASE("a failing privilege step is named with its reason") {
  support::enter_own_network();
  support::require_strace();
  spoiled_call::check(
      {.options = {"-p", "80", "--confine", "off"},
       .in_child = have_parent_death_signal,
       .strace_options = {"-D"}},
      {
          {"prctl(PR_CAPBSET_DROP, CAP_CHOWN", "error=EINVAL",
           "cannot cut the bounding set: 0: Invalid argument"},
          {"prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN", "error=EPERM",
           "cannot cut the bounding set: 21: Operation not permitted"},
          {"prctl(PR_SET_PDEATHSIG", "error=EPERM",
           "cannot set the parent-death signal: 15: Operation not permitted"},
          // The securebits cannot be read either, and so are not to blame.
          {"prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE", "error=EPERM",
           "cannot set the capabilities: PR_CAP_AMBIENT: Operation not permitted", 1},
      });
}

TEST_CASE("an unreadable set is not taken for empty or complete") {
  support::enter_own_network();
  support::require_strace();
  spoiled_call::check(
      {.options = {"-p", "80", "--confine", "off"}},
      {
          {"getgroups(0, ", "error=EPERM",
           "cannot read the supplementary groups: getgroups: Operation not permitted"},
          {"getresgid(", "error=EPERM",
           "cannot read the group ids: getresgid: Operation not permitted"},
          {"prctl(PR_GET_NO_NEW_PRIVS", "error=EINVAL",
           "cannot read no_new_privs: prctl: Invalid argument"},
          {"prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN", "error=EINVAL",
           "cannot read the bounding set: 21: Invalid argument"},
          {"prctl(PR_CAPBSET_READ, CAP_CHECKPOINT_RESTORE", "error=EPERM",
           "cannot read the bounding set: 40: Operation not permitted"},
      });
  // Two failures in a row, of which only one means that there are no more capabilities.
  const auto result = support::launch_probe({"-u", "www-data"}, {"status"}, [] {
    fail_prctl(PR_CAPBSET_READ, {{CAP_SYS_ADMIN, EINVAL}, {CAP_SYS_BOOT, EPERM}});
  });
  support::check_refused(result, 125, {"cannot read the bounding set: 21: Invalid argument"});
}

TEST_CASE("a bounding set that ends too early is not trusted") {
  support::enter_own_network();
  // A filter that cuts nothing and shows nothing: every drop "succeeds", and reading reports that
  // there are no more.
  for (const unsigned end : {0U, 5U, 37U, 40U}) {
    const auto lie = [=] {
      std::vector<Answer> drops;
      std::vector<Answer> reads;
      for (unsigned capability = 0; capability < 64; ++capability) {
        drops.push_back({capability, 0});
        reads.push_back({capability, capability < end ? 0 : EINVAL});
      }
      fail_prctl(PR_CAPBSET_DROP, drops);
      fail_prctl(PR_CAPBSET_READ, reads);
    };
    check_refused_to_read(end, support::launch_probe({"-u", "www-data"}, {"status"}, lie));
    // Without CAP_CHECKPOINT_RESTORE and its like, the launcher still knows the older ones.
    if (end > CAP_AUDIT_READ) {
      continue;
    }
    check_refused_to_read(end, support::launch_probe({"-u", "www-data"}, {"status"}, [&] {
                            support::keep_capabilities({CAP_SETUID, CAP_SETGID, CAP_SETPCAP,
                                                        CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN});
                            lie();
                          }));
  }
}

TEST_CASE("an unreadable bounding set is an error") {
  support::enter_own_network();
  const auto result = support::launch_probe({"-p", "80"}, {"status"}, [] {
    fail_prctl(PR_CAPBSET_READ, {{CAP_NET_BIND_SERVICE, EPERM}});
    support::become(33, 33);
  });
  support::check_refused(result, 125,
                         {"cannot read the bounding set: 10: Operation not permitted"});
}

TEST_CASE("an I/O error on the program file ends the launch") {
  support::require_root();
  support::require_strace();
  const auto program = support::probe();
  spoiled_call::check(
      {},
      {
          {"openat(AT_FDCWD, \"" + program, "error=EIO",
           "cannot open: " + program + ": Input/output error"},
          {"read(3, \"\\177ELF", "error=EIO", "cannot read: " + program + ": Input/output error"},
          {"getxattr(\"" + program, "error=EIO",
           "cannot read the file capabilities of: " + program + ": Input/output error"},
      });
}

TEST_CASE("the signal of a parent that died meanwhile is delivered") {
  support::enter_own_network();
  support::require_strace();
  const spoiled_call::Launch launch{.options = {"-p", "80", "--confine", "off"},
                                    .in_child = have_parent_death_signal,
                                    .strace_options = {"-D"}};
  const auto result = spoiled_call::run(launch, {"getppid(", "retval=1", ""});
  CHECK(result.status == 128 + SIGTERM);
  CHECK(result.out.empty());
  spoiled_call::check(launch,
                      {{"getppid(",
                        "retval=1",
                        "cannot deliver the parent-death signal: 15: Operation not permitted",
                        0,
                        {"-e", "inject=tgkill:error=EPERM"}}});
}

TEST_CASE("a failing step of leaving the session is named") {
  support::enter_own_network();
  support::require_strace();
  const Terminal terminal;
  const std::string cannot = "cannot leave the terminal's session: ";
  // -DD: the launcher is the test's own child, and strace is not in its process group.
  const auto launch = [&](Position position) {
    return spoiled_call::Launch{
        .options = {"--new-session"},
        .in_child = [&terminal, position] { terminal.control(position, Attached::kNone); },
        .strace_options = {"-DD"}};
  };
  std::vector<spoiled_call::Row> rows{
      {"openat(AT_FDCWD, \"/dev/tty\"", "error=EIO", cannot + "/dev/tty: Input/output error"},
      {"ioctl(3, TIOCNOTTY", "error=EIO", cannot + "TIOCNOTTY: Input/output error"},
      {"ioctl(3, TIOCNOTTY", "retval=0", cannot + "/dev/tty: it still controls this process"},
      {"rt_sigpending(", "error=EINVAL", cannot + "sigpending: Invalid argument"},
  };
  for (const std::string signal : {"SIGHUP", "SIGCONT"}) {
    for (const std::string action : {"SIG_IGN", "SIG_DFL"}) {
      rows.push_back({"rt_sigaction(" + signal + ", {sa_handler=" + action, "error=EINVAL",
                      cannot + "sigaction: Invalid argument"});
    }
  }
  spoiled_call::check(launch(Position::kSessionLeader), rows);
  spoiled_call::check(
      launch(Position::kGroupLeader),
      {
          {"setpgid(0, ", "error=EPERM", cannot + "setpgid: Operation not permitted"},
          {"getpgid(", "error=ESRCH", cannot + "setpgid: No such process"},
          {"getpgid(", "retval=0",
           cannot + "setpgid: its parent's group is in another PID namespace"},
          {"setsid(", "error=EPERM", cannot + "setsid: Operation not permitted"},
          {"setsid(", "retval=1", cannot + "setsid: it did not take effect"},
      });
}

TEST_CASE("blocked signals from giving up the terminal are discarded") {
  support::require_root();
  const Terminal terminal;
  const auto result = support::launch_probe({"-u", "www-data", "--new-session"}, {"status"}, [&] {
    terminal.control(Position::kSessionLeader, Attached::kNone);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGCONT);
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
  });
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["SigBlk"] == "0000000000020001");
  CHECK(field["SigPnd"] == "0000000000000000");
  CHECK(field["ShdPnd"] == "0000000000000000");
}

TEST_CASE("descriptors that cannot be proved closed end the launch") {
  support::enter_own_network();
  support::require_strace();
  // 5 is kept and 6 is open: above 5 no number below the limit is left for a canary.
  const spoiled_call::Launch full{.options = {"--keep-fd", "5"}, .in_child = [] {
                                    open_and_limit({5, 6}, 7);
                                  }};
  spoiled_call::check(full,
                      {
                          {"fcntl(0, F_DUPFD_CLOEXEC, 3", "error=EPERM",
                           "cannot close the descriptors from: 3: Operation not permitted"},
                          {"close_range(6, ", "retval=0",
                           "cannot close the descriptors from: 6: close_range did not close them"},
                      });
  // Nor is there one if the kept descriptor is above the limit.
  const auto result = support::launch_probe({"-u", "www-data", "--keep-fd", "5"}, {"fds"}, [] {
    open_and_limit({5, 6}, 5);
  });
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(support::fields(result.out)["fds"] == "0 1 2 5");
}

TEST_CASE("a socket on the wrong descriptor is not handed over") {
  support::enter_own_network();
  support::require_strace();
  // Two calls lie, so that a descriptor of the caller's stays open, and nothing seems wrong.
  const spoiled_call::Launch launch{.options = {"-p", "80", "-m", "listen-fds"},
                                    .in_child = [] { open_and_limit({3}, 64); }};
  spoiled_call::check(launch, {{"fcntl(4, F_GETFD",
                                "error=EBADF",
                                "cannot hand over: descriptor 3: the socket for it is descriptor ",
                                0,
                                {"-e", "inject=close_range:retval=0"}}});
}

TEST_CASE("a descriptor 0 to 2 that cannot be reserved ends the launch") {
  support::require_root();
  const auto result = support::launch_probe({"-u", "www-data"}, {"status"}, [] {
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    open_and_limit({}, 1);
  });
  support::check_refused(result, 125,
                         {"cannot open /dev/null as: descriptor 1: Too many open files"});
}

TEST_CASE("--own-stdio gives stderr of an inetd server to the account") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto answers = directory.write("answers", "", 0666);
  const auto result =
      support::launch_probe({"-u", "www-data", "-p", "80", "-m", "inetd", "--own-stdio"},
                            {"to=" + answers, "open=/dev/stderr"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(support::fields(support::read_file(answers))["open=/dev/stderr"] == "ok");
}

TEST_CASE("--own-stdio refuses even a world-writable file") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("file", "", 0666);
  const auto result = support::launch_probe({"-u", "www-data", "--own-stdio"}, {"status"}, [&] {
    if (dup2(open(file.c_str(), O_WRONLY | O_CLOEXEC), STDOUT_FILENO) != STDOUT_FILENO) {
      _exit(122);
    }
  });
  support::check_refused(
      result, 125, {"cannot give the account: descriptor 1: it is neither a pipe nor a terminal"});
  CHECK(support::read_file(file).empty());
}
