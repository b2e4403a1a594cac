// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace lowport {

/// Owns one descriptor, or none (-1), and closes it. Move-only.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int value() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  // close(2) frees the number even when it reports an error, so there is nothing to retry.
  void reset() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
  }

  int fd_ = -1;
};

/// Whether this number is an open descriptor of the process. Throws Error if the kernel does not
/// tell.
inline bool is_open(int descriptor) {
  if (fcntl(descriptor, F_GETFD) >= 0) {
    return true;
  }
  if (errno == EBADF) {
    return false;
  }
  throw system_failure("cannot tell whether it is open", "descriptor " + std::to_string(descriptor),
                       errno);
}

/// fstat(2). Throws Error.
inline struct stat read_status(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    throw system_failure("cannot read the type of descriptor", std::to_string(descriptor), errno);
  }
  return status;
}

}  // namespace lowport
