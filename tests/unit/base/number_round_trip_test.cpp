// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/number.hpp"

using lowport::parse_number;

namespace {

constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();

/// The numbers around each power of two and of ten, where something would wrap or gain a digit.
std::vector<std::uint64_t> numbers_near_an_edge() {
  std::vector<std::uint64_t> numbers{0, kLargest};
  const auto add_around = [&](std::uint64_t edge) {
    for (const std::uint64_t number : {edge - 1, edge, edge + 1}) {
      numbers.push_back(number);
    }
  };
  for (unsigned bit = 0; bit < 64; ++bit) {
    add_around(std::uint64_t{1} << bit);
  }
  for (std::uint64_t power = 1; power <= kLargest / 10; power *= 10) {
    add_around(power);
  }
  return numbers;
}

}  // namespace

TEST_CASE("a formatted number parses back to itself") {
  auto numbers = numbers_near_an_edge();
  std::mt19937_64 generator(64);
  for (int round = 0; round < 5000; ++round) {
    numbers.push_back(generator() >> (generator() % 64));
  }
  for (const auto number : numbers) {
    CAPTURE(number);
    const auto read = parse_number(std::to_string(number), 0, kLargest);
    REQUIRE(read.valid());
    REQUIRE(read.value == number);
  }
}

TEST_CASE("a number parses exactly when it is in range") {
  for (const auto number : numbers_near_an_edge()) {
    CAPTURE(number);
    const auto text = std::to_string(number);
    CHECK(parse_number(text, number, number).value == number);
    CHECK(parse_number(text, number, number).valid());
    if (number > 0) {
      CHECK_FALSE(parse_number(text, 0, number - 1).valid());
    }
    if (number < kLargest) {
      CHECK_FALSE(parse_number(text, number + 1, kLargest).valid());
    }
  }
}

TEST_CASE("a number has exactly one accepted spelling") {
  constexpr std::string_view kCharacters = "0123456789+- x.eE_'\t";
  std::mt19937 generator(10);
  int read = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string text(generator() % 6, '0');
    // Mostly digits, or almost nothing would parse.
    for (auto& character : text) {
      character = kCharacters[generator() % (generator() % 4 == 0 ? kCharacters.size() : 10)];
    }
    CAPTURE(text);
    const auto number = parse_number(text, 0, 65535);
    if (!number.valid()) {
      continue;
    }
    REQUIRE(text == std::to_string(number.value));
    ++read;
  }
  CHECK(read > 1000);
}
