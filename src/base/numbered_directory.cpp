// SPDX-License-Identifier: MIT
#include "base/numbered_directory.hpp"

#include <dirent.h>

#include <cerrno>
#include <limits>
#include <memory>

#include "base/number.hpp"

namespace lowport {

NumberedEntries list_numbers(const char* path) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  NumberedEntries entries;
  const std::unique_ptr<DIR, Close> directory(opendir(path));
  if (!directory) {
    entries.error = errno;
    return entries;
  }
  entries.descriptor = dirfd(directory.get());
  errno = 0;  // readdir(3) answers with a null pointer at the end and for a failure alike
  while (const dirent* entry =
             readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): there is one thread
    const auto number =
        parse_number(static_cast<const char*>(entry->d_name), 0, std::numeric_limits<int>::max());
    if (number.valid()) {
      entries.numbers.push_back(static_cast<int>(number.value));
    }
    errno = 0;
  }
  entries.error = errno;
  return entries;
}

}  // namespace lowport
