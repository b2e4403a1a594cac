// SPDX-License-Identifier: MIT
#include "launcher/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/descriptor_range.hpp"

namespace lowport {
namespace {

constexpr int kHighestDescriptor = std::numeric_limits<int>::max();
constexpr std::string_view kCannotHandOver = "cannot hand over";

void hand_over_inetd(const UniqueFd& socket) {
  const auto wanted = read_status(socket.value());
  for (const int target : {STDIN_FILENO, STDOUT_FILENO}) {
    if (dup2(socket.value(), target) != target) {
      throw system_failure(kCannotHandOver, "descriptor " + std::to_string(target), errno);
    }
    const auto actual = read_status(target);
    if (actual.st_ino != wanted.st_ino || actual.st_dev != wanted.st_dev) {
      throw failure(kCannotHandOver, "descriptor " + std::to_string(target),
                    "it is not the socket");
    }
  }
}

}  // namespace

void close_other_descriptors(const DescriptorPlan& plan) {
  int next = plan.first;
  for (const int kept : plan.kept) {
    close_descriptors(next, kept - 1);
    next = kept + 1;
  }
  close_descriptors(next, kHighestDescriptor);
}

std::vector<int> find_held_descriptors(const DescriptorPlan& plan, Mode mode) {
  std::vector<int> held = plan.kept;
  const int first = mode == Mode::kInetd ? STDERR_FILENO : STDIN_FILENO;
  for (int descriptor = first; descriptor < kFirstPassed + plan.inherited; ++descriptor) {
    held.push_back(descriptor);
  }
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

}  // namespace lowport
