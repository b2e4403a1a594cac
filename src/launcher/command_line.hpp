// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowport {

/// The hint for a word where an option is expected.
constexpr std::string_view kUsage =
    "the command comes after --: lowportbind [OPTION...] -- COMMAND [ARG...]";

/// What an option takes, and whether it may be repeated.
enum class Takes { kNothing, kOneValue, kRepeatedValues };

/// How an option is spelled: its letter (NUL for none) and its long name.
struct OptionSpelling {
  char letter;
  std::string_view name;
  Takes takes;
};

/// An option that was given: the index of its spelling, and its value, empty for a switch.
struct GivenOption {
  std::size_t option;
  std::string value;
};

/// Reads the words of argv before the separator, argv[0] included, as getopt_long(3) would. Returns
/// the options in the order given. `hint` is for an unknown option and for a missing value. Throws
/// Error: an unknown option, a missing value, a value for a switch, an unexpected argument, or an
/// option given twice that may not be repeated.
std::vector<GivenOption> read_options(std::span<char* const> words,
                                      std::span<const OptionSpelling> spellings,
                                      std::string_view hint);

}  // namespace lowport
