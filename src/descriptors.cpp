#include "descriptors.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>

#include "credentials.hpp"
#include "error.hpp"

namespace lowportbind {
namespace {

constexpr int kHighestDescriptor = std::numeric_limits<int>::max();
constexpr std::string_view kCannotClose = "cannot close the descriptors from";

constexpr std::string_view kCannotGive = "cannot give the account";
constexpr std::string_view kCannotHandOver = "cannot hand over";

/// close_range(2) is proved by a canary: something that is open in the range before must not be open after it.
void close_from_to(int first, int last) {
  if (first > last) return;
  const auto range = std::to_string(first);
  // The lowest free number from `first` on; if that is past the range, then the range is full and `first` serves.
  // Without a number left to take (RLIMIT_NOFILE) there is no canary, and an open `first` serves as well.
  const int planted = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, first);
  if (planted < 0 && errno != EINVAL && errno != EMFILE) throw system_failure(kCannotClose, range, errno);
  const int canary = planted >= 0 && planted <= last ? planted : first;
  if (syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(last), 0U) != 0) {
    throw system_failure(kCannotClose, range, errno,
                         "close_range needs Linux 5.9, and a container engine that lets it through");
  }
  if (is_open(canary)) throw failure(kCannotClose, range, "close_range did not close them");
}

struct stat read_status(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    throw system_failure("cannot read the kind of descriptor", std::to_string(descriptor), errno);
  }
  return status;
}

/// Whether a pipe or terminal is behind the descriptor, which changes hands. A device that everybody may open, such as
/// /dev/null or /dev/tty, must not: it is everybody's. Anything else cannot be opened again. Throws Error for that.
bool is_to_be_given(const struct stat& status, int descriptor, const Account& account) {
  const auto object = "descriptor " + std::to_string(descriptor);
  if (S_ISSOCK(status.st_mode)) {
    throw failure(kCannotGive, object, "it is a socket, which nobody can open through /dev/stdout",
                  "systemd: StandardOutput=file:PATH; elsewhere, behind the command: 2>&1 | cat");
  }
  if (S_ISCHR(status.st_mode) && (status.st_mode & S_IWOTH) != 0) return false;
  const bool is_terminal = isatty(descriptor) != 0;
  if (!is_terminal && !S_ISFIFO(status.st_mode)) {
    throw failure(kCannotGive, object, "it is neither a pipe nor a terminal",
                  "change the owner of the file: chown " + std::to_string(account.uid) + " FILE");
  }
  return status.st_uid != account.uid;
}

/// With Action::kCheck, all but the change itself.
void give_descriptor(int descriptor, const Account& account, Action action) {
  const auto object = "descriptor " + std::to_string(descriptor);
  const auto explain = [&](int error) {
    return system_failure(kCannotGive, object, error,
                          error == EPERM ? "this needs CAP_CHOWN; container: docker run --cap-add CHOWN" : "");
  };
  if (action == Action::kCheck) {
    if (!contains(read_thread_capabilities().effective, CAP_CHOWN)) throw explain(EPERM);
    return;
  }
  if (fchown(descriptor, account.uid, static_cast<gid_t>(-1)) != 0) throw explain(errno);
  if (read_status(descriptor).st_uid != account.uid) {
    throw failure(kCannotGive, object, "it has another owner all the same");
  }
}

void hand_over_inetd(const UniqueFd& socket) {
  const auto wanted = read_status(socket.value());
  for (const int target : {STDIN_FILENO, STDOUT_FILENO}) {
    if (dup2(socket.value(), target) != target) {
      throw system_failure(kCannotHandOver, "descriptor " + std::to_string(target), errno);
    }
    const auto actual = read_status(target);
    if (actual.st_ino != wanted.st_ino || actual.st_dev != wanted.st_dev) {
      throw failure(kCannotHandOver, "descriptor " + std::to_string(target), "it is not the socket");
    }
  }
}

}  // namespace

void reserve_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (is_open(descriptor)) continue;
    // The numbers below are taken, so that open(2) answers with this one; it stays open in the daemon.
    const int opened = open("/dev/null", O_RDWR | O_NOCTTY);  // NOLINT(android-cloexec-open)
    if (opened != descriptor) {
      throw system_failure("cannot open /dev/null as", "descriptor " + std::to_string(descriptor), errno);
    }
  }
}

void close_other_descriptors(const DescriptorPlan& plan) {
  int next = plan.first;
  for (const int kept : plan.kept) {
    close_from_to(next, kept - 1);
    next = kept + 1;
  }
  close_from_to(next, kHighestDescriptor);
}

std::vector<int> find_held_descriptors(const DescriptorPlan& plan, Mode mode) {
  std::vector<int> held = plan.kept;
  const int first = mode == Mode::kInetd ? STDERR_FILENO : STDIN_FILENO;
  for (int descriptor = first; descriptor < kFirstPassed + plan.inherited; ++descriptor) held.push_back(descriptor);
  return held;
}

void give_stdio(const Account& account, Mode mode, Action action) {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (descriptor == STDOUT_FILENO && mode == Mode::kInetd) continue;
    if (is_to_be_given(read_status(descriptor), descriptor, account)) give_descriptor(descriptor, account, action);
  }
}

void hand_over(Mode mode, const DescriptorPlan& plan, std::vector<UniqueFd> sockets) {
  if (mode == Mode::kInetd) {
    hand_over_inetd(sockets.front());
    return;
  }
  int expected = plan.first;
  for (auto& socket : sockets) {
    if (socket.value() != expected) {
      throw failure(kCannotHandOver, "descriptor " + std::to_string(expected),
                    "the socket for it is descriptor " + std::to_string(socket.value()));
    }
    // dup2(2) onto its own number would leave close-on-exec set.
    if (fcntl(expected, F_SETFD, 0) != 0 || fcntl(expected, F_GETFD) != 0) {
      throw system_failure(kCannotHandOver, "descriptor " + std::to_string(expected), errno);
    }
    static_cast<void>(socket.release());  // the daemon's from here on
    ++expected;
  }
}

}  // namespace lowportbind
