// SPDX-License-Identifier: MIT
#include "launcher/standard_descriptors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace lowport {
namespace {

std::string name_of(int descriptor) { return "descriptor " + std::to_string(descriptor); }

/// The device numbers of null(4) and full(4) are fixed: admin-guide/devices.txt of the kernel.
bool is_memory_device(const struct stat& status, unsigned minor_number) {
  constexpr unsigned kMemoryDevices = 1;
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(kMemoryDevices, minor_number);
}

constexpr unsigned kNull = 3;
constexpr unsigned kFull = 7;

/// In a program that gains rights from its file, glibc opens any closed descriptor from 0 to 2,
/// before main() begins, so that it cannot be used: 0 as /dev/full for writing, 1 and 2 as
/// /dev/null for reading (csu/check_fds.c). That may be this program, if it has a file capability,
/// or the one that started it, such as sudo. No caller means such a descriptor for the daemon.
bool is_placeholder(int descriptor, const struct stat& status) {
  const bool is_input = descriptor == STDIN_FILENO;
  if (!is_memory_device(status, is_input ? kFull : kNull)) {
    return false;
  }
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) {
    throw system_failure("cannot read the access mode of", name_of(descriptor), errno);
  }
  return (flags & O_ACCMODE) == (is_input ? O_WRONLY : O_RDONLY);
}

/// Returns nullopt if it is closed, or is closed here because it is unusable.
std::optional<struct stat> find_usable(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    if (errno == EBADF) {
      return std::nullopt;
    }
    throw system_failure("cannot read the type of descriptor", std::to_string(descriptor), errno);
  }
  if (!is_placeholder(descriptor, status)) {
    return status;
  }
  close(descriptor);
  return std::nullopt;
}

void open_null_device(int descriptor) {
  constexpr std::string_view kCannotOpen = "cannot open /dev/null as";
  // The numbers below are taken, so open(2) returns this one; it stays open in the daemon.
  const int opened = open("/dev/null", O_RDWR | O_NOCTTY);  // NOLINT(android-cloexec-open)
  if (opened < 0) {
    throw system_failure(kCannotOpen, name_of(descriptor), errno);
  }
  if (opened != descriptor) {
    throw failure(kCannotOpen, name_of(descriptor), "that number is not free");
  }
  if (!is_memory_device(read_status(descriptor), kNull)) {
    throw failure(
        kCannotOpen, name_of(descriptor), "it is not the null device",
        "as root: ls -l /dev/null shows what it is; mknod -m 666 /dev/null c 1 3 creates it");
  }
}

/// A kernel object from anon_inode_getfd() (io_uring, epoll, pidfd and others) has no file type:
/// fstat(2) reports 0, even since Linux 6.16 gave its inode one (anon_inode_getattr() in
/// fs/anon_inodes.c).
std::string_view reason_to_refuse(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFCHR:
    case S_IFIFO:
    case S_IFSOCK:
      return {};
    case S_IFDIR:
      return "it is a directory";
    case S_IFBLK:
      return "it is a block device";
    default:
      return "it is not a file, pipe, socket or character device "
             "but a kernel object, such as io_uring or epoll";
  }
}

void require_harmless(int descriptor, const struct stat& status) {
  const auto reason = reason_to_refuse(status.st_mode);
  if (reason.empty()) {
    return;
  }
  const auto redirection =
      descriptor == STDIN_FILENO ? "</dev/null" : std::to_string(descriptor) + ">/dev/null";
  throw failure("refusing to pass on", name_of(descriptor), reason,
                "redirect it: lowportbind ... " + redirection);
}

}  // namespace

void reserve_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (const auto status = find_usable(descriptor)) {
      require_harmless(descriptor, *status);
    } else {
      open_null_device(descriptor);
    }
  }
}

}  // namespace lowport
