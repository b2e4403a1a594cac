// SPDX-License-Identifier: MIT
#include "base/number.hpp"

#include <algorithm>
#include <charconv>

namespace lowport {
namespace {

bool is_digit(char character) { return character >= '0' && character <= '9'; }

std::string problem_of_spelling(std::string_view text) {
  if (text.empty()) {
    return "the number is missing";
  }
  if (text.find_first_of(" \t\n\v\f\r") != std::string_view::npos) {
    return "spaces are not allowed";
  }
  if (text.front() == '+' || text.front() == '-') {
    return "signs are not allowed";
  }
  if (text.starts_with("0x") || text.starts_with("0X")) {
    return "hexadecimal is not accepted; write the number in decimal";
  }
  if (!is_digit(text.front())) {
    return "this is not a number";
  }
  if (!all_digits(text)) {
    const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
    return "the number is followed by \"" + std::string(end, text.end()) + "\"";
  }
  if (text.size() > 1 && text.front() == '0') {
    return "a leading zero means octal to some programs; write the number without it";
  }
  return {};
}

}  // namespace

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

ParsedNumber parse_number(std::string_view text, std::uint64_t minimum, std::uint64_t maximum) {
  if (std::string problem = problem_of_spelling(text); !problem.empty()) {
    return {0, std::move(problem)};
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > maximum) {
    return {0, "the largest value is " + std::to_string(maximum)};
  }
  if (value < minimum) {
    return {0, "the smallest value is " + std::to_string(minimum)};
  }
  return {value, {}};
}

}  // namespace lowport
