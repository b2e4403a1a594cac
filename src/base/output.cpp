// SPDX-License-Identifier: MIT
#include "base/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace lowport {
namespace {

/// Waits until a descriptor is writable. It may be O_NONBLOCK because the caller shares the open
/// file with another program.
bool wait_until_writable(int descriptor) {
  pollfd entry{descriptor, POLLOUT, 0};
  return poll(&entry, 1, -1) > 0 || errno == EINTR;
}

/// 0, or the errno that kept `text` from being written in full.
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

/// Blocks SIGPIPE and SIGXFSZ, which write(2) sends to its own thread, until release(): neither a
/// pipe without a reader nor a file-size limit may kill this process.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGPIPE);
    sigaddset(&signals_, SIGXFSZ);
    if (sigprocmask(SIG_BLOCK, &signals_, &before_) != 0) {
      throw system_failure(kCannotBlock, "SIGPIPE", errno);
    }
    // A signal that is already pending, because the caller blocked it, belongs to the daemon.
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

  /// Restores the caller's mask, after consuming the signal of a failed write.
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
    throw system_failure("cannot write a warning to", "standard error", error,
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
    // The signals could not be blocked, but they may not come.
    write_undisturbed(STDERR_FILENO, message);
  }
}

std::string describe_error(std::string_view program, const Error& error) {
  const auto message = line_of(program, error.what());
  return error.hint().empty() ? message : message + line_of(program, "hint: " + error.hint());
}

}  // namespace lowport
