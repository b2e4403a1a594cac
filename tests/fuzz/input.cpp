// SPDX-License-Identifier: MIT
#include "input.hpp"

#include <algorithm>
#include <charconv>

namespace fuzz {
namespace {

constexpr std::string_view kDigits = "0123456789";

/// The number that `text` begins with, which is removed from it; 0 if it is larger than a port.
std::size_t take_number(std::string_view& text) {
  std::uint16_t number = 0;
  const auto length = std::min(text.find_first_not_of(kDigits), text.size());
  std::from_chars(text.data(), text.data() + length, number);
  text.remove_prefix(length);
  return number;
}

}  // namespace

std::vector<std::string> parts_of(const std::uint8_t* data, std::size_t size,
                                  std::string_view separator) {
  const std::string bytes(data, data + size);
  const std::string nul(1, '\0');
  if (bytes.find('\0') != std::string::npos) {
    separator = nul;
  }
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (auto end = bytes.find(separator); end != std::string::npos;
       end = bytes.find(separator, start)) {
    parts.push_back(bytes.substr(start, end - start));
    start = end + separator.size();
  }
  parts.push_back(bytes.substr(start));
  return parts;
}

std::size_t count_ports_in_ranges(std::string_view text) {
  std::size_t ports = 0;
  while ((text.remove_prefix(std::min(text.find_first_of(kDigits), text.size())), !text.empty())) {
    const auto first = take_number(text);
    if (!text.starts_with('-')) {
      continue;
    }
    auto rest = text.substr(1);
    const auto last = take_number(rest);  // `text` keeps it: it may itself begin another range
    if (first <= last) {
      ports += last - first + 1;
    }
  }
  return ports;
}

}  // namespace fuzz
