// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/account.hpp"
#include "launcher/plan.hpp"

namespace lowport {

/// Makes CAP_NET_BIND_SERVICE effective for a launcher that holds it as permitted only, so that it
/// can bind. Throws Error.
void raise_bind_capability();

/// PR_SET_NO_NEW_PRIVS(2const): from here on no execve(2) gives more than this process has. Throws
/// Error.
void set_no_new_privs();

/// Becomes the account permanently: bounding set, session keyring, groups, gid, uid, capabilities,
/// ambient set, and the parent-death signal, which a change of ids clears. The order is forced:
/// each step needs a right that a later one gives up, and changing the uid from 0 clears the
/// ambient set. Every call is checked. Throws Error. capabilities(7), credentials(7), keyrings(7),
/// PR_SET_PDEATHSIG(2const).
void drop_privileges(const PrivilegePlan& plan, const Account& account);

/// Reads the ids, the capability sets and no_new_privs back from the kernel, and tries to become
/// root again. Throws Error on any difference from the plan, even if every call before it reported
/// success.
void verify_privileges(const PrivilegePlan& plan, const Account& account);

/// Settles the undecided part of the bounding set: keeps only what the command's file needs of it,
/// gives up CAP_SETPCAP, and reads the sets back. Throws Error.
void settle_bounding_set(const PrivilegePlan& plan, CapabilitySet needed);

/// Gives up what drop_privileges() kept for `--own-stdio`, and reads the sets back. Throws Error.
void drop_what_stdio_needed(const PrivilegePlan& plan);

}  // namespace lowport
