// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <array>
#include <charconv>

namespace lowport {

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t end = 0; end != std::string_view::npos; start = end + 1) {
    end = text.find_first_of(separators, start);
    parts.push_back(text.substr(start, end - start));
  }
  return parts;
}

std::vector<std::string_view> split_words(std::string_view text, std::string_view separators) {
  auto words = split(text, separators);
  std::erase(words, "");
  return words;
}

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kUsual =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:=@%";
  if (!word.empty() && word.find_first_not_of(kUsual) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char character : word) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      quoted += character;
    }
  }
  return quoted + "'";
}

std::string hexadecimal(std::uint64_t value, std::size_t digits) {
  constexpr int kBase = 16;
  std::array<char, 2 * sizeof(value)> text{};
  auto* const end = std::to_chars(text.data(), text.data() + text.size(), value, kBase).ptr;
  const std::string shown(text.data(), end);
  return shown.size() < digits ? std::string(digits - shown.size(), '0') + shown : shown;
}

}  // namespace lowport
