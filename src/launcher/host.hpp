// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/credentials.hpp"
#include "launcher/options.hpp"

namespace lowport {

/// Who runs the launcher. Real, effective and saved ids are equal: identify_caller() sees to it.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< sorted, each once

  [[nodiscard]] bool is_root() const { return uid == 0; }
};

/// The number of the first socket that is passed on, to the launcher as to the daemon:
/// SD_LISTEN_FDS_START. nginx takes any number.
constexpr int kFirstPassed = 3;

/// Sockets passed to the launcher itself, as sd_listen_fds(3) has it: kFirstPassed and the
/// names.size() - 1 behind it.
struct InheritedSockets {
  std::vector<std::string> names;  ///< one for each; empty without LISTEN_FDNAMES
};

/// The parent-death signal (PR_GET_PDEATHSIG, 0 for none) and the parent it was set for.
struct ParentDeath {
  int signal = 0;
  pid_t parent = 0;
};

/// Whether this kernel can keep a process from TCP ports.
struct ConfinementSupport {
  int landlock_abi = 0;  ///< 4 and later have network rules
  std::string missing;   ///< what it lacks; empty when nothing is
};

/// Why a file capability that the launcher's file has was not counted when the launcher was
/// executed.
enum class Uncounted {
  kHasNone,         ///< there is none to count
  kOtherNamespace,  ///< it is for another user namespace
  kNosuid,          ///< the file system is mounted nosuid
  kTraced,          ///< by a process without the right to give it
  kSharesFs,        ///< with the process that started it: clone(2), CLONE_FS
  kUnknown,
};

/// What this kernel and this process can do, read once before anything is changed.
struct Host {
  Identity identity;
  pid_t pid = 0;
  ThreadCapabilities capabilities;
  int unprivileged_port_start = 1024;  ///< ports below it are privileged here
  /// False where it is the kernel's default for want of a readable sysctl.
  bool knows_port_start = true;
  /// net.core.somaxconn, to which listen(2) cuts, where it is readable.
  std::optional<int> longest_backlog;
  bool has_ipv6 = false;  ///< read in the modes that open sockets
  /// setfsuid(2) is there; read in the modes that open sockets.
  bool has_fsuid = true;
  ConfinementSupport confinement;  ///< read unless the options have it off
  ParentDeath parent_death;
  /// Over a change of user; read with CAP_SETPCAP for a daemon without capability.
  bool may_keep_capabilities = false;
  std::optional<InheritedSockets> inherited;
  /// Was set from outside; read with --allow-new-privs, and without the capability.
  bool no_new_privs = false;
  // Read for a launcher that lacks CAP_NET_BIND_SERVICE, for the hint that says how it gets it:
  bool can_be_granted = false;  ///< it is in the bounding set
  Uncounted uncounted = Uncounted::kHasNone;
  std::string launcher_path;
};

/// Throws Error for a launcher that is installed set-user-ID or set-group-ID: whoever may run it
/// would choose what it runs as.
Identity identify_caller();

/// Reads what the plan depends on. Throws Error where a fact cannot be had, or where a descriptor
/// that is to be kept or was announced to the launcher is not open, or is an io_uring. Reads:
/// getgroups(2), capget(2), prctl(2), ip_unprivileged_port_start (kernel: networking/ip-sysctl;
/// unreadable: 1024), sd_listen_fds(3), and where the launcher opens sockets, socket(2) for the
/// presence of IPv6 and setfsuid(2) for its own.
Host inspect_host(const Options& options, Identity caller);

}  // namespace lowport
