// SPDX-License-Identifier: MIT
#include "base/number.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using lowport::parse_number;

TEST_CASE("a decimal number in range parses") {
  CHECK(parse_number("1", 1, 65535).value == 1);
  CHECK(parse_number("65535", 1, 65535).value == 65535);
  CHECK(parse_number("0", 0, 10).value == 0);
}

TEST_CASE("each malformed number is refused with its own reason") {
  struct Row {
    std::string text;
    std::string reason;
  };
  const Row rows[] = {
      {"", "the number is missing"},
      {" 5", "spaces are not allowed"},
      {"5 ", "spaces are not allowed"},
      {"+5", "signs are not allowed"},
      {"-5", "signs are not allowed"},
      {"0x10", "hexadecimal"},
      {"010", "octal"},
      {"00", "octal"},
      {"4foo", "followed by \"foo\""},
      {"foo", "not a number"},
      {"65536", "largest value is 65535"},
      {"4294967376", "largest value is 65535"},
      {"18446744073709551696", "largest value is 65535"},
  };
  for (const auto& row : rows) {
    const auto number = parse_number(row.text, 0, 65535);
    CAPTURE(row.text);
    CHECK_FALSE(number.valid());
    CHECK(number.problem.find(row.reason) != std::string::npos);
  }
}

TEST_CASE("a number that is too small is refused with the minimum") {
  CHECK(parse_number("0", 1, 10).problem == "the smallest value is 1");
  CHECK(parse_number("1", 2, 10).problem == "the smallest value is 2");
  CHECK(parse_number("2", 2, 10).value == 2);
}

TEST_CASE("the largest 64-bit number parses and the next does not wrap") {
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();
  CHECK(parse_number("18446744073709551615", 0, kLargest).value == kLargest);
  CHECK_FALSE(parse_number("18446744073709551616", 0, kLargest).valid());
  CHECK_FALSE(parse_number("99999999999999999999999999", 0, kLargest).valid());
}

TEST_CASE("only ASCII digits are digits") {
  CHECK(lowport::all_digits("0123456789"));
  for (const std::string text : {"", "1a", "-1", " 1", "\xd9\xa3", "\xb2"}) {
    CAPTURE(text);
    CHECK_FALSE(lowport::all_digits(text));
    CHECK_FALSE(parse_number(text, 0, 10).valid());
  }
}
