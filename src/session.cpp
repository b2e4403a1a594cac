#include "session.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "error.hpp"

namespace lowportbind {
namespace {

constexpr std::string_view kCannotLeave = "cannot leave the terminal's session";

/// tcgetsid(3) succeeds for the caller's controlling terminal alone.
bool has_controlling_terminal() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (tcgetsid(descriptor) >= 0) return true;
  }
  return false;
}

/// A session leader cannot start another session. It can give its terminal up, for which the kernel sends SIGHUP to the
/// terminal's foreground group: to this process too, which ignores it for that moment.
void give_up_terminal() {
  if (!has_controlling_terminal()) return;
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  if (sigaction(SIGHUP, &ignore, &before) != 0) throw system_failure(kCannotLeave, "sigaction", errno);
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (tcgetsid(descriptor) < 0) continue;
    if (ioctl(descriptor, TIOCNOTTY) != 0) throw system_failure(kCannotLeave, "TIOCNOTTY", errno);
  }
  if (sigaction(SIGHUP, &before, nullptr) != 0) throw system_failure(kCannotLeave, "sigaction", errno);
}

}  // namespace

void leave_terminal_session() {
  if (getsid(0) == getpid()) {
    give_up_terminal();
  } else {
    // setsid(2) refuses the leader of a process group, which every job of an interactive shell is.
    if (getpgrp() == getpid() && setpgid(0, getpgid(getppid())) != 0) {
      throw system_failure(kCannotLeave, "setpgid", errno, "start it from a shell script, or with setsid --fork");
    }
    if (setsid() < 0) throw system_failure(kCannotLeave, "setsid", errno);
    if (getsid(0) != getpid()) throw failure(kCannotLeave, "setsid", "it did not take effect");
  }
  if (has_controlling_terminal()) throw failure(kCannotLeave, "terminal", "it still controls this process");
}

}  // namespace lowportbind
