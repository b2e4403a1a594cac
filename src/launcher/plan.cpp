// SPDX-License-Identifier: MIT
#include "launcher/plan.hpp"

#include <linux/capability.h>

#include <algorithm>

#include "base/error.hpp"
#include "launcher/consistency.hpp"
#include "launcher/rights.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

constexpr int kDefaultBacklog = 4096;

PrivilegePlan plan_privileges(const Options& options, const Account& account, const Host& host) {
  PrivilegePlan privileges;
  const bool grant = !opens_sockets(options.mode) && lists_privileged_port(options, host);
  privileges.capabilities = grant ? kNetBindService : kNoCapability;
  privileges.seen_capabilities = host.capabilities.permitted;
  privileges.set_no_new_privs = !options.allow_new_privs;
  // Without CAP_SETPCAP the set stays as it is, and no_new_privs makes that harmless: execve(2)
  // then adds nothing from a file.
  privileges.cut_bounding_set =
      !options.allow_new_privs && contains(host.capabilities.effective, CAP_SETPCAP);
  privileges.change_groups = changes_groups(options.groups, account, host.identity);
  if (options.own_stdio) {
    privileges.kept_for_stdio = host.capabilities.effective & bit(CAP_CHOWN);
  }
  // Harmless: with no_new_privs, no file can draw on what is left in the bounding set.
  if (!grant && privileges.cut_bounding_set && host.may_keep_capabilities.value()) {
    privileges.undecided_bounding = kNetBindService;
  }
  const auto kept =
      privileges.capabilities | privileges.kept_for_stdio | privileges.undecided_bounding;
  privileges.keep_capabilities = kept != kNoCapability && host.identity.is_root();
  // A launcher that may change its user counts as another user, whatever the ids look like in this
  // user namespace.
  privileges.leave_keyring = contains(host.capabilities.effective, CAP_SETUID);
  privileges.parent_death = host.parent_death;
  return privileges;
}

/// Why the daemon cannot be confined, by this kernel or with the launcher's rights; empty if it
/// can.
std::string what_confinement_lacks(const Options& options, const Host& host) {
  if (!host.confinement.value().why_not.empty()) {
    return host.confinement.value().why_not;
  }
  if (options.confinement == Confinement::kPrivileged && !host.unprivileged_port_start) {
    return "net.ipv4.ip_unprivileged_port_start, where the privileged ports end, cannot be read";
  }
  if (options.allow_new_privs && !contains(host.capabilities.effective, CAP_SYS_ADMIN)) {
    return "with --allow-new-privs the confinement needs CAP_SYS_ADMIN";
  }
  return {};
}

/// A confinement that was asked for is enforced or refused; the default is left out where it is not
/// available.
ConfinementPlan plan_confinement(const Options& options, const Host& host, CapabilitySet granted) {
  ConfinementPlan plan;
  auto kind = confinement_of(options);
  if (kind == Confinement::kPrivileged && granted == kNoCapability) {
    if (options.confinement) {
      throw failure(kNoEffect, "--confine privileged",
                    "without the capability the daemon can bind no privileged port",
                    "leave it out, or use --confine listed");
    }
    kind = Confinement::kOff;
  }
  if (kind == Confinement::kOff) {
    return plan;
  }
  plan.why_not = what_confinement_lacks(options, host);
  if (!plan.why_not.empty()) {
    if (!options.confinement) {
      return plan;
    }
    throw failure(
        kCannotConfine, "--confine " + std::string(confinement_name(kind)), plan.why_not,
        opens_sockets(options.mode)
            ? "leave --confine out"
            : "use --mode listen-fds, which needs no capability; or do without: --confine off");
  }
  plan.kind = kind;
  plan.unprivileged_port_start = privileged_port_end(host);
  plan.privileged_granted = granted != kNoCapability;
  plan.landlock_abi = host.confinement.value().landlock_abi;
  for (const auto& address : options.listen) {
    (address.transport == Transport::kTcp ? plan.ports : plan.udp_ports).push_back(address.port);
  }
  return plan;
}

std::vector<PlannedSocket> plan_sockets(const Options& options, const Host& host) {
  std::vector<PlannedSocket> sockets;
  sockets.reserve(options.listen.size());
  for (const auto& address : options.listen) {
    if (address.host == HostKind::kIpv6) {
      sockets.push_back({address, SocketFamily::kIpv6Only});
    } else if (address.host == HostKind::kIpv4 || !host.has_ipv6.value()) {
      sockets.push_back({address, SocketFamily::kIpv4});
    } else if (options.mode == Mode::kNginx) {
      // `listen 80; listen [::]:80` looks for these two among the inherited sockets, never for a
      // dual-stack one.
      sockets.push_back({address, SocketFamily::kIpv4});
      sockets.push_back({address, SocketFamily::kIpv6Only});
    } else {
      sockets.push_back({address, SocketFamily::kDualStack});
    }
  }
  return sockets;
}

SocketPlan plan_socket_opening(const Options& options, const Account& account, const Host& host) {
  SocketPlan plan;
  plan.only_probe = !opens_sockets(options.mode);
  if (plan.only_probe && options.action != Action::kCheck) {
    return plan;
  }
  plan.sockets = plan_sockets(options, host);
  plan.backlog = options.backlog.value_or(kDefaultBacklog);
  plan.reuse_port = options.reuse_port;
  plan.own_fsuid = host.identity.uid;
  if (!plan.only_probe && account.uid != host.identity.uid) {
    plan.lacks_fsuid = !host.has_fsuid.value();
    if (!plan.lacks_fsuid) {
      plan.fsuid = account.uid;
    }
  }
  if (plan.lacks_fsuid && plan.reuse_port) {
    throw failure(
        kCannotOpenSocketsAs, describe_account(account),
        "setfsuid is not available, and --reuse-port shares a port only within one user's sockets",
        "leave --reuse-port out");
  }
  plan.raise_capability =
      lists_privileged_port(options, host) &&
      contains(host.capabilities.permitted & ~host.capabilities.effective, CAP_NET_BIND_SERVICE);
  return plan;
}

DescriptorPlan plan_descriptors(const Options& options, const Host& host,
                                std::size_t socket_count) {
  DescriptorPlan plan;
  plan.inherited = host.inherited ? static_cast<int>(host.inherited->names.size()) : 0;
  plan.first = kFirstPassed + plan.inherited;
  plan.count = static_cast<int>(socket_count);
  plan.kept = options.keep_fds;
  std::sort(plan.kept.begin(), plan.kept.end());
  // An inetd server gets its socket as 0 and 1, whatever its number until then.
  if (options.mode != Mode::kInetd && !plan.kept.empty() &&
      plan.kept.front() < plan.first + plan.count) {
    throw failure(
        kContradiction, "--keep-fd " + std::to_string(plan.kept.front()),
        "--mode " + std::string(mode_name(options.mode)) + " puts a socket there",
        "the sockets take descriptors 3 to " + std::to_string(plan.first + plan.count - 1));
  }
  return plan;
}

/// The variables that announce sockets, as sd_listen_fds(3) and nginx expect them.
void announce_sockets(const Options& options, const Host& host, const DescriptorPlan& descriptors,
                      EnvironmentPlan& environment) {
  const int total = descriptors.inherited + descriptors.count;
  if (options.mode == Mode::kNginx) {
    // A semicolon follows each number, the last one too: nginx ignores a number without one.
    std::string numbers;
    for (int index = 0; index < total; ++index) {
      numbers += std::to_string(kFirstPassed + index) + ";";
    }
    environment.set.emplace_back("NGINX", numbers);
  }
  if (options.mode != Mode::kListenFds) {
    return;
  }
  environment.set.emplace_back("LISTEN_FDS", std::to_string(total));
  environment.set.emplace_back("LISTEN_PID", std::to_string(host.pid));
  std::string names;
  bool any = false;
  const auto add = [&](const std::string& name) {
    names += (names.empty() ? "" : ":") + (name.empty() ? "unknown" : name);
    any = any || !name.empty();
  };
  for (int index = 0; index < descriptors.inherited; ++index) {
    add(host.inherited->names[static_cast<std::size_t>(index)]);
  }
  for (const auto& address : options.listen) {
    add(address.name);
  }
  if (any) {
    environment.set.emplace_back("LISTEN_FDNAMES", names);
  }
}

EnvironmentPlan plan_environment(const Options& options, const Account& account, const Host& host,
                                 const DescriptorPlan& descriptors) {
  EnvironmentPlan environment;
  environment.clear = options.environment.clear;
  environment.keep = options.environment.keep;
  environment.unset.assign(kAnnouncesDescriptors.begin(), kAnnouncesDescriptors.end());
  if (options.user) {
    environment.unset.insert(environment.unset.end(), kFollowsAccount.begin(),
                             kFollowsAccount.end());
    environment.set.emplace_back("HOME", account.user.empty() ? "/" : account.home);
    if (!account.user.empty()) {
      environment.set.emplace_back("USER", account.user);
      environment.set.emplace_back("LOGNAME", account.user);
      // passwd(5)
      environment.set.emplace_back("SHELL", account.shell.empty() ? "/bin/sh" : account.shell);
    }
  }
  announce_sockets(options, host, descriptors, environment);
  // Variables set explicitly come last, and so override those that follow from the account.
  environment.set.insert(environment.set.end(), options.environment.set.begin(),
                         options.environment.set.end());
  return environment;
}

}  // namespace

bool confines_udp(const ConfinementPlan& plan) {
  constexpr int kFirstWithUdp = 10;
  return plan.kind != Confinement::kOff && plan.landlock_abi >= kFirstWithUdp;
}

Plan make_plan(const Options& options, const Account& account, const Host& host) {
  check_consistency(options, host);
  Plan plan;
  plan.pid = host.pid;
  plan.account = account;
  plan.mode = options.mode;
  plan.listen = options.listen;
  plan.unprivileged_port_start = privileged_port_end(host);
  plan.privileges = plan_privileges(options, account, host);
  check_rights(options, account, host);
  plan.confinement = plan_confinement(options, host, plan.privileges.capabilities);
  plan.sockets = plan_socket_opening(options, account, host);
  plan.descriptors =
      plan_descriptors(options, host, plan.sockets.only_probe ? 0 : plan.sockets.sockets.size());
  plan.sockets.descriptors =
      static_cast<std::size_t>(plan.descriptors.first + plan.descriptors.count) +
      plan.descriptors.kept.size();
  plan.environment = plan_environment(options, account, host, plan.descriptors);
  plan.own_stdio = options.own_stdio;
  plan.new_session = options.new_session;
  plan.command = options.command;
  return plan;
}

}  // namespace lowport
