#include "read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "error.hpp"
#include "unique_fd.hpp"

namespace lowportbind {

namespace {

enum class EndOfFile { kShortRead, kEmptyRead };

std::optional<std::string> read_until(EndOfFile end, const char* path) {
  const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw system_failure("cannot open", path, errno);
  }
  std::string content;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto count = read(file.value(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_failure("cannot read", path, errno);
    content.append(buffer.data(), static_cast<std::size_t>(count));
    const bool is_short = static_cast<std::size_t>(count) < buffer.size();
    if (end == EndOfFile::kShortRead ? is_short : count == 0) return content;
  }
}

}  // namespace

// A regular file gives less than was asked for at its end alone (read(2)); a file of /proc, wherever a line ends.
std::optional<std::string> read_file(const char* path) { return read_until(EndOfFile::kShortRead, path); }
std::optional<std::string> read_proc_file(const char* path) { return read_until(EndOfFile::kEmptyRead, path); }

}  // namespace lowportbind
