// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/account.hpp"
#include "launcher/options.hpp"

/// `--own-stdio`: the account becomes the owner of the pipes and terminals behind descriptors 1 and
/// 2 (an inetd server's 1 will be its socket), so that the daemon can open /dev/stdout and
/// /dev/stderr, which opens the same file again (proc_pid_fd(5)).
namespace lowport {

/// Rehearses give_stdio() and changes nothing. Throws Error for what cannot be opened again, and
/// for an owner that this process may not change.
void rehearse_giving_stdio(const Account& account, Mode mode);

/// Changes the owner, and reads it back. The change outlasts the process, so this comes after
/// everything else that can fail. Needs CAP_CHOWN. Throws Error, after giving back what had been
/// given by then. fchown(2).
void give_stdio(const Account& account, Mode mode);

}  // namespace lowport
