#include "session.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "error.hpp"
#include "unique_fd.hpp"

namespace lowportbind {
namespace {

constexpr std::string_view kCannotLeave = "cannot leave the terminal's session";

/// /dev/tty is the controlling terminal, wherever descriptors 0 to 2 lead; without one, opening it is ENXIO (tty(4)).
UniqueFd open_controlling_terminal() {
  UniqueFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid() && errno != ENXIO) throw system_failure(kCannotLeave, "/dev/tty", errno);
  return terminal;
}

void ignore_hangup(struct sigaction* before) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  if (sigaction(SIGHUP, &ignore, before) != 0) throw system_failure(kCannotLeave, "sigaction", errno);
}

/// A session leader cannot start another session. It can give its terminal up, for which the kernel sends SIGHUP to the
/// terminal's foreground group: to this process too, which ignores it for that moment.
void give_up_terminal() {
  const auto terminal = open_controlling_terminal();
  if (!terminal.valid()) return;
  struct sigaction before {};
  ignore_hangup(&before);
  if (ioctl(terminal.value(), TIOCNOTTY) != 0) throw system_failure(kCannotLeave, "TIOCNOTTY", errno);
  ignore_hangup(nullptr);  // discards it where the signal is blocked, and so pending
  if (sigaction(SIGHUP, &before, nullptr) != 0) throw system_failure(kCannotLeave, "sigaction", errno);
  if (open_controlling_terminal().valid()) throw failure(kCannotLeave, "/dev/tty", "it still controls this process");
}

}  // namespace

void leave_terminal_session() {
  if (getsid(0) == getpid()) {
    give_up_terminal();
  } else {
    constexpr std::string_view kHint = "start it from a shell script, or through setsid --fork";
    // setsid(2) refuses the leader of a process group, which every job of an interactive shell is. A parent outside of
    // this PID namespace has no group here: 0, which would mean this process's own.
    if (getpgrp() == getpid()) {
      const pid_t group = getpgid(getppid());
      if (group <= 0 || setpgid(0, group) != 0) throw system_failure(kCannotLeave, "setpgid", errno, kHint);
    }
    if (setsid() < 0) throw system_failure(kCannotLeave, "setsid", errno, kHint);
    // The leader of a new session, which has no terminal.
    if (getsid(0) != getpid()) throw failure(kCannotLeave, "setsid", "it did not take effect");
  }
}

}  // namespace lowportbind
