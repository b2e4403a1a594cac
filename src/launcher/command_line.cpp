// SPDX-License-Identifier: MIT
#include "launcher/command_line.hpp"

#include <algorithm>
#include <cxxopts.hpp>
#include <list>
#include <utility>

#include "base/error.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

/// The value that cxxopts reports for an option without one. No argument can hold a NUL, so this
/// tells `--check` from `--check=false`, which cxxopts accepts.
constexpr std::string_view kNoValue("\0", 1);

using Spellings = std::span<const OptionSpelling>;

/// Whether the value of an option is the next word, or is attached to `word`.
bool takes_value(std::string_view word, Spellings spellings) {
  if (word.size() < 2 || word[0] != '-') {
    return false;
  }
  return std::any_of(spellings.begin(), spellings.end(), [&](const OptionSpelling& spelling) {
    if (spelling.takes == Takes::kNothing) {
      return false;
    }
    return word[1] == '-' ? word.substr(2) == spelling.name : word[1] == spelling.letter;
  });
}

/// cxxopts reads `-p80` but not `-p80,443`, since it looks for letters and digits only; getopt(3)
/// reads both. Such a word is split after its letter; `letters` owns the first halves.
std::vector<const char*> separate_attached_values(std::span<char* const> arguments,
                                                  Spellings spellings,
                                                  std::list<std::string>& letters) {
  std::vector<const char*> words;
  bool is_value = true;  // argv[0] is taken as it is, like a value
  for (const char* argument : arguments) {
    const std::string_view word(argument);
    const bool has_value = !is_value && takes_value(word, spellings);
    const bool attached = has_value && word[1] != '-' && word.size() > 2;
    if (attached) {
      words.push_back(letters.emplace_back(word.substr(0, 2)).c_str());
      words.push_back(argument + 2);
    } else {
      words.push_back(argument);
    }
    is_value = has_value && !attached;
  }
  return words;
}

/// cxxopts describes an error in a sentence with the option's name, or the whole word, in quotes:
/// typographic ones in version 3.1, plain ones in 3.2.
Error explain(const cxxopts::exceptions::exception& error, std::string_view hint) {
  std::string sentence(error.what());
  for (const std::string_view quote : {"\u2018", "\u2019"}) {
    const auto position = sentence.find(quote);
    if (position != std::string::npos) {
      sentence.replace(position, quote.size(), "'");
    }
  }
  const auto open = sentence.find('\'');
  const auto close = sentence.rfind('\'');
  if (open == close) {
    return failure(kCannotReadCommandLine, "options", sentence, hint);
  }
  auto name = sentence.substr(open + 1, close - open - 1);
  if (!name.starts_with('-')) {
    name.insert(0, name.size() == 1 ? "-" : "--");
  }
  if (dynamic_cast<const cxxopts::exceptions::missing_argument*>(&error) != nullptr) {
    return failure(kCannotReadCommandLine, name, "its value is missing", hint);
  }
  return failure(kCannotReadCommandLine, name, "unknown option", hint);
}

/// Whether `word` may be this option, with or without an attached value, or contain its letter
/// among others. It may be true for a word that is not the option, but is never false for one that
/// is.
bool may_mention(const char* word, const OptionSpelling& spelling) {
  if (word[0] != '-') {
    return false;
  }
  const std::string_view text(word + 1);
  if (text.starts_with('-')) {
    return text.substr(1).starts_with(spelling.name);
  }
  return text.find(spelling.letter) != std::string_view::npos;
}

cxxopts::ParseResult run_cxxopts(const std::vector<const char*>& words, Spellings spellings,
                                 std::string_view hint) {
  cxxopts::Options parser("lowportbind");
  for (const auto& spelling : spellings) {
    // cxxopts needs thousands of instructions to register an option, so it is told only of those
    // that may be used.
    const auto mentions = [&](const char* word) { return may_mention(word, spelling); };
    if (std::none_of(words.begin(), words.end(), mentions)) {
      continue;
    }
    auto value = cxxopts::value<std::string>();
    if (spelling.takes == Takes::kNothing) {
      value->implicit_value(std::string(kNoValue));
    }
    const std::string name(spelling.name);
    parser.add_options()(
        spelling.letter == '\0' ? name : std::string(1, spelling.letter) + "," + name, "", value);
  }
  try {
    return parser.parse(static_cast<int>(words.size()), words.data());
  } catch (const cxxopts::exceptions::exception& error) {
    throw explain(error, hint);
  }
}

/// Finds in `spellings` the option that cxxopts reports.
GivenOption identify(const std::string& name, const std::string& value, Spellings spellings) {
  const auto found =
      std::find_if(spellings.begin(), spellings.end(),
                   [&](const OptionSpelling& spelling) { return spelling.name == name; });
  if (found == spellings.end()) {
    throw failure(kCannotReadCommandLine, "--" + name, "unknown option");
  }
  if (found->takes == Takes::kNothing && value != kNoValue) {
    throw failure(kCannotUseOption, "--" + name + "=" + value, "it is a switch and takes no value",
                  "leave the option out to switch it off");
  }
  return {static_cast<std::size_t>(found - spellings.begin()),
          found->takes == Takes::kNothing ? "" : value};
}

}  // namespace

std::vector<GivenOption> read_options(std::span<char* const> words, Spellings spellings,
                                      std::string_view hint) {
  std::list<std::string> letters;
  const auto parsed =
      run_cxxopts(separate_attached_values(words, spellings, letters), spellings, hint);
  // An unexpected argument is reported first: it is usually the command, or was meant as a value.
  if (!parsed.unmatched().empty()) {
    throw failure(kCannotReadCommandLine, parsed.unmatched().front(), "unexpected argument",
                  kUsage);
  }
  std::vector<GivenOption> given;
  for (const auto& argument : parsed.arguments()) {
    auto option = identify(argument.key(), argument.value(), spellings);
    const auto is_same = [&](const GivenOption& other) { return other.option == option.option; };
    if (spellings[option.option].takes != Takes::kRepeatedValues &&
        std::any_of(given.begin(), given.end(), is_same)) {
      throw failure(kCannotUseOption, "--" + argument.key(), "it is given twice");
    }
    given.push_back(std::move(option));
  }
  return given;
}

}  // namespace lowport
