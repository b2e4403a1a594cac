#include "plan.hpp"

#include <linux/capability.h>

#include <algorithm>
#include <array>

#include "error.hpp"

namespace lowportbind {
namespace {

constexpr int kFirstHandedOver = 3;  // SD_LISTEN_FDS_START; nginx and inetd servers have no rule of their own
constexpr int kDefaultBacklog = 4096;

constexpr std::string_view kContradiction = "the options contradict each other";
constexpr std::string_view kNoEffect = "the option has no effect";

constexpr std::array<const char*, 4> kSetForAccount{"HOME", "USER", "LOGNAME", "SHELL"};

bool is_set_for_account(std::string_view name) {
  return std::find(kSetForAccount.begin(), kSetForAccount.end(), name) != kSetForAccount.end();
}

bool opens_sockets(Mode mode) { return mode != Mode::kAmbient; }

std::string mode_option(Mode mode) { return "--mode " + std::string(format(mode)); }

/// In ambient mode the daemon binds by itself, and of what was listed the kernel checks the port alone.
void check_ambient(const Options& options) {
  for (const auto& address : options.listen) {
    if (!address.name.empty()) {
      throw failure(kNoEffect, format(address), "a descriptor name needs a descriptor, and --mode ambient passes none",
                    "leave \"" + address.name + "=\" out, or use --mode listen-fds");
    }
    if (address.host != HostKind::kEvery) {
      throw failure(kNoEffect, format(address),
                    "in --mode ambient the daemon chooses the address, only the port counts",
                    "leave the host out, or use --mode listen-fds, inetd or nginx");
    }
  }
  if (options.backlog) throw failure(kNoEffect, "--backlog", "in --mode ambient the daemon opens its own sockets");
  if (options.reuse_port)
    throw failure(kNoEffect, "--reuse-port", "in --mode ambient the daemon opens its own sockets");
}

void check_socket_mode(const Options& options, const Host& host) {
  const bool inherits = options.mode == Mode::kListenFds && host.inherited.has_value();
  if (options.listen.empty() && !inherits) {
    throw failure(kNoEffect, mode_option(options.mode), "no port is listed", "list one: -p 80");
  }
  if (options.mode == Mode::kInetd && options.listen.size() != 1) {
    throw failure(kContradiction, mode_option(options.mode),
                  "an inetd server has one socket, and " + std::to_string(options.listen.size()) + " ports are listed");
  }
  const auto is_tcp = [](const ListenAddress& address) { return address.transport == Transport::kTcp; };
  if (options.backlog && std::none_of(options.listen.begin(), options.listen.end(), is_tcp)) {
    throw failure(kNoEffect, "--backlog", "no TCP port is listed, and only those have a queue");
  }
  if (options.backlog && host.longest_backlog && *options.backlog > *host.longest_backlog) {
    const auto wanted = std::to_string(*options.backlog);
    throw failure("cannot have the backlog", wanted, "the kernel cuts it to " + std::to_string(*host.longest_backlog),
                  "as root: sysctl -w net.core.somaxconn=" + wanted);
  }
  if (options.reuse_port && options.listen.empty()) throw failure(kNoEffect, "--reuse-port", "no port is listed");
  if (options.mode == Mode::kListenFds) return;
  for (const auto& address : options.listen) {
    if (address.name.empty()) continue;
    throw failure(kNoEffect, format(address), "only --mode listen-fds passes descriptor names on",
                  "leave \"" + address.name + "=\" out");
  }
}

void check_options(const Options& options, const Host& host) {
  if (host.inherited && options.mode != Mode::kListenFds) {
    throw failure(kContradiction, mode_option(options.mode),
                  "lowportbind was itself started with sockets (LISTEN_FDS), which only listen-fds hands on",
                  "use --mode listen-fds, or start it without socket activation");
  }
  if (!options.environment.clear && !options.environment.keep.empty()) {
    throw failure(kNoEffect, "--env " + options.environment.keep.front(), "without --clear-env every variable is kept",
                  "set it: --env " + options.environment.keep.front() + "=VALUE, or add --clear-env");
  }
  if (options.allow_new_privs && host.no_new_privs) {
    throw failure(kNoEffect, "--allow-new-privs", "no_new_privs is set already, and nothing can unset it",
                  "leave the option out, or start lowportbind without it; docker: no --security-opt no-new-privileges");
  }
  for (const auto& name : options.environment.keep) {
    if (is_always_kept(name)) throw failure(kNoEffect, "--env " + name, "--clear-env keeps this variable anyway");
    if (options.user && is_set_for_account(name)) {
      throw failure(kNoEffect, "--env " + name, "with --user this variable follows the account",
                    "set it: --env " + name + "=VALUE");
    }
  }
  if (opens_sockets(options.mode)) {
    check_socket_mode(options, host);
  } else {
    check_ambient(options);
  }
  if (const auto overlap = find_overlap(options.listen)) {
    const auto& [one, other] = *overlap;
    if (one == other) throw failure(kContradiction, format(one), "it is listed twice");
    throw failure(kContradiction, format(other), "it overlaps " + format(one));
  }
}

/// The way out, as a command, for each reason why the launcher has not got the capability.
std::string hint_for_capability(const Account& account, const Host& host) {
  if (!host.can_be_granted) {
    return "it is not in the bounding set; container: docker run --cap-add NET_BIND_SERVICE; systemd: "
           "CapabilityBoundingSet=CAP_NET_BIND_SERVICE in the unit";
  }
  if (host.no_new_privs) {
    return "no_new_privs is set, which voids file capabilities; Kubernetes: allowPrivilegeEscalation: true; systemd: "
           "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit";
  }
  const auto& path = host.launcher_path;
  return "start it as root, or let the group that may open low ports run it, as root: chgrp " +
         std::to_string(account.gid) + " " + path + " && chmod 0750 " + path + " && setcap cap_net_bind_service=p " +
         path;
}

void check_rights(const Options& options, const Account& account, const Host& host, const PrivilegePlan& privileges) {
  const auto effective = host.capabilities.effective;
  const auto who = "uid " + std::to_string(host.identity.uid);
  const std::string way_out = host.identity.is_root()
                                  ? "container: docker run --cap-add SETUID --cap-add SETGID; or start it as that user"
                                  : "start it as root: sudo lowportbind ..., or leave --user out";
  if (privileges.change_uid && !contains(effective, CAP_SETUID)) {
    throw failure("cannot become", format(account), who + " may not change its user (CAP_SETUID)", way_out);
  }
  if ((privileges.change_gid || privileges.change_groups) && !contains(effective, CAP_SETGID)) {
    throw failure("cannot become", format(account), who + " may not change its groups (CAP_SETGID)",
                  privileges.change_gid ? way_out : "keep the groups: --groups keep");
  }
  if (contains(host.capabilities.permitted, CAP_NET_BIND_SERVICE)) return;
  for (const auto& address : options.listen) {
    if (!is_privileged(address, host.unprivileged_port_start)) continue;
    throw failure("cannot give the port", format(address),
                  "ports below " + std::to_string(host.unprivileged_port_start) +
                      " need CAP_NET_BIND_SERVICE, and lowportbind was started without it",
                  hint_for_capability(account, host));
  }
}

bool lists_privileged_port(const Options& options, const Host& host) {
  return std::any_of(options.listen.begin(), options.listen.end(), [&](const ListenAddress& address) {
    return is_privileged(address, host.unprivileged_port_start);
  });
}

PrivilegePlan plan_privileges(const Options& options, const Account& account, const Host& host) {
  PrivilegePlan privileges;
  const bool grant = !opens_sockets(options.mode) && lists_privileged_port(options, host);
  privileges.capabilities = grant ? kNetBindService : kNoCapability;
  privileges.set_no_new_privs = !options.allow_new_privs;
  // Without CAP_SETPCAP the set stays as it is, and no_new_privs keeps it from mattering: nothing that execve(2) could
  // add from a file is added then.
  privileges.cut_bounding_set = !options.allow_new_privs && contains(host.capabilities.effective, CAP_SETPCAP);
  privileges.change_groups = account.groups != host.identity.groups;
  privileges.change_gid = account.gid != host.identity.gid;
  privileges.change_uid = account.uid != host.identity.uid;
  privileges.keep_capabilities = grant && host.identity.is_root();
  privileges.parent_death = host.parent_death;
  return privileges;
}

std::vector<PlannedSocket> plan_sockets(const Options& options, const Host& host) {
  std::vector<PlannedSocket> sockets;
  sockets.reserve(options.listen.size());
  for (const auto& address : options.listen) {
    if (address.host == HostKind::kIpv6) {
      sockets.push_back({address, SocketFamily::kIpv6Only});
    } else if (address.host == HostKind::kIpv4 || !host.has_ipv6) {
      sockets.push_back({address, SocketFamily::kIpv4});
    } else if (options.mode == Mode::kNginx) {
      // `listen 80; listen [::]:80` looks among the inherited sockets for these two, and for no dual-stack one.
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
  if (!opens_sockets(options.mode)) return plan;
  plan.sockets = plan_sockets(options, host);
  plan.backlog = options.backlog.value_or(kDefaultBacklog);
  plan.reuse_port = options.reuse_port;
  if (account.uid != host.identity.uid) plan.fsuid = account.uid;
  plan.raise_capability =
      lists_privileged_port(options, host) && !contains(host.capabilities.effective, CAP_NET_BIND_SERVICE);
  return plan;
}

DescriptorPlan plan_descriptors(const Options& options, const Host& host, std::size_t socket_count) {
  DescriptorPlan plan;
  plan.inherited = host.inherited ? static_cast<int>(host.inherited->names.size()) : 0;
  plan.first = kFirstHandedOver + plan.inherited;
  plan.count = static_cast<int>(socket_count);
  plan.kept = options.keep_fds;
  std::sort(plan.kept.begin(), plan.kept.end());
  // An inetd server has its socket as 0 and 1, whatever number it has until then.
  if (options.mode != Mode::kInetd && !plan.kept.empty() && plan.kept.front() < plan.first + plan.count) {
    throw failure(kContradiction, "--keep-fd " + std::to_string(plan.kept.front()),
                  mode_option(options.mode) + " puts a socket there",
                  "the sockets take descriptors 3 to " + std::to_string(plan.first + plan.count - 1));
  }
  return plan;
}

/// The variables by which sockets are announced, in the spelling of sd_listen_fds(3) and of nginx.
void announce_sockets(const Options& options, const Host& host, const DescriptorPlan& descriptors,
                      EnvironmentPlan& environment) {
  const int total = descriptors.inherited + descriptors.count;
  if (options.mode == Mode::kNginx) {
    std::string numbers;  // each is followed by a semicolon, the last one too: nginx ignores a number without
    for (int index = 0; index < total; ++index) numbers += std::to_string(kFirstHandedOver + index) + ";";
    environment.set.emplace_back("NGINX", numbers);
  }
  if (options.mode != Mode::kListenFds) return;
  environment.set.emplace_back("LISTEN_FDS", std::to_string(total));
  environment.set.emplace_back("LISTEN_PID", std::to_string(host.pid));
  std::string names;
  bool any = false;
  const auto add = [&](const std::string& name) {
    names += (names.empty() ? "" : ":") + (name.empty() ? "unknown" : name);
    any = any || !name.empty();
  };
  for (int index = 0; index < descriptors.inherited; ++index)
    add(host.inherited->names[static_cast<std::size_t>(index)]);
  for (const auto& address : options.listen) add(address.name);
  if (any) environment.set.emplace_back("LISTEN_FDNAMES", names);
}

EnvironmentPlan plan_environment(const Options& options, const Account& account, const Host& host,
                                 const DescriptorPlan& descriptors) {
  EnvironmentPlan environment;
  environment.clear = options.environment.clear;
  environment.keep = options.environment.keep;
  environment.unset = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID", "NGINX"};
  if (options.user) {
    environment.unset.insert(environment.unset.end(), kSetForAccount.begin(), kSetForAccount.end());
    environment.set.emplace_back("HOME", account.user.empty() ? "/" : account.home);
    if (!account.user.empty()) {
      environment.set.emplace_back("USER", account.user);
      environment.set.emplace_back("LOGNAME", account.user);
      environment.set.emplace_back("SHELL", account.shell.empty() ? "/bin/sh" : account.shell);  // passwd(5)
    }
  }
  announce_sockets(options, host, descriptors, environment);
  // What was set by name comes last, and so wins over what follows from the account.
  environment.set.insert(environment.set.end(), options.environment.set.begin(), options.environment.set.end());
  return environment;
}

}  // namespace

// What a shell of the daemon's could not do without, and nothing that may carry a secret.
bool is_always_kept(std::string_view name) {
  constexpr std::array<std::string_view, 4> kAlways{"PATH", "TERM", "LANG", "TZ"};
  return name.starts_with("LC_") || std::find(kAlways.begin(), kAlways.end(), name) != kAlways.end();
}

bool is_privileged(const ListenAddress& address, int unprivileged_port_start) {
  return address.port < unprivileged_port_start;
}

Plan make_plan(const Options& options, const Account& account, const Host& host) {
  check_options(options, host);
  Plan plan;
  plan.account = account;
  plan.mode = options.mode;
  plan.listen = options.listen;
  plan.unprivileged_port_start = host.unprivileged_port_start;
  plan.privileges = plan_privileges(options, account, host);
  check_rights(options, account, host, plan.privileges);
  plan.sockets = plan_socket_opening(options, account, host);
  plan.descriptors = plan_descriptors(options, host, plan.sockets.sockets.size());
  plan.environment = plan_environment(options, account, host, plan.descriptors);
  plan.own_stdio = options.own_stdio;
  plan.new_session = options.new_session;
  plan.command = options.command;
  return plan;
}

}  // namespace lowportbind
