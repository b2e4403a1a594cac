// SPDX-License-Identifier: MIT
#include "launcher/options.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/text.hpp"
#include "launcher/command_line.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

constexpr std::string_view kSeparator = "--";
constexpr std::string_view kSeeHelp = "lowportbind --help lists the options";

[[noreturn]] void refuse(std::string_view option, std::string_view reason,
                         std::string_view hint = {}) {
  throw failure(kCannotUseOption, option, reason, hint);
}

std::string spelled(std::string_view option, std::string_view value) {
  return "--" + std::string(option) + " " + (value.empty() ? "\"\"" : std::string(value));
}

int parse_int(std::string_view option, const std::string& text, int minimum) {
  const auto number =
      parse_number(text, static_cast<unsigned>(minimum), std::numeric_limits<int>::max());
  if (!number.valid()) {
    refuse(spelled(option, text), number.problem);
  }
  return static_cast<int>(number.value);
}

GroupsChoice parse_groups(const std::string& text) {
  if (text == "init") {
    return {GroupsChoice::Kind::kInit, {}};
  }
  if (text == "none") {
    return {GroupsChoice::Kind::kNone, {}};
  }
  if (text == "keep") {
    return {GroupsChoice::Kind::kKeep, {}};
  }
  const auto parts = split(text, ",");
  std::vector<std::string> listed(parts.begin(), parts.end());
  for (const auto& name : listed) {
    if (name.empty()) {
      refuse(spelled("groups", text), "an item is empty", "for no groups, use --groups none");
    }
    if (name == "init" || name == "none" || name == "keep") {
      refuse(spelled("groups", text), "\"" + name + "\" cannot be combined with other groups",
             "list all the groups, those of init too: --groups \"$(id -G USER | tr ' ' ,),GROUP\"; "
             "for a group named " +
                 name + ", use its number");
    }
  }
  return {GroupsChoice::Kind::kListed, std::move(listed)};
}

constexpr std::array kModes{std::pair{Mode::kAmbient, "ambient"},
                            std::pair{Mode::kListenFds, "listen-fds"},
                            std::pair{Mode::kInetd, "inetd"}, std::pair{Mode::kNginx, "nginx"}};
constexpr std::array kConfinements{std::pair{Confinement::kOff, "off"},
                                   std::pair{Confinement::kPrivileged, "privileged"},
                                   std::pair{Confinement::kListed, "listed"}};

/// The word for a value in one of these tables.
template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
  for (const auto& [known, word] : words) {
    if (known == value) {
      return word;
    }
  }
  return "";
}

Mode parse_mode(const std::string& text) {
  for (const auto& [mode, name] : kModes) {
    if (text == name) {
      return mode;
    }
  }
  refuse(spelled("mode", text), "the modes are ambient, listen-fds, inetd and nginx");
}

Confinement parse_confinement(const std::string& text) {
  for (const auto& [confinement, name] : kConfinements) {
    if (text == name) {
      return confinement;
    }
  }
  refuse(spelled("confine", text), "the values are privileged, listed and off");
}

/// The launcher itself passes these variables to the daemon; a value from the user could contradict
/// it.
bool belongs_to_handover(std::string_view name) {
  return name.starts_with("LISTEN_") || name == "NGINX";
}

void add_environment(const std::string& text, EnvironmentChoice& environment) {
  const auto equals = text.find('=');
  const auto name = text.substr(0, equals);
  if (name.empty()) {
    refuse(spelled("env", text), "the variable name is empty");
  }
  if (belongs_to_handover(name)) {
    refuse(spelled("env", text), "lowportbind sets or removes this variable itself",
           "--mode listen-fds and --mode nginx use it to hand over sockets");
  }
  const auto is_name = [&](const auto& entry) { return entry.first == name; };
  const bool again =
      std::find(environment.keep.begin(), environment.keep.end(), name) != environment.keep.end() ||
      std::any_of(environment.set.begin(), environment.set.end(), is_name);
  // Don't print the value: it may be a secret.
  if (again) {
    refuse("--env " + name, "the variable is given twice");
  }
  if (equals == std::string::npos) {
    environment.keep.push_back(name);
  } else {
    environment.set.emplace_back(name, text.substr(equals + 1));
  }
}

void add_descriptor(const std::string& text, std::vector<int>& descriptors) {
  const int descriptor = parse_int("keep-fd", text, 0);
  if (descriptor <= 2) {
    refuse(spelled("keep-fd", text), "descriptors 0 to 2 are always kept");
  }
  if (std::find(descriptors.begin(), descriptors.end(), descriptor) != descriptors.end()) {
    refuse(spelled("keep-fd", text), "the descriptor is given twice");
  }
  descriptors.push_back(descriptor);
}

void add_listen_addresses(Options& options, const std::string& text,
                          const FindService& find_service) {
  auto addresses = parse_listen_addresses(text, find_service);
  std::move(addresses.begin(), addresses.end(), std::back_inserter(options.listen));
}

/// Help and version take precedence over a launch; of the two, the first one given wins.
void choose_action(Options& options, Action action) {
  if (options.action == Action::kLaunch || options.action == Action::kCheck) {
    options.action = action;
  }
}

/// An option: how it is spelled, and what it does to the Options.
struct Definition {
  OptionSpelling spelling;
  void (*apply)(Options& options, const std::string& value,
                const FindService& find_service) = nullptr;
};

using Text = const std::string&;
using Services = const FindService&;

constexpr std::array kDefinitions{
    Definition{{'u', "user", Takes::kOneValue},
               [](Options& o, Text text, Services) { o.user = text; }},
    Definition{{'\0', "groups", Takes::kOneValue},
               [](Options& o, Text text, Services) { o.groups = parse_groups(text); }},
    Definition{{'p', "port", Takes::kRepeatedValues}, add_listen_addresses},
    Definition{{'m', "mode", Takes::kOneValue},
               [](Options& o, Text text, Services) { o.mode = parse_mode(text); }},
    Definition{{'\0', "confine", Takes::kOneValue},
               [](Options& o, Text text, Services) { o.confinement = parse_confinement(text); }},
    Definition{{'\0', "backlog", Takes::kOneValue},
               [](Options& o, Text text, Services) { o.backlog = parse_int("backlog", text, 1); }},
    Definition{{'\0', "reuse-port", Takes::kNothing},
               [](Options& o, Text, Services) { o.reuse_port = true; }},
    Definition{{'\0', "env", Takes::kRepeatedValues},
               [](Options& o, Text text, Services) { add_environment(text, o.environment); }},
    Definition{{'\0', "clear-env", Takes::kNothing},
               [](Options& o, Text, Services) { o.environment.clear = true; }},
    Definition{{'\0', "keep-fd", Takes::kRepeatedValues},
               [](Options& o, Text text, Services) { add_descriptor(text, o.keep_fds); }},
    Definition{{'\0', "own-stdio", Takes::kNothing},
               [](Options& o, Text, Services) { o.own_stdio = true; }},
    Definition{{'\0', "new-session", Takes::kNothing},
               [](Options& o, Text, Services) { o.new_session = true; }},
    Definition{{'\0', "allow-new-privs", Takes::kNothing},
               [](Options& o, Text, Services) { o.allow_new_privs = true; }},
    Definition{{'n', "check", Takes::kNothing},
               [](Options& o, Text, Services) {
                 if (o.action == Action::kLaunch) {
                   o.action = Action::kCheck;
                 }
               }},
    Definition{{'\0', "json", Takes::kNothing}, [](Options& o, Text, Services) { o.json = true; }},
    Definition{{'v', "verbose", Takes::kNothing},
               [](Options& o, Text, Services) { o.verbose = true; }},
    Definition{{'h', "help", Takes::kNothing},
               [](Options& o, Text, Services) { choose_action(o, Action::kShowHelp); }},
    Definition{{'V', "version", Takes::kNothing},
               [](Options& o, Text, Services) { choose_action(o, Action::kShowVersion); }},
};

/// The spellings alone, for read_options().
constexpr auto kSpellings = [] {
  std::array<OptionSpelling, kDefinitions.size()> spellings{};
  std::transform(kDefinitions.begin(), kDefinitions.end(), spellings.begin(),
                 [](const Definition& definition) { return definition.spelling; });
  return spellings;
}();

}  // namespace

std::string_view mode_name(Mode mode) { return word_of(kModes, mode); }

Confinement confinement_of(const Options& options) {
  return options.confinement.value_or(options.mode == Mode::kAmbient ? Confinement::kPrivileged
                                                                     : Confinement::kOff);
}

std::string_view confinement_name(Confinement confinement) {
  return word_of(kConfinements, confinement);
}

Options parse_options(std::span<char* const> arguments, const FindService& find_service) {
  const auto separator = std::find_if(arguments.begin() + 1, arguments.end(),
                                      [](const char* word) { return word == kSeparator; });
  const auto ours = arguments.first(static_cast<std::size_t>(separator - arguments.begin()));
  Options options;
  for (const auto& given :
       read_options(ours, kSpellings, separator == arguments.end() ? kUsage : kSeeHelp)) {
    kDefinitions[given.option].apply(options, given.value, find_service);
  }
  if (options.action == Action::kShowHelp || options.action == Action::kShowVersion) {
    return options;
  }
  if (separator == arguments.end()) {
    throw failure(kCannotReadCommandLine, kSeparator, "it is missing",
                  "the command comes after it: lowportbind [OPTION...] -- COMMAND [ARG...]");
  }
  options.command = arguments.subspan(ours.size() + 1);
  if (options.command.empty()) {
    throw failure(kCannotReadCommandLine, kSeparator, "no command follows it",
                  "lowportbind [OPTION...] -- COMMAND [ARG...]");
  }
  return options;
}

}  // namespace lowport
