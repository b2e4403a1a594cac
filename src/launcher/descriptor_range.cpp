// SPDX-License-Identifier: MIT
#include "launcher/descriptor_range.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "base/directory.hpp"
#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotClose = "cannot close the descriptors from";

struct Range {
  int first = 0;
  int last = 0;

  [[nodiscard]] std::string name() const { return std::to_string(first); }
  [[nodiscard]] bool contains(int descriptor) const {
    return first <= descriptor && descriptor <= last;
  }
};

/// An open descriptor in the range, which must be closed afterwards. Takes the lowest free number
/// from `first` on; if that is past the range, the range is full and `first` will do. If no number
/// is left (RLIMIT_NOFILE), none can be planted, and an open `first` will do as well.
int plant_canary(const Range& range) {
  const int planted = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, range.first);
  if (planted < 0 && errno != EINVAL && errno != EMFILE) {
    throw system_failure(kCannotClose, range.name(), errno);
  }
  return range.contains(planted) ? planted : range.first;
}

/// The open descriptors in the range, from /proc/self/fd. It must also list the descriptor through
/// which it is read: another directory in its place would not.
std::vector<int> list_open(const Range& range, int canary) {
  constexpr const char* kDescriptors = "/proc/self/fd";
  auto entries = list_numbers(kDescriptors);
  if (entries.read.error == EMFILE) {
    close(canary);  // makes room; it is in the range
    entries = list_numbers(kDescriptors);
  }
  if (entries.read.error != 0) {
    throw failure(kCannotClose, range.name(),
                  "close_range is not available, and /proc/self/fd cannot be read: " +
                      std::string(describe_errno(entries.read.error)),
                  entries.read.error == EMFILE
                      ? "raise the limit before the launch: ulimit -n 65536"
                      : "mount /proc, or use Linux 5.9 or later "
                        "and a container engine that allows close_range");
  }
  auto& numbers = entries.numbers;
  if (std::find(numbers.begin(), numbers.end(), entries.read.descriptor) == numbers.end()) {
    throw failure(kCannotClose, range.name(),
                  "/proc/self/fd does not list this process's descriptors");
  }
  std::erase_if(numbers, [&](int number) {
    return number == entries.read.descriptor || !range.contains(number);
  });
  return numbers;
}

/// Lists them again afterwards: close(2) frees the number whatever it returns, and only a second
/// look shows that it did.
void close_one_by_one(const Range& range, int canary) {
  for (const int descriptor : list_open(range, canary)) {
    close(descriptor);
  }
  if (!list_open(range, canary).empty()) {
    throw failure(kCannotClose, range.name(), "close did not close them");
  }
}

}  // namespace

void close_descriptors(int first, int last) {
  const Range range{first, last};
  if (first > last) {
    return;
  }
  const int canary = plant_canary(range);
  if (syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(last), 0U) !=
      0) {
    // EPERM is the answer of a container engine's filter that does not know the call.
    if (errno != ENOSYS && errno != EPERM && errno != EACCES) {
      throw system_failure(kCannotClose, range.name(), errno);
    }
    close_one_by_one(range, canary);
  }
  if (is_open(canary)) {
    throw failure(kCannotClose, range.name(), "close_range did not close them");
  }
}

}  // namespace lowport
