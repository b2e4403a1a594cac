// SPDX-License-Identifier: MIT
#include "launcher/confinement.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "comparison.hpp"
#include "launcher/plan.hpp"
#include "launches.hpp"

namespace bench {
namespace {

using lowport::Confinement;
using lowport::ConfinementPlan;
using lowport::UniqueFd;

/// Never returns. Failures are reported on stderr, and the parent finds the pipe empty.
[[noreturn]] void report_time(const std::function<void()>& work, const UniqueFd& pipe) {
  try {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    const double start = read_clock();
    work();
    const double taken = read_clock() - start;
    check(write(pipe.value(), &taken, sizeof(taken)) == sizeof(taken), "write");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  _exit(EXIT_SUCCESS);
}

/// In a child, which takes the time itself: confinement cannot be undone.
double measure_in_child(const std::function<void()>& work) {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) {
    report_time(work, write_end);
  }
  write_end = UniqueFd();
  double taken = 0;
  const bool reported = read(read_end.value(), &taken, sizeof(taken)) == sizeof(taken);
  check(waitpid(child, nullptr, 0) == child, "waitpid");
  if (!reported) {
    throw std::runtime_error("the child could not be confined");
  }
  return taken;
}

/// A filter that allows everything, as long as that of confine(). The kernel runs a new filter for
/// every system call number, to cache the answers that depend on nothing else: so this one also
/// takes as many steps to answer.
auto make_bare_filter() {
  constexpr std::size_t kLength = 37;
  constexpr std::size_t kSteps = 6;
  std::array<sock_filter, kLength> filter{};
  filter.fill({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  const sock_filter load_number{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)};
  std::fill_n(filter.begin(), kSteps, load_number);
  return filter;
}

/// The system calls of confine() and nothing else, in its order.
void confine_bare(const ConfinementPlan& plan) {
  constexpr std::uint64_t kAccessNetBindTcp = 1;
  constexpr int kRuleNetPort = 2;
  constexpr std::uint64_t kHighestPort = 65535;
  // handled_access_fs, handled_access_net.
  const std::array<std::uint64_t, 2> attributes{0, kAccessNetBindTcp};
  const auto ruleset = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0U);
  bool failed = ruleset < 0;
  const auto allow_port = [&](std::uint64_t port) {
    const std::array<std::uint64_t, 2> rule{kAccessNetBindTcp, port};
    failed |= syscall(SYS_landlock_add_rule, ruleset, kRuleNetPort, &rule, 0U) != 0;
  };
  allow_port(0);
  for (const auto port : plan.ports) {
    allow_port(port);
  }
  if (plan.kind == Confinement::kPrivileged) {
    const auto start = static_cast<std::uint64_t>(plan.unprivileged_port_start);
    for (auto port = start; port <= kHighestPort; ++port) {
      allow_port(port);
    }
  }
  failed |= syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0;
  failed |= close(static_cast<int>(ruleset)) != 0;
  auto filter = make_bare_filter();
  const sock_fprog program{filter.size(), filter.data()};
  failed |= syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0;
  if (failed) {
    throw std::runtime_error("the bare system calls failed");
  }
}

Comparison compare_kind(const std::string& name, Confinement kind, std::size_t samples) {
  ConfinementPlan plan;
  plan.kind = kind;
  plan.ports = {80};
  const auto time_of = [plan](void (*confine)(const ConfinementPlan&)) {
    return [plan, confine] { return measure_in_child([&] { confine(plan); }); };
  };
  return {name,
          false,
          {{"bare system calls", samples, time_of(confine_bare)},
           {"confine()", samples, time_of(lowport::confine), {{"bare system calls", 1.1}}}}};
}

}  // namespace

std::vector<Comparison> compare_confine() {
  return {compare_kind("confine: listed, one port", Confinement::kListed, 1001),
          compare_kind("confine: privileged, one port", Confinement::kPrivileged, 51)};
}

}  // namespace bench
