// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// A process possesses what is in its session keyring, and neither a change of user nor an exec
/// takes it away: after a login by root, that is root's keys (session-keyring(7), keyrings(7)).
/// Called before the change of user: the account's key quota, which its other processes may have
/// used up, is no reason not to start its daemon. A kernel without keys (ENOSYS) has none to leave,
/// and what a filter refuses (EPERM or EACCES, in container engines and units), it refuses to the
/// daemon as well. Throws Error.
void leave_session_keyring();

}  // namespace lowport
