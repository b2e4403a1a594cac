// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/credentials.hpp"
#include "launcher/options.hpp"
#include "launcher/own_file.hpp"

namespace lowport {

/// The number of the first socket that is passed, to the launcher as to the daemon:
/// SD_LISTEN_FDS_START. nginx takes any number.
constexpr int kFirstPassed = 3;

/// Sockets passed to the launcher itself, as in sd_listen_fds(3): names.size() of them, from
/// kFirstPassed up.
struct InheritedSockets {
  std::vector<std::string> names;  ///< one for each; empty without LISTEN_FDNAMES
};

/// The parent-death signal (PR_GET_PDEATHSIG, 0 for none) and the parent it was set for.
struct ParentDeath {
  int signal = 0;
  pid_t parent = 0;
};

/// Whether this kernel can keep a process from binding TCP ports.
struct ConfinementSupport {
  int landlock_abi = 0;  ///< 4 and later have network rules
  std::string why_not;   ///< empty if it can
};

/// What this kernel and this process can do, read once before anything is changed. What is absent
/// was not read, since no plan for the same options asks for it.
struct Host {
  Identity identity;
  pid_t pid = 0;
  ThreadCapabilities capabilities;
  /// net.ipv4.ip_unprivileged_port_start, if ports are listed; also absent if it is hidden.
  std::optional<int> unprivileged_port_start;
  /// net.core.somaxconn, at which listen(2) caps --backlog; also absent if it is hidden.
  std::optional<int> longest_backlog;
  std::optional<bool> has_ipv6;   ///< if sockets are opened or tried
  std::optional<bool> has_fsuid;  ///< whether setfsuid(2) is available; if sockets are opened
  std::optional<ConfinementSupport> confinement;  ///< unless the options turn it off
  ParentDeath parent_death;
  /// Across a change of user: for a launcher with CAP_SETPCAP and a daemon without capability.
  std::optional<bool> may_keep_capabilities;
  std::optional<InheritedSockets> inherited;  ///< absent if there are none
  /// Already set by the caller: for --allow-new-privs, or without the capability.
  std::optional<bool> no_new_privs;
  std::optional<LackedCapability> lacked;
};

/// The ports below this one are privileged here: the kernel's default if the sysctl is hidden.
int privileged_port_end(const Host& host);

/// Whether a listed port is one of them. Pure.
bool lists_privileged_port(const Options& options, const Host& host);

/// Throws Error if the launcher is installed set-user-ID or set-group-ID: whoever may run it would
/// choose what it runs as.
Identity identify_caller();

/// Reads what the plan depends on. Throws Error if a fact cannot be read, or if a descriptor that
/// is to be kept or was announced to the launcher is not open, or is an io_uring. Reads:
/// getgroups(2), capget(2), prctl(2), ip_unprivileged_port_start (kernel: networking/ip-sysctl; if
/// hidden, 1024), sd_listen_fds(3), and in the modes that open sockets, socket(2) to test for
/// IPv6 and setfsuid(2) to test for itself.
Host inspect_host(const Options& options, Identity caller);

}  // namespace lowport
