// SPDX-License-Identifier: MIT
#include "launcher/own_file.hpp"

#include <linux/kcmp.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/error.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"
#include "launcher/file_capabilities.hpp"

namespace lowport {
namespace {

constexpr const char* kOwnFile = "/proc/self/exe";

bool is_traced() {
  const auto status = read_beginning("/proc/self/status");
  return status.find("\nTracerPid:\t") != std::string::npos &&
         status.find("\nTracerPid:\t0\n") == std::string::npos;
}

/// kcmp(2). False if it is not known: a kernel without it, or a parent of another account.
bool shares_fs_with_parent() {
  return syscall(SYS_kcmp, getpid(), getppid(), KCMP_FS, 0UL, 0UL) == 0;
}

/// For a launcher that lacks the capability although no_new_privs is not set and the bounding set
/// has it: the remaining reasons in mnt_may_suid(), check_unsafe_exec() and
/// get_vfs_caps_from_disk() of the kernel.
Uncounted read_uncounted() {
  const auto capabilities = read_file_capabilities(kOwnFile);
  if (!capabilities) {
    return Uncounted::kHasNone;
  }
  if (capabilities->root != CapabilityRoot::kUnknown &&
      !contains(capabilities->permitted, CAP_NET_BIND_SERVICE)) {
    return Uncounted::kHasNone;
  }
  if (!may_count_here(*capabilities)) {
    return Uncounted::kOtherNamespace;
  }
  if (is_nosuid(kOwnFile)) {
    return Uncounted::kNosuid;
  }
  if (is_traced()) {
    return Uncounted::kTraced;
  }
  if (shares_fs_with_parent()) {
    return Uncounted::kSharesFs;
  }
  return capabilities->root == CapabilityRoot::kOurs ? Uncounted::kUnknown
                                                     : Uncounted::kOtherNamespace;
}

}  // namespace

std::string read_launcher_path() {
  std::array<char, 4096> buffer{};
  const auto length = readlink(kOwnFile, buffer.data(), buffer.size());
  const std::string_view path(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  // A deleted file or a memfd has no path worth printing.
  return path.empty() || path.ends_with(" (deleted)") ? "lowportbind" : std::string(path);
}

LackedCapability read_lacked_capability(bool no_new_privs) {
  LackedCapability lacked;
  lacked.can_be_granted = is_in_bounding_set(CAP_NET_BIND_SERVICE);
  lacked.launcher_path = read_launcher_path();
  if (lacked.can_be_granted && !no_new_privs) {
    lacked.uncounted = read_uncounted();
  }
  return lacked;
}

void refuse_excessive_file_capabilities(const Identity& caller,
                                        const ThreadCapabilities& capabilities) {
  if (caller.is_root() || getauxval(AT_SECURE) == 0 ||
      (capabilities.permitted & ~kNetBindService) == 0) {
    return;
  }
  const auto path = read_launcher_path();
  throw failure("refusing to run", path, "it has file capabilities beyond cap_net_bind_service",
                "as root: setcap cap_net_bind_service=p " + shell_quoted(path));
}

}  // namespace lowport
