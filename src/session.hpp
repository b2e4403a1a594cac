#pragma once

namespace lowportbind {

/// Leaves the terminal's session, so that the daemon has no controlling terminal to push input into (TIOCSTI).
/// Afterwards this process has none, and that is read back.
/// Throws Error. setsid(2), ioctl_tty(2).
void leave_terminal_session();

}  // namespace lowportbind
