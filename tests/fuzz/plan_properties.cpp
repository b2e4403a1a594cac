// SPDX-License-Identifier: MIT
#include <linux/capability.h>

#include <algorithm>
#include <string>
#include <vector>

#include "launcher/report.hpp"
#include "launcher/report_json.hpp"
#include "properties.hpp"

namespace fuzz {

using lowport::Action;
using lowport::Confinement;
using lowport::contains;
using lowport::Host;
using lowport::HostKind;
using lowport::kNetBindService;
using lowport::kNoCapability;
using lowport::Mode;
using lowport::Options;
using lowport::Plan;
using lowport::SocketFamily;
using lowport::Transport;

void check_privileges(const Plan& plan, const Options& options, const Host& host) {
  const auto& privileges = plan.privileges;
  const bool privileged =
      std::any_of(plan.listen.begin(), plan.listen.end(), [&](const auto& address) {
        return static_cast<int>(address.port) < host.unprivileged_port_start.value_or(1024);
      });
  const bool wanted = options.mode == Mode::kAmbient && privileged;
  require(privileges.capabilities == (wanted ? kNetBindService : kNoCapability),
          "the daemon has the capability only if it binds a privileged port itself");
  // For our own sockets, bind(2) decides if it is unknown which ports are privileged.
  const bool bind_decides = options.mode != Mode::kAmbient && !host.unprivileged_port_start;
  require(
      !privileged || bind_decides || contains(host.capabilities.permitted, CAP_NET_BIND_SERVICE),
      "a privileged port needs the capability");
  require(privileges.set_no_new_privs != options.allow_new_privs,
          "no_new_privs is left out only when asked for");
  require(!options.allow_new_privs || !privileges.cut_bounding_set,
          "--allow-new-privs leaves the bounding set alone");
  require(privileges.cut_bounding_set ==
              (!options.allow_new_privs && contains(host.capabilities.effective, CAP_SETPCAP)),
          "the bounding set is cut wherever it can be");
  require(privileges.undecided_bounding == kNoCapability ||
              (!wanted && privileges.cut_bounding_set && privileges.set_no_new_privs &&
               (!host.identity.is_root() || privileges.keep_capabilities)),
          "a bit of the bounding set waits only where nothing can be drawn from it, and what cuts "
          "it is kept");
  const auto& [uid, gid, groups] = host.identity;
  require(privileges.change_groups == (plan.account.groups != groups),
          "the groups change if they differ");
  require(plan.account.uid == uid || contains(host.capabilities.effective, CAP_SETUID),
          "the uid can be changed");
  require(plan.account.gid == gid || contains(host.capabilities.effective, CAP_SETGID),
          "the gid can be changed");
  require(!privileges.change_groups || contains(host.capabilities.effective, CAP_SETGID),
          "groups can be changed");
  require(!(wanted && host.identity.is_root()) || privileges.keep_capabilities,
          "root's capability survives setresuid");
}

void check_confinement(const Plan& plan, const Options& options) {
  const auto& confinement = plan.confinement;
  const bool granted = plan.privileges.capabilities != kNoCapability;
  if (options.confinement) {
    require(confinement.kind == *options.confinement,
            "what was asked for by name is done or refused");
    require(confinement.why_not.empty(), "what was asked for by name is not left out");
  } else if (granted) {
    require((confinement.kind == Confinement::kPrivileged) == confinement.why_not.empty(),
            "the default is done, or the reason is given");
  } else {
    require(confinement.kind == Confinement::kOff && confinement.why_not.empty(),
            "nothing to confine");
  }
  if (confinement.kind == Confinement::kOff) {
    return;
  }
  require(confinement.privileged_granted == granted, "the confinement knows of the capability");
  require(confinement.landlock_abi >= 4, "Landlock has rules for the network");
  std::vector<std::uint16_t> listed;
  for (const auto& address : options.listen) {
    if (address.transport == Transport::kTcp) {
      listed.push_back(address.port);
    }
  }
  require(confinement.ports == listed, "the ports that are allowed are those that were listed");
}

void check_sockets(const Plan& plan, const Options& options, const Host& host) {
  const auto& sockets = plan.sockets.sockets;
  require(plan.sockets.only_probe == (options.mode == Mode::kAmbient),
          "in ambient mode the daemon opens its sockets");
  if (plan.sockets.only_probe && options.action == Action::kLaunch) {
    require(sockets.empty(), "a launch in ambient mode opens nothing");
    return;
  }
  auto socket = sockets.begin();
  const auto take = [&](const auto& address, SocketFamily family) {
    require(socket != sockets.end(), "every listen address has its socket");
    require(socket->address == address && socket->family == family,
            "the sockets are the listed ones, in their order");
    ++socket;
  };
  for (const auto& address : options.listen) {
    const bool every = address.host == HostKind::kEvery;
    const bool two = every && *host.has_ipv6 && options.mode == Mode::kNginx;
    if (two) {
      take(address, SocketFamily::kIpv4);
    }
    take(address, address.host == HostKind::kIpv4 || (every && !*host.has_ipv6)
                      ? SocketFamily::kIpv4
                  : two || address.host == HostKind::kIpv6 ? SocketFamily::kIpv6Only
                                                           : SocketFamily::kDualStack);
  }
  require(socket == sockets.end(), "no socket was not listed");
  require(plan.sockets.backlog == options.backlog.value_or(4096),
          "the backlog is the one asked for");
  require(
      plan.sockets.fsuid.value_or(host.identity.uid) ==
          (*host.has_fsuid && opens_sockets(options.mode) ? plan.account.uid : host.identity.uid),
      "the sockets are the account's wherever they can be");
  require(*host.has_fsuid || plan.account.uid == host.identity.uid || !options.reuse_port,
          "only sockets of the account share ports");
}

void check_descriptors(const Plan& plan, const Options& options, const Host& host) {
  const auto& descriptors = plan.descriptors;
  const int inherited = host.inherited ? static_cast<int>(host.inherited->names.size()) : 0;
  require(descriptors.inherited == inherited, "no inherited socket is lost");
  require(inherited == 0 || options.mode == Mode::kListenFds,
          "only listen-fds mode passes on inherited sockets");
  require(descriptors.first == 3 + inherited,
          "the launcher's own sockets follow the inherited ones");
  const auto opened = plan.sockets.only_probe ? 0 : plan.sockets.sockets.size();
  require(static_cast<std::size_t>(descriptors.count) == opened, "every socket has its number");
  require(options.mode != Mode::kInetd || descriptors.count == 1, "an inetd server has one socket");
  const auto& kept = descriptors.kept;
  require(std::is_permutation(kept.begin(), kept.end(), options.keep_fds.begin(),
                              options.keep_fds.end()),
          "what is kept is what was named");
  require(std::is_sorted(kept.begin(), kept.end()), "what is kept is sorted");
  for (const int descriptor : kept) {
    require(descriptor >= 3, "0 to 2 cannot be kept by name");
    // An inetd server's socket is moved from this number before the exec.
    require(options.mode == Mode::kInetd || descriptor >= descriptors.first + descriptors.count,
            "no socket takes the number of a descriptor that is kept");
  }
}

void check_report(const Plan& plan) {
  const lowport::Obstacle obstacle{lowport::Error("cannot do it: x: y", {})};
  for (const auto* reason : {static_cast<const lowport::Obstacle*>(nullptr), &obstacle}) {
    const auto* error = reason == nullptr ? nullptr : &reason->error;
    const auto report =
        describe_plan(plan, "a\ngroup", plan.command.front(), error, lowport::Colour::kNone);
    const auto lines = std::count(report.begin(), report.end(), '\n');
    require(lines == 5 + std::max<std::ptrdiff_t>(1, std::ssize(plan.listen)),
            "the report cannot be forged");
    require(report.ends_with('\n'), "the report ends its last line");
    auto text = report;
    std::erase(text, '\n');
    require(is_printable(text), "the report is printable");
    auto json = describe_plan_as_json(plan, "a\"group\\", plan.command.front(), reason);
    require(json.starts_with('{') && json.ends_with("}\n"), "the JSON is an object and a newline");
    json.pop_back();
    require(is_printable(json), "the JSON is printable, and one line");
  }
}

void check_plan(const Plan& plan, const Options& options, const Host& host) {
  check_account(plan.account);
  require(options.user || plan.account.uid == host.identity.uid,
          "without --user the account is the caller's");
  require(plan.mode == options.mode && plan.listen == options.listen,
          "the plan is about what was listed");
  require(plan.command.data() == options.command.data() &&
              plan.command.size() == options.command.size(),
          "the plan runs the command that was given");
  const auto repeats = options.reuse_port ? lowport::Repeats::kAllowed : lowport::Repeats::kOverlap;
  require(!find_overlap(plan.listen, repeats), "no two listen addresses overlap");
  check_privileges(plan, options, host);
  check_confinement(plan, options);
  check_sockets(plan, options, host);
  check_descriptors(plan, options, host);
  check_announcement(plan, host);
  check_environment(plan, options);
  check_report(plan);
}

}  // namespace fuzz
