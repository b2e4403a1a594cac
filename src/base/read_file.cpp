// SPDX-License-Identifier: MIT
#include "base/read_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace lowport {

namespace {

enum class EndOfFile { kShortRead, kEmptyRead };

// An endless file such as /dev/zero must not exhaust memory.
constexpr std::size_t kLargest = std::size_t{64} << 20U;

/// A pipe without a writer looks like an empty file, but others, the C library among them, would
/// wait for a writer.
void refuse_pipe(const UniqueFd& file, const char* path) {
  struct stat status {};
  if (fstat(file.value(), &status) != 0) {
    throw system_failure("cannot read", path, errno);
  }
  if (S_ISFIFO(status.st_mode)) {
    throw failure("cannot read", path, "it is a pipe");
  }
}

std::optional<std::string> read_until(EndOfFile end, const char* path) {
  // O_NONBLOCK: opening a FIFO in the file's place would never return.
  const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::nullopt;
    }
    throw system_failure("cannot open", path, errno);
  }
  std::string content;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto count = read(file.value(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw system_failure("cannot read", path, errno);
    }
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > kLargest) {
      throw failure("cannot read", path, "it is larger than 64 MiB");
    }
    const bool is_short = static_cast<std::size_t>(count) < buffer.size();
    if (end == EndOfFile::kShortRead ? !is_short : count > 0) {
      continue;
    }
    if (content.empty()) {
      refuse_pipe(file, path);
    }
    return content;
  }
}

}  // namespace

// A short read means the end of a regular file (read(2)); a file in /proc may end one at any line.
std::optional<std::string> read_file(const char* path) {
  return read_until(EndOfFile::kShortRead, path);
}
std::optional<std::string> read_proc_file(const char* path) {
  return read_until(EndOfFile::kEmptyRead, path);
}

std::string read_beginning(const std::string& file) {
  constexpr std::array kAnswers{EACCES, ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, ENXIO};
  const UniqueFd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened.valid()) {
    if (std::find(kAnswers.begin(), kAnswers.end(), errno) != kAnswers.end()) {
      return {};
    }
    throw system_failure("cannot open", file, errno);
  }
  std::array<char, 4096> buffer{};
  const auto count = read(opened.value(), buffer.data(), buffer.size());
  if (count < 0 && errno != EISDIR) {
    throw system_failure("cannot read", file, errno);
  }
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

}  // namespace lowport
