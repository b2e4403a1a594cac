// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace lowport {

/// Gives this process, whose id is `pid`, a working directory, a root directory and a umask of its
/// own, with the values that they have. A process that was made with CLONE_FS shares them with its
/// maker, also after an exec: the daemon's chdir(2) and umask(2) would be root's. Proved by kcmp(2)
/// against the parent, as far as this process may ask. A container engine's filter may refuse
/// unshare(2): then the launch goes on unless kcmp(2) says that they are shared. Throws Error.
/// unshare(2), clone(2), kcmp(2).
void leave_shared_file_system_state(pid_t pid);

}  // namespace lowport
