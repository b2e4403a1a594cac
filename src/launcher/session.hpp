// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace lowport {

/// Leaves the terminal's session, so that the daemon has no controlling terminal to push input into
/// (TIOCSTI). Afterwards this process has none, which is read back, and can get none by `held`, the
/// descriptors that the daemon is to have of the caller's, which is tried. Throws Error. setsid(2),
/// ioctl_tty(2).
void leave_terminal_session(std::span<const int> held);

}  // namespace lowport
