// SPDX-License-Identifier: MIT
#include "launcher/session.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotLeave = "cannot leave the terminal's session";

/// /dev/tty is the controlling terminal, wherever descriptors 0 to 2 lead; without one, opening it
/// fails with ENXIO (tty(4)).
UniqueFd open_controlling_terminal() {
  UniqueFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid() && errno != ENXIO) {
    throw system_failure(kCannotLeave, "/dev/tty", errno);
  }
  return terminal;
}

void change_action(int signal, const struct sigaction* action, struct sigaction* before) {
  if (sigaction(signal, action, before) != 0) {
    throw system_failure(kCannotLeave, "sigaction", errno);
  }
}

void ignore(int signal, struct sigaction* before) {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  change_action(signal, &action, before);
}

/// Ignores a signal that the kernel is about to send because of the launcher, and that does not
/// concern the daemon.
class IgnoredSignal {
 public:
  explicit IgnoredSignal(int signal) : signal_(signal) {
    sigset_t pending{};
    if (sigpending(&pending) != 0) {
      throw system_failure(kCannotLeave, "sigpending", errno);
    }
    // If one is already pending, because the caller blocked it, it belongs to the daemon, and
    // another one changes nothing.
    is_pending_ = sigismember(&pending, signal) == 1;
    if (!is_pending_) {
      ignore(signal_, &before_);
    }
  }
  void restore() const {
    if (is_pending_) {
      return;
    }
    ignore(signal_, nullptr);  // discards it if it is blocked, and so pending
    change_action(signal_, &before_, nullptr);
  }

 private:
  int signal_;
  bool is_pending_ = false;
  struct sigaction before_ {};
};

/// A session leader cannot start another session, but it can give up its terminal. The kernel then
/// sends SIGHUP and SIGCONT to the terminal's foreground group, this process included, which
/// ignores them meanwhile.
void give_up_terminal() {
  const auto terminal = open_controlling_terminal();
  if (!terminal.valid()) {
    return;
  }
  const IgnoredSignal hangup(SIGHUP);
  const IgnoredSignal resumption(SIGCONT);
  if (ioctl(terminal.value(), TIOCNOTTY) != 0) {
    throw system_failure(kCannotLeave, "TIOCNOTTY", errno);
  }
  hangup.restore();
  resumption.restore();
  if (open_controlling_terminal().valid()) {
    throw failure(kCannotLeave, "/dev/tty", "it still controls this process");
  }
}

/// The daemon will lead a session without a terminal. It can acquire any terminal it holds a
/// descriptor for, if that controls no other session (TIOCSCTTY of ioctl_tty(2)): the one just
/// given up, for example.
void require_no_free_terminal(int descriptor) {
  if (ioctl(descriptor, TIOCSCTTY, 0) != 0) {
    return;
  }
  give_up_terminal();
  throw failure(kCannotLeave, "descriptor " + std::to_string(descriptor),
                "it is a terminal that the daemon could make its controlling terminal",
                "redirect it, or start lowportbind through setsid --fork --wait; "
                "container: docker run --init");
}

}  // namespace

void leave_terminal_session(std::span<const int> held) {
  if (getsid(0) == getpid()) {
    give_up_terminal();
  } else {
    constexpr std::string_view kHint =
        "start it from a shell script, or through setsid --fork --wait";
    // setsid(2) refuses the leader of a process group, such as each job of an interactive shell. A
    // group in another PID namespace is shown as 0, which would mean this process's own.
    if (getpgrp() == getpid()) {
      const pid_t group = getpgid(getppid());
      if (group == 0) {
        throw failure(kCannotLeave, "setpgid", "its parent's group is in another PID namespace",
                      kHint);
      }
      if (group < 0 || setpgid(0, group) != 0) {
        throw system_failure(kCannotLeave, "setpgid", errno, kHint);
      }
    }
    if (setsid() < 0) {
      throw system_failure(kCannotLeave, "setsid", errno, kHint);
    }
    // Now the leader of a new session, which has no terminal.
    if (getsid(0) != getpid()) {
      throw failure(kCannotLeave, "setsid", "it did not take effect");
    }
  }
  for (const int descriptor : held) {
    require_no_free_terminal(descriptor);
  }
}

}  // namespace lowport
