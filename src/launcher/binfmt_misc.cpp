// SPDX-License-Identifier: MIT
#include "launcher/binfmt_misc.hpp"

#include <algorithm>
#include <charconv>

#include "base/directory.hpp"
#include "base/number.hpp"
#include "base/read_file.hpp"

namespace lowport {
namespace {

constexpr std::string_view kDirectory = "/proc/sys/fs/binfmt_misc/";

/// The rest of the entry's line that begins with `name`; empty if there is no such line.
std::string_view value_of(std::string_view entry, std::string_view name) {
  while (!entry.empty()) {
    const auto line = entry.substr(0, entry.find('\n'));
    if (line.starts_with(name)) {
      return line.substr(name.size());
    }
    entry.remove_prefix(std::min(entry.size(), line.size() + 1));
  }
  return {};
}

/// The bytes that the kernel prints as two hexadecimal digits each.
std::string bytes_of(std::string_view digits) {
  constexpr int kHexadecimal = 16;
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    unsigned char byte = 0;
    std::from_chars(digits.data() + at, digits.data() + at + 2, byte, kHexadecimal);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

bool matches_magic(std::string_view entry, std::string_view beginning) {
  constexpr std::size_t kLookedAt = 256;  // BINPRM_BUF_SIZE: a shorter file is padded with zeros
  const auto magic = bytes_of(value_of(entry, "magic "));
  auto mask = bytes_of(value_of(entry, "mask "));
  mask.resize(magic.size(), mask.empty() ? '\xff' : '\0');
  const auto offset = parse_number(value_of(entry, "offset "), 0, kLookedAt);
  std::string looked_at(beginning.substr(0, kLookedAt));
  looked_at.resize(kLookedAt, '\0');
  if (magic.empty() || !offset.valid() || offset.value + magic.size() > kLookedAt) {
    return false;
  }
  for (std::size_t at = 0; at < magic.size(); ++at) {
    if (((looked_at[offset.value + at] ^ magic[at]) & mask[at]) != 0) {
      return false;
    }
  }
  return true;
}

bool matches(std::string_view entry, std::string_view file, std::string_view beginning) {
  if (!entry.starts_with("enabled\n")) {
    return false;
  }
  if (const auto extension = value_of(entry, "extension "); !extension.empty()) {
    const auto dot = file.rfind('.');
    return dot != std::string_view::npos && file.substr(dot) == extension;
  }
  return !beginning.empty() && matches_magic(entry, beginning);
}

}  // namespace

std::optional<RegisteredInterpreter> find_registered_interpreter(const std::string& file,
                                                                 std::string_view beginning) {
  const std::string directory(kDirectory);
  if (!read_beginning(directory + "status").starts_with("enabled")) {
    return std::nullopt;
  }
  std::optional<RegisteredInterpreter> found;
  visit_entries(directory.c_str(), [&](std::string_view name) {
    if (name == "register" || name == "status" || name.starts_with('.')) {
      return false;
    }
    const auto entry = read_beginning(directory + std::string(name));
    if (!matches(entry, file, beginning)) {
      return false;
    }
    const auto flags = value_of(entry, "flags: ");
    found = {std::string(value_of(entry, "interpreter ")),
             flags.find('F') != std::string_view::npos, flags.find('C') != std::string_view::npos};
    return true;
  });
  return found;
}

}  // namespace lowport
