#include "descriptors.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>

#include "error.hpp"

namespace lowportbind {
namespace {

constexpr int kHighestDescriptor = std::numeric_limits<int>::max();
constexpr std::string_view kCannotClose = "cannot close the descriptors from";

bool is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

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
                         errno == ENOSYS ? "close_range needs Linux 5.9, and a container engine that knows it" : "");
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

/// Only pipes and terminals change hands. /dev/null and its like are character devices too, and everybody's.
void give_descriptor(int descriptor, const Account& account) {
  const auto object = "descriptor " + std::to_string(descriptor);
  constexpr std::string_view kCannotGive = "cannot give the account";
  const auto status = read_status(descriptor);
  if (S_ISCHR(status.st_mode) && isatty(descriptor) == 0) return;
  if (S_ISSOCK(status.st_mode)) {
    throw failure(kCannotGive, object, "it is a socket, which nobody can open through /dev/stdout",
                  "systemd: StandardOutput=file:PATH; elsewhere: lowportbind ... | cat");
  }
  if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) {
    throw failure(kCannotGive, object, "it is neither a pipe nor a terminal",
                  "change the owner of the file: chown " + std::to_string(account.uid) + " FILE");
  }
  if (status.st_uid != account.uid && fchown(descriptor, account.uid, static_cast<gid_t>(-1)) != 0) {
    throw system_failure(kCannotGive, object, errno,
                         errno == EPERM ? "this needs CAP_CHOWN; container: docker run --cap-add CHOWN" : "");
  }
  if (read_status(descriptor).st_uid != account.uid) {
    throw failure(kCannotGive, object, "it has another owner all the same");
  }
}

void hand_over_inetd(const UniqueFd& socket) {
  for (const int target : {STDIN_FILENO, STDOUT_FILENO}) {
    if (dup2(socket.value(), target) != target) {
      throw system_failure("cannot hand over", "descriptor " + std::to_string(target), errno);
    }
  }
}

}  // namespace

void reserve_standard_descriptors() {
  std::array<pollfd, 3> standard{{{STDIN_FILENO, 0, 0}, {STDOUT_FILENO, 0, 0}, {STDERR_FILENO, 0, 0}}};
  if (poll(standard.data(), standard.size(), 0) < 0) {
    throw system_failure("cannot look at", "descriptors 0 to 2", errno);
  }
  for (const auto& entry : standard) {
    if ((entry.revents & POLLNVAL) == 0) continue;
    // The numbers below are taken, so that open(2) answers with this one; it stays open in the daemon.
    const int opened = open("/dev/null", O_RDWR | O_NOCTTY);  // NOLINT(android-cloexec-open)
    if (opened != entry.fd) {
      throw system_failure("cannot open /dev/null as", "descriptor " + std::to_string(entry.fd), errno);
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

void give_stdio(const Account& account) {
  give_descriptor(STDOUT_FILENO, account);
  give_descriptor(STDERR_FILENO, account);
}

void hand_over(Mode mode, const DescriptorPlan& plan, std::vector<UniqueFd> sockets) {
  if (mode == Mode::kInetd) {
    hand_over_inetd(sockets.front());
    return;
  }
  int expected = plan.first;
  for (auto& socket : sockets) {
    if (socket.value() != expected) {
      throw failure("cannot hand over", "descriptor " + std::to_string(expected),
                    "the socket for it is descriptor " + std::to_string(socket.value()));
    }
    // dup2(2) onto its own number would leave close-on-exec set.
    if (fcntl(expected, F_SETFD, 0) != 0) {
      throw system_failure("cannot hand over", "descriptor " + std::to_string(expected), errno);
    }
    static_cast<void>(socket.release());  // the daemon's from here on
    ++expected;
  }
}

}  // namespace lowportbind
