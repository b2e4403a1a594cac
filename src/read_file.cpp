#include "read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "error.hpp"
#include "unique_fd.hpp"

namespace lowportbind {

std::optional<std::string> read_file(const char* path) {
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
    // A regular file gives less than was asked for at its end alone (read(2)).
    if (static_cast<std::size_t>(count) < buffer.size()) return content;
  }
}

}  // namespace lowportbind
