// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace lowport {

/// Gives this process, whose id is `pid`, a working directory, a root directory and a umask of its
/// own, with their present values. A process created with CLONE_FS shares them with its creator,
/// even after an exec: the daemon's chdir(2) and umask(2) would change root's. Proved by kcmp(2)
/// against the parent, as far as this process may ask. A container engine's filter may refuse
/// unshare(2): the launch then goes on unless kcmp(2) reports them shared. Throws Error.
/// unshare(2), clone(2), kcmp(2).
void leave_shared_file_system_state(pid_t pid);

}  // namespace lowport
