// SPDX-License-Identifier: MIT
#include "launcher/rights.hpp"

#include <linux/capability.h>

#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

/// What to do about a file capability that was not counted; empty if the launcher's file has none.
std::string hint_for_uncounted(Uncounted reason, const std::string& path) {
  const std::string has_one = "its file has the capability, which ";
  switch (reason) {
    case Uncounted::kHasNone:
      return {};
    case Uncounted::kOtherNamespace:
      return has_one +
             "is for another user namespace; as root of this one: setcap cap_net_bind_service=p " +
             path;
    case Uncounted::kNosuid:
      return has_one +
             "does not count on a file system mounted nosuid: move it to another one; "
             "or as root: mount -o remount,suid \"$(findmnt -no TARGET -T " +
             path + ")\"";
    case Uncounted::kTraced:
      return has_one +
             "does not count while another process traces it; root can trace it: strace -u USER " +
             path;
    case Uncounted::kSharesFs:
      return has_one +
             "does not count while it shares its working directory "
             "with the process that started it (CLONE_FS): start it from a shell: "
             "sh -c '\"$@\"; exit $?' sh " +
             path + " ...";
    case Uncounted::kUnknown:
      break;
  }
  return has_one +
         "the kernel did not count: another process may trace it "
         "or share its working directory (CLONE_FS); "
         "or file capabilities are switched off: grep no_file_caps /proc/cmdline";
}

/// The hint, as a command, for each reason why the launcher lacks the capability.
std::string hint_for_capability(const Account& account, const Host& host) {
  const auto& lacked = host.lacked.value();
  if (!lacked.can_be_granted) {
    return "it is not in the bounding set; container: docker run --cap-add NET_BIND_SERVICE; "
           "systemd: CapabilityBoundingSet=CAP_NET_BIND_SERVICE in the unit";
  }
  const auto path = shell_quoted(lacked.launcher_path);
  // execve(2) then adds nothing from a file that was not permitted before; see
  // cap_bprm_creds_from_file() in the kernel's security/commoncap.c. What was permitted before can
  // no longer be seen.
  if (host.no_new_privs.value()) {
    return "no_new_privs is set: a file capability (setcap cap_net_bind_service=p " + path +
           ") then counts only for a container's first program, "
           "in containerd, CRI-O and Docker 24.0.6 or later; "
           "elsewhere, Kubernetes: allowPrivilegeEscalation: true; "
           "systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit";
  }
  if (auto hint = hint_for_uncounted(lacked.uncounted, path); !hint.empty()) {
    return hint;
  }
  return "start it as root; or, as root, let the group that may open low ports run it: chgrp " +
         std::to_string(account.gid) + " " + path + " && chmod 0750 " + path +
         " && setcap cap_net_bind_service=p " + path;
}

}  // namespace

void check_rights(const Options& options, const Account& account, const Host& host) {
  const auto effective = host.capabilities.effective;
  const auto who = "uid " + std::to_string(host.identity.uid);
  const std::string hint =
      host.identity.is_root()
          ? "container: docker run --cap-add SETUID --cap-add SETGID; "
            "elsewhere `capsh --print` shows why root lacks it: the bounding set or securebits"
          : "start it as root, for instance with sudo, or leave --user out";
  if (account.uid != host.identity.uid && !contains(effective, CAP_SETUID)) {
    throw failure(kCannotBecome, describe_account(account),
                  who + " may not change its user (CAP_SETUID)", hint);
  }
  const bool changes_gid = account.gid != host.identity.gid;
  if ((changes_gid || changes_groups(options.groups, account, host.identity)) &&
      !contains(effective, CAP_SETGID)) {
    throw failure(kCannotBecome, describe_account(account),
                  who + " may not change its groups (CAP_SETGID)",
                  changes_gid ? hint : "keep the groups: --groups keep");
  }
  if (contains(host.capabilities.permitted, CAP_NET_BIND_SERVICE)) {
    return;
  }
  // If the sysctl cannot be read, bind(2) decides for our own sockets: in gVisor no port is
  // privileged.
  if (!host.unprivileged_port_start && opens_sockets(options.mode)) {
    return;
  }
  for (const auto& address : options.listen) {
    if (!is_privileged(address, privileged_port_end(host))) {
      continue;
    }
    throw failure("cannot grant the port", format_address(address),
                  "ports below " + std::to_string(privileged_port_end(host)) +
                      " need CAP_NET_BIND_SERVICE, and lowportbind was started without it",
                  (host.unprivileged_port_start
                       ? ""
                       : "where no port is privileged, as in gVisor, leave -p out; elsewhere, ") +
                      hint_for_capability(account, host));
  }
}

}  // namespace lowport
