// SPDX-License-Identifier: MIT
#include "base/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace lowport {
namespace {

/// Waits until something can be written to a descriptor that the caller made O_NONBLOCK, as an open
/// file is that it shares with another program.
bool wait_until_writable(int descriptor) {
  pollfd entry{descriptor, POLLOUT, 0};
  return poll(&entry, 1, -1) > 0 || errno == EINTR;
}

/// 0, or the errno that all of `text` could not be written for.
int write_undisturbed(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto count = write(descriptor, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (count == 0) {
      return EIO;
    } else if (errno != EINTR && (errno != EAGAIN || !wait_until_writable(descriptor))) {
      return errno;
    }
  }
  return 0;
}

/// SIGPIPE and SIGXFSZ, which write(2) sends to its own thread, are blocked from here to release(),
/// so that they end nothing: neither a pipe whose reader is gone nor a limit of a file's size is a
/// reason for it.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGPIPE);
    sigaddset(&signals_, SIGXFSZ);
    if (sigprocmask(SIG_BLOCK, &signals_, &before_) != 0) {
      throw system_failure(kCannotBlock, "SIGPIPE", errno);
    }
    // One that waits already, because the caller had it blocked, is the daemon's.
    const bool may_wait =
        sigismember(&before_, SIGPIPE) == 1 || sigismember(&before_, SIGXFSZ) == 1;
    sigset_t waiting{};
    if (!may_wait || sigpending(&waiting) != 0) {
      return;
    }
    for (const int signal : {SIGPIPE, SIGXFSZ}) {
      if (sigismember(&waiting, signal) == 1) {
        sigdelset(&signals_, signal);
      }
    }
  }

  /// Puts the caller's mask back, after the signal of a write that failed has been taken.
  void release(int error_of_write) const {
    const timespec at_once{};
    if (error_of_write == EPIPE || error_of_write == EFBIG) {
      sigtimedwait(&signals_, nullptr, &at_once);
    }
    if (sigprocmask(SIG_SETMASK, &before_, nullptr) != 0) {
      throw system_failure(kCannotBlock, "SIGPIPE", errno);
    }
  }

 private:
  static constexpr std::string_view kCannotBlock = "cannot block the signal";
  sigset_t signals_{};
  sigset_t before_{};
};

int write_all(int descriptor, std::string_view text) {
  const BlockedSignals blocked;
  const int error = write_undisturbed(descriptor, text);
  blocked.release(error);
  return error;
}

std::string line_of(std::string_view program, std::string_view text) {
  return std::string(program) + ": " + std::string(text) + "\n";
}

}  // namespace

void print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0) {
    throw system_failure("cannot write to", "standard output", error);
  }
}

void warn(std::string_view program, std::string_view text) {
  const int error = write_all(STDERR_FILENO, line_of(program, printable(text)));
  if (error != 0) {
    throw system_failure("cannot warn on", "standard error", error,
                         "redirect it to where the warning can be read");
  }
}

void comment(std::string_view program, std::string_view text) {
  write_all(STDERR_FILENO, line_of(program, printable(text)));
}

void print_error(std::string_view program, const Error& error) {
  print_error(describe_error(program, error));
}

void print_error(std::string_view message) noexcept {
  try {
    write_all(STDERR_FILENO, message);
  } catch (const Error&) {
    // The signals could not be blocked, and need not come.
    write_undisturbed(STDERR_FILENO, message);
  }
}

std::string describe_error(std::string_view program, const Error& error) {
  const auto message = line_of(program, error.what());
  return error.hint().empty() ? message : message + line_of(program, "hint: " + error.hint());
}

}  // namespace lowport
