// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

using lowport::printable;
using lowport::shell_quoted;
using lowport::split;
using lowport::split_words;

namespace {

constexpr int kRounds = 5000;

std::string joined(const std::vector<std::string_view>& parts, char separator) {
  std::string text;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    if (index > 0) {
      text += separator;
    }
    text += parts[index];
  }
  return text;
}

/// Half separators, so that there are empty parts at the edges and in the middle.
std::string random_text(std::mt19937& generator) {
  constexpr std::string_view kCharacters = "aé,:, \t:";
  std::string text(generator() % 12, '\0');
  for (auto& character : text) {
    character = kCharacters[generator() % kCharacters.size()];
  }
  return text;
}

}  // namespace

TEST_CASE("splitting and joining a text returns the same text") {
  std::mt19937 generator(1);
  for (int round = 0; round < kRounds; ++round) {
    const auto text = random_text(generator);
    CAPTURE(text);
    for (const char separator : {',', ':', '\n'}) {
      const auto parts = split(text, std::string(1, separator));
      REQUIRE(joined(parts, separator) == text);
      REQUIRE(parts.size() ==
              1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), separator)));
    }
  }
}

TEST_CASE("joining and splitting words returns the same words") {
  std::mt19937 generator(2);
  for (int round = 0; round < kRounds; ++round) {
    const auto text = random_text(generator);
    CAPTURE(text);
    const auto words = split_words(text, " \t,");
    for (const auto word : words) {
      REQUIRE_FALSE(word.empty());
      REQUIRE(word.find_first_of(" \t,") == std::string_view::npos);
    }
    const auto text_of_words = joined(words, ' ');
    REQUIRE(split_words(text_of_words, " \t,") == words);
    auto letters = text;
    std::erase_if(letters, [](char character) {
      return character == ' ' || character == '\t' || character == ',';
    });
    auto letters_of_words = text_of_words;
    std::erase(letters_of_words, ' ');
    REQUIRE(letters_of_words == letters);
  }
}

TEST_CASE("escaping printable text changes nothing") {
  std::mt19937 generator(3);
  for (int round = 0; round < kRounds; ++round) {
    std::string text(generator() % 40, '\0');
    for (auto& character : text) {
      character = static_cast<char>(generator());
    }
    const auto shown = printable(text);
    CAPTURE(shown);
    REQUIRE(std::all_of(shown.begin(), shown.end(), [](char c) { return c >= ' ' && c < 0x7f; }));
    REQUIRE(printable(shown) == shown);
  }
}

TEST_CASE("escaping a long text twice cuts it at the same place") {
  const auto cut = printable(std::string(5000, 'a'));
  CHECK(cut == std::string(1000, 'a') + "...");
  CHECK(printable(cut) == cut);
  CHECK(printable(std::string(1000, 'a')) == std::string(1000, 'a'));
}

TEST_CASE("a word is quoted for the shell unless it looks like a path") {
  CHECK(shell_quoted("/usr/local/sbin/lowportbind-1.0_2+b@c,d:e=f%g") ==
        "/usr/local/sbin/lowportbind-1.0_2+b@c,d:e=f%g");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("/srv/my dir/run") == "'/srv/my dir/run'");
  CHECK(shell_quoted("/srv/$(id)") == "'/srv/$(id)'");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
  CHECK(shell_quoted("~root") == "'~root'");
  CHECK(shell_quoted("a\nb") == "'a\nb'");
}
