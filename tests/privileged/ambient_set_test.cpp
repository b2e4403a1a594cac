// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "daemon.hpp"

using support::launch_probe;

namespace {

/// For in_child, as root: every PR_CAP_AMBIENT fails with EINVAL, as on a kernel without an ambient
/// set (gVisor: google/gvisor#3166).
void lose_ambient_set() {
  // Its low half, on a little-endian machine.
  constexpr unsigned kFirstArgument = offsetof(seccomp_data, args);
  std::array<sock_filter, 6> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirstArgument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_CAP_AMBIENT, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
    _exit(122);
  }
}

}  // namespace

TEST_CASE("without an ambient set ambient mode hints at listen-fds") {
  support::enter_own_network();
  const auto result = launch_probe({"-u", "www-data", "-p", "80", "--confine", "off"}, {"status"},
                                   lose_ambient_set);
  support::check_refused(result, 125, {"ambient", "hint: ", "--mode listen-fds"});
}

TEST_CASE("only ambient mode with the capability needs the ambient set") {
  support::enter_own_network();
  for (const support::Words& options :
       {support::Words{"-p", "80", "-m", "listen-fds"}, support::Words{"-p", "80", "-m", "nginx"},
        support::Words{"-p", "8080"}}) {
    support::check_daemon(
        launch_probe(support::join({{"-u", "www-data", "--confine", "off"}, options}), {"status"},
                     lose_ambient_set),
        {});
  }
  support::check_denied("tcp/4/80");
}
