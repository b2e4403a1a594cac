// SPDX-License-Identifier: MIT
#include "launcher/file_system_state.hpp"

#include <linux/kcmp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/error.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotLeave =
    "cannot detach from the caller's working directory and umask";

/// Whoever shares them is most likely the parent, which created this process. If kcmp(2) refuses to
/// compare, or the parent is in another PID namespace (0), nothing is proved either way.
bool shares_with_parent(pid_t pid) {
  const pid_t parent = getppid();
  return parent > 0 && syscall(SYS_kcmp, pid, parent, KCMP_FS, 0, 0) == 0;
}

}  // namespace

void leave_shared_file_system_state(pid_t pid) {
  const int error = unshare(CLONE_FS) == 0 ? 0 : errno;
  if (error != 0 && error != EPERM && error != ENOSYS && error != EACCES) {
    throw system_failure(kCannotLeave, "unshare", error);
  }
  if (!shares_with_parent(pid)) {
    return;
  }
  if (error == 0) {
    throw failure(kCannotLeave, "unshare", "it did not take effect");
  }
  throw failure(kCannotLeave, "unshare", "it is refused, and the parent shares them",
                "start it from a shell, or use a seccomp filter that allows unshare");
}

}  // namespace lowport
