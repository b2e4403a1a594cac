// SPDX-License-Identifier: MIT
#include "base/directory.hpp"

#include <dirent.h>

#include <cerrno>
#include <limits>
#include <memory>

#include "base/number.hpp"

namespace lowport {

DirectoryRead visit_entries(const char* path, const std::function<bool(std::string_view)>& visit) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  const std::unique_ptr<DIR, Close> directory(opendir(path));
  if (!directory) {
    return {errno, -1};
  }
  const int descriptor = dirfd(directory.get());
  for (;;) {
    errno = 0;  // readdir(3) answers with a null pointer at the end and for a failure alike
    const dirent* entry = readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): one thread
    if (entry == nullptr) {
      return {errno, descriptor};
    }
    if (visit(static_cast<const char*>(entry->d_name))) {
      return {0, descriptor};
    }
  }
}

NumberedEntries list_numbers(const char* path) {
  NumberedEntries entries;
  entries.read = visit_entries(path, [&](std::string_view name) {
    const auto number = parse_number(name, 0, std::numeric_limits<int>::max());
    if (number.valid()) {
      entries.numbers.push_back(static_cast<int>(number.value));
    }
    return false;
  });
  return entries;
}

}  // namespace lowport
