#pragma once

#include "account.hpp"
#include "options.hpp"

namespace lowportbind {

/// Gives the account the pipes and terminals behind descriptors 1 and 2 (an inetd server's 1 will be its socket), so
/// that the daemon can open /dev/stdout and /dev/stderr, which means to open the same file again (proc_pid_fd(5)); with
/// `--check` only looks at them. Throws Error for what cannot be opened again.
void give_stdio(const Account& account, Mode mode, Action action);

}  // namespace lowportbind
