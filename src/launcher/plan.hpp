// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/credentials.hpp"
#include "launcher/account.hpp"
#include "launcher/environment.hpp"
#include "launcher/host.hpp"
#include "launcher/listen_address.hpp"
#include "launcher/options.hpp"

namespace lowport {

/// Which addresses one socket covers: a listen address without a host is one dual-stack socket, or
/// one socket for each family.
enum class SocketFamily { kIpv4, kIpv6Only, kDualStack };

struct PlannedSocket {
  ListenAddress address;
  SocketFamily family = SocketFamily::kIpv4;
};

/// The sockets that the launcher opens itself, in the order of the handover.
struct SocketPlan {
  std::vector<PlannedSocket> sockets;
  std::size_t descriptors = 0;  ///< the daemon's in all, the standard ones included
  int backlog = 0;
  bool reuse_port = false;
  /// SO_REUSEPORT lets sockets of one uid share a port (socket(7)), and a socket's uid is its
  /// creator's fsuid: the daemon can bind the port again only if the launcher opens the socket
  /// under this fsuid.
  std::optional<uid_t> fsuid;
  uid_t own_fsuid = 0;  ///< the launcher's, restored after the last socket
  /// setfsuid(2) is not available: the sockets are opened as the launcher's user.
  bool lacks_fsuid = false;
  /// In ambient mode the daemon opens the sockets; `--check` binds them to see whether it could.
  bool only_probe = false;
  /// CAP_NET_BIND_SERVICE is permitted but not effective, as after the exec of a file with
  /// `cap_net_bind_service=p`.
  bool raise_capability = false;
};

/// Which ports the daemon can bind.
struct ConfinementPlan {
  Confinement kind = Confinement::kOff;
  std::vector<std::uint16_t> ports;      ///< the listed TCP ports
  std::vector<std::uint16_t> udp_ports;  ///< the listed UDP ports; enforced if confines_udp()
  /// The daemon has the capability, and so can bind listed ports below the start.
  bool privileged_granted = false;
  int landlock_abi = 0;
  int unprivileged_port_start = 1024;
  /// Why the default confinement is not available here; empty if it is, or is not wanted.
  std::string why_not;
};

/// Whether UDP ports are confined too, for which Landlock has rules from ABI 10 on, Linux 7.2.
/// Below that, only TCP is confined.
bool confines_udp(const ConfinementPlan& plan);

/// The daemon's descriptors. `first` to `first + count - 1` are sockets that the launcher opens.
struct DescriptorPlan {
  /// How many descriptors, from kFirstPassed up, came from whoever activated the launcher.
  int inherited = 0;
  int first = kFirstPassed;
  int count = 0;
  std::vector<int> kept;  ///< sorted
};

/// From the launcher's credentials to the daemon's.
struct PrivilegePlan {
  /// The same for permitted, inheritable, effective and ambient.
  CapabilitySet capabilities = kNoCapability;
  /// Also permitted and effective, from the change of user until the daemon's stdio is its own:
  /// CAP_CHOWN.
  CapabilitySet kept_for_stdio = kNoCapability;
  /// Kept in the bounding set until the command's file is known: execve(2) refuses a file that has
  /// a capability, effective at once, which the bounding set lacks. CAP_SETPCAP is kept as long, to
  /// cut the set then.
  CapabilitySet undecided_bounding = kNoCapability;
  /// Those that the launcher holds, and that the kernel therefore knows; see is_surely_known().
  CapabilitySet seen_capabilities = kNoCapability;
  bool set_no_new_privs = true;
  bool leave_keyring = false;  ///< the caller's session keyring is another account's
  bool cut_bounding_set = false;
  bool change_groups = false;
  bool keep_capabilities = false;  ///< the uid changes from 0, which would clear what is kept
  ParentDeath parent_death;
};

/// Every decision, made before anything is done; nothing changes it afterwards.
struct Plan {
  pid_t pid = 0;  ///< the launcher's, and the daemon's
  Account account;
  Mode mode = Mode::kAmbient;
  std::vector<ListenAddress> listen;  ///< as listed
  int unprivileged_port_start = 1024;
  SocketPlan sockets;
  DescriptorPlan descriptors;
  ConfinementPlan confinement;
  PrivilegePlan privileges;
  EnvironmentPlan environment;
  bool own_stdio = false;
  bool new_session = false;
  std::span<char* const> command;
};

/// Checks the options against each other, the account and the host, and decides what to do. Pure.
/// Throws Error: options that contradict each other or would have no effect, and rights that the
/// launcher lacks.
Plan make_plan(const Options& options, const Account& account, const Host& host);

}  // namespace lowport
