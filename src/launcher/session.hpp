// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace lowport {

/// Leaves the terminal's session, so that the daemon has no controlling terminal to push input into
/// (TIOCSTI). Verifies that this process has none afterwards, and that it can acquire none through
/// `held`, the caller's descriptors that the daemon will hold. Throws Error. setsid(2),
/// ioctl_tty(2).
void leave_terminal_session(std::span<const int> held);

}  // namespace lowport
