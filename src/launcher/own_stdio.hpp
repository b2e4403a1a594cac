// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/account.hpp"
#include "launcher/options.hpp"

/// `--own-stdio`: the account becomes the owner of the pipes and terminals behind descriptors 1 and
/// 2 (an inetd server's 1 will be its socket), so that the daemon can open /dev/stdout and
/// /dev/stderr, which means to open the same file again (proc_pid_fd(5)).
namespace lowport {

/// Tries what give_stdio() will do, and changes nothing. Throws Error for what cannot be opened
/// again, and for an owner that this process may not change.
void rehearse_giving_stdio(const Account& account, Mode mode);

/// Changes the owner, and reads it back. This outlasts the process, and so comes after everything
/// else that can fail. Needs CAP_CHOWN. Throws Error; what had been given by then has its owner
/// back. fchown(2).
void give_stdio(const Account& account, Mode mode);

}  // namespace lowport
