// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// A process possesses what is in its session keyring, and a change of user or an exec does not
/// take it away: with a login of root's, that is root's keys (session-keyring(7), keyrings(7)).
/// Called before the change of user: the account's quota of keys, which its other processes may
/// have used up, is no reason not to start its daemon. A kernel without keys (ENOSYS) has none to
/// leave; and what a filter refuses (EPERM or EACCES, in container engines and units), it refuses
/// to the daemon as well. Throws Error.
void leave_session_keyring();

}  // namespace lowport
