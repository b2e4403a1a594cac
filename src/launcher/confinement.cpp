// SPDX-License-Identifier: MIT
#include "launcher/confinement.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "launcher/socket_filter.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

// From <linux/landlock.h>, which covers the network from Linux 6.7 on: Debian 12's headers are
// older.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
};
struct NetPortAttributes {
  std::uint64_t allowed_access;
  std::uint64_t port;
};
constexpr int kRuleNetPort = 2;  // LANDLOCK_RULE_NET_PORT
// LANDLOCK_ACCESS_NET_BIND_TCP and LANDLOCK_ACCESS_NET_BIND_UDP. Connecting and sending are not
// handled and stay free, except for the port that the kernel chooses for a UDP socket without one,
// which the rule for port 0 allows.
constexpr std::uint64_t kBindTcp = 1U << 0U;
constexpr std::uint64_t kBindUdp = 1U << 2U;
// LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF and LOG_NEW_EXEC_ON: keep our own probes out of the
// audit log; log the daemon's denials, after its exec. The default is the other way round.
constexpr unsigned kLogDaemonAlone = 1 | 2;
constexpr int kFirstWithLogging = 7;

UniqueFd create_ruleset(std::uint64_t handled) {
  const RulesetAttributes attributes{0, handled};
  UniqueFd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0U)));
  if (!ruleset.valid()) {
    throw system_failure(kCannotConfine, "landlock_create_ruleset", errno);
  }
  return ruleset;
}

/// Two rules for one port add up: the kernel takes the union of what they allow.
void allow_port(const UniqueFd& ruleset, int port, std::uint64_t access) {
  const NetPortAttributes attributes{access, static_cast<std::uint64_t>(port)};
  if (syscall(SYS_landlock_add_rule, ruleset.value(), kRuleNetPort, &attributes, 0U) != 0) {
    throw system_failure(kCannotConfine, "landlock_add_rule for port " + std::to_string(port),
                         errno);
  }
}

void restrict_ports(const ConfinementPlan& plan) {
  const auto handled = confines_udp(plan) ? kBindTcp | kBindUdp : kBindTcp;
  const auto ruleset = create_ruleset(handled);
  // Port 0 means any port that the kernel chooses. That is never a privileged one:
  // ip_local_port_range cannot reach below ip_unprivileged_port_start.
  allow_port(ruleset, 0, handled);
  for (const auto port : plan.ports) {
    allow_port(ruleset, port, kBindTcp);
  }
  if (confines_udp(plan)) {
    for (const auto port : plan.udp_ports) {
      allow_port(ruleset, port, kBindUdp);
    }
  }
  if (plan.kind == Confinement::kPrivileged) {
    for (int port = std::max(plan.unprivileged_port_start, 1); port <= kHighestPort; ++port) {
      allow_port(ruleset, port, handled);
    }
  }
  const unsigned flags = plan.landlock_abi >= kFirstWithLogging ? kLogDaemonAlone : 0;
  if (syscall(SYS_landlock_restrict_self, ruleset.value(), flags) != 0) {
    const int error = errno;
    if (error != E2BIG) {
      throw system_failure(kCannotConfine, "landlock_restrict_self", error);
    }
    throw failure(kCannotConfine, "landlock_restrict_self",
                  "lowportbind itself is already confined 16 times, the most that Landlock allows");
  }
}

}  // namespace

void confine(const ConfinementPlan& plan) {
  restrict_ports(plan);
  install_socket_filter();
}

}  // namespace lowport
