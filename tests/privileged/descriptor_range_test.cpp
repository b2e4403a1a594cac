// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "daemon.hpp"
#include "refused_calls.hpp"

using support::launch_probe;

// Kernels before Linux 5.9 have no close_range(2), and the filters of older container engines
// refuse it.

namespace {

const support::Words kUser{"-u", "www-data", "--groups", "none"};

struct Leak {
  std::vector<int> descriptors;
  rlim_t limit = 1024;
  int error = ENOSYS;

  void operator()() const {
    for (const int descriptor : descriptors) {
      if (dup2(STDIN_FILENO, descriptor) != descriptor) {
        _exit(122);
      }
    }
    const rlimit files{limit, limit};
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
      _exit(122);
    }
    support::refuse_calls({{SYS_close_range, error}});
  }
};

std::vector<int> from_to(int first, int last) {
  std::vector<int> numbers;
  for (int number = first; number <= last; ++number) {
    numbers.push_back(number);
  }
  return numbers;
}

std::string fds_of(const support::Words& options, const std::function<void()>& in_child,
                   const support::Words& questions = {"fds"}) {
  const auto result = launch_probe(support::join({kUser, options}), questions, in_child);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  return support::fields(result.out)["fds"];
}

/// For in_child, in mounts of the test's own.
void lose_proc() {
  if (mount("none", "/proc", "tmpfs", 0, nullptr) != 0) {
    _exit(122);
  }
}

}  // namespace

TEST_CASE("without close_range descriptors are closed one by one") {
  support::enter_own_network();
  for (const int error : {ENOSYS, EPERM, EACCES}) {
    CAPTURE(error);
    const Leak leak{from_to(3, 902), 1024, error};
    CHECK(support::fields(support::run_in_child({support::probe(), "fds"}, leak).out)["fds"]
              .ends_with(" 902"));
    CHECK(fds_of({}, leak) == "0 1 2");
    CHECK(fds_of({"--keep-fd", "7", "--keep-fd", "500"}, leak) == "0 1 2 7 500");
    CHECK(fds_of({"-p", "80-82", "-m", "listen-fds"}, leak) == "0 1 2 3 4 5");
    CHECK(fds_of({"-p", "80"}, Leak{{}, 1024, error}) == "0 1 2");
  }
}

TEST_CASE("without close_range one above a lowered limit is closed") {
  support::require_root();
  CHECK(fds_of({}, Leak{{900}, 40}) == "0 1 2");
  CHECK(fds_of({"--keep-fd", "900"}, Leak{{899, 900, 901}, 40}) == "0 1 2 900");
}

TEST_CASE("without close_range a full descriptor table is closed") {
  support::require_root();
  // One number is left, which the loader needs as well: the canary takes it, and none is left for
  // /proc/self/fd.
  CHECK(fds_of({}, Leak{from_to(3, 19), 21}, {"nofile=64", "fds"}) == "0 1 2");
  CHECK(fds_of({"--keep-fd", "3", "--keep-fd", "19"}, Leak{from_to(3, 19), 21},
               {"nofile=64", "fds"}) == "0 1 2 3 19");
}

TEST_CASE("any other failure of close_range ends the launch") {
  support::require_root();
  for (const int error : {EBADF, EINVAL, ENOMEM}) {
    support::check_refused(launch_probe(kUser, {"status"}, Leak{{}, 1024, error}), 125,
                           {"cannot close the descriptors from: 3: "});
  }
}

TEST_CASE("without close_range and /proc the launch is refused") {
  support::require_root();
  support::enter_own_mounts();
  const auto result = launch_probe(kUser, {"status"}, [] {
    lose_proc();
    Leak{{900}, 40}();
  });
  support::check_refused(result, 125,
                         {"cannot close the descriptors from: 3: close_range is not available, and "
                          "/proc/self/fd cannot be read: No such file or directory",
                          "hint: mount /proc, or use Linux 5.9 or later and a container engine "
                          "that allows close_range"});
}

TEST_CASE("a descriptor list that is not its own is not trusted") {
  support::require_root();
  support::enter_own_mounts();
  const auto result = launch_probe(kUser, {"status"}, [] {
    lose_proc();
    if (mkdir("/proc/self", 0755) != 0 || mkdir("/proc/self/fd", 0755) != 0) {
      _exit(122);
    }
    Leak{{900}, 40}();
  });
  support::check_refused(result, 125, {"/proc/self/fd does not list this process's descriptors"});
}

TEST_CASE("a descriptor that close leaves open ends the launch") {
  support::require_root();
  support::require_strace();
  for (const int leaked : {3, 900}) {
    const auto traced =
        support::trace({"-e", "inject=close_range:error=ENOSYS", "-e", "inject=close:retval=0"},
                       {support::launcher(), "-u", "33:33", "--", support::probe(), "status"},
                       [&] { dup2(STDIN_FILENO, leaked); });
    support::check_refused(traced.result, 125,
                           {"cannot close the descriptors from: 3: close did not close them"});
  }
}
