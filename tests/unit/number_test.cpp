#include "number.hpp"

#include <doctest/doctest.h>

#include <string>

using lowportbind::parse_number;

TEST_CASE("a decimal number within its range is read") {
  CHECK(parse_number("1", 1, 65535).value == 1);
  CHECK(parse_number("65535", 1, 65535).value == 65535);
  CHECK(parse_number("0", 0, 10).value == 0);
}

TEST_CASE("what is no decimal number is refused with its own reason") {
  struct Row {
    std::string text;
    std::string reason;
  };
  const Row rows[] = {
      {"", "a number is missing"},
      {" 5", "no spaces"},
      {"5 ", "no spaces"},
      {"+5", "no sign"},
      {"-5", "no sign"},
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
