// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lowport {

/// The parts of `text` between the separators, empty ones included; always at least one. Views of
/// `text`. Pure.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

/// The same without the empty parts. Pure.
std::vector<std::string_view> split_words(std::string_view text,
                                          std::string_view separators = " \t");

/// `word` quoted so that a shell takes it as one word and nothing else; left bare if it has only
/// the characters that paths usually have. For the commands in hints, which root may paste. (Once
/// printable() has altered a word, it no longer names the file.) Pure.
std::string shell_quoted(std::string_view word);

/// `value` in lower-case hexadecimal, with zeros in front where it has fewer digits than `digits`.
/// Pure.
std::string hexadecimal(std::uint64_t value, std::size_t digits = 1);

}  // namespace lowport
