// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lowport {

/// A decimal number as typed by a user, or the reason why the text is not one.
struct ParsedNumber {
  std::uint64_t value = 0;
  std::string problem;  ///< empty when `value` holds

  [[nodiscard]] bool valid() const { return problem.empty(); }
};

/// Reads the whole of `text` as a decimal number from `minimum` to `maximum`. Signs, spaces,
/// hexadecimal, a leading zero (octal to some programs) and trailing text are each refused with
/// their own reason; nothing wraps. Pure.
ParsedNumber parse_number(std::string_view text, std::uint64_t minimum, std::uint64_t maximum);

/// True if `text` is not empty and consists of ASCII digits.
bool all_digits(std::string_view text);

}  // namespace lowport
