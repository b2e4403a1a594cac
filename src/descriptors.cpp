#include "descriptors.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>

#include "error.hpp"

namespace lowportbind {
namespace {

constexpr int kHighestDescriptor = std::numeric_limits<int>::max();
constexpr std::string_view kCannotClose = "cannot close the descriptors from";

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
