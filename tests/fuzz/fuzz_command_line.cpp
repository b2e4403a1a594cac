// SPDX-License-Identifier: MIT
// A whole command line, up to the plan: the letters of starters.cpp that describe who starts the
// launcher, and the words of argv after its own name, each on a line.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "base/error.hpp"
#include "input.hpp"
#include "launcher/account.hpp"
#include "launcher/options.hpp"
#include "launcher/plan.hpp"
#include "properties.hpp"
#include "services.hpp"
#include "starters.hpp"

namespace {

using lowport::Action;
using lowport::Mode;
using lowport::Options;

/// What was typed before `--`, and in how many words.
std::size_t count_own_words(const std::vector<std::string>& words) {
  return static_cast<std::size_t>(std::find(words.begin(), words.end(), "--") - words.begin());
}

void check_options(const Options& options, const std::vector<std::string>& words,
                   std::span<char* const> argv) {
  if (options.action == Action::kShowHelp || options.action == Action::kShowVersion) {
    return;
  }
  const auto own = count_own_words(words);
  fuzz::require(own < words.size(), "a launch needs the separator");
  const auto command = argv.subspan(own + 2);  // after argv[0] and `--`
  fuzz::require(!options.command.empty(), "a launch needs a command");
  fuzz::require(
      options.command.data() == command.data() && options.command.size() == command.size(),
      "the command is what follows the first --, untouched");
  fuzz::require(options.command.data()[options.command.size()] == nullptr,
                "execve finds the end of the command");
  for (const auto& address : options.listen) {
    fuzz::check_address(address);
  }
  fuzz::require(!options.backlog || *options.backlog >= 1, "a backlog is at least 1");
  for (const int descriptor : options.keep_fds) {
    fuzz::require(descriptor >= 3, "0 to 2 cannot be named");
  }
  for (const auto& [name, value] : options.environment.set) {
    fuzz::require(!name.empty() && name.find('=') == std::string::npos, "a variable has a name");
    fuzz::require(!name.starts_with("LISTEN_") && name != "NGINX",
                  "only the launcher announces the handover");
  }
}

/// No option appears out of nothing: whatever has an effect was typed before `--`, and a switch
/// without a value.
void check_origin(const Options& options, const std::vector<std::string>& words) {
  const auto own = words.begin() + static_cast<std::ptrdiff_t>(count_own_words(words));
  const auto typed = [&](std::string_view text) {
    return std::any_of(words.begin(), own, [&](const std::string& word) {
      return word.find(text) != std::string::npos;
    });
  };
  const auto switched = [&](std::string_view name) {
    return std::find(words.begin(), own, name) != own;
  };
  const auto has_letter = [&](char letter) {
    return std::any_of(words.begin(), own, [&](const std::string& word) {
      return word.starts_with('-') && !word.starts_with("--") &&
             word.find(letter) != std::string::npos;
    });
  };
  fuzz::require(!options.user || typed(*options.user), "the user was typed");
  fuzz::require(options.mode == Mode::kAmbient || typed(mode_name(options.mode)),
                "the mode was typed");
  fuzz::require(!options.confinement || typed(confinement_name(*options.confinement)),
                "the confinement was typed");
  fuzz::require(!options.backlog || typed(std::to_string(*options.backlog)),
                "the backlog was typed");
  for (const int descriptor : options.keep_fds) {
    fuzz::require(typed(std::to_string(descriptor)), "--keep-fd was typed");
  }
  fuzz::require(!options.allow_new_privs || switched("--allow-new-privs"),
                "--allow-new-privs was typed");
  fuzz::require(!options.own_stdio || switched("--own-stdio"), "--own-stdio was typed");
  fuzz::require(!options.environment.clear || switched("--clear-env"), "--clear-env was typed");
  fuzz::require(!options.reuse_port || switched("--reuse-port"), "--reuse-port was typed");
  fuzz::require(!options.new_session || switched("--new-session"), "--new-session was typed");
  fuzz::require(!options.json || switched("--json"), "--json was typed");
  fuzz::require(!options.verbose || switched("--verbose") || has_letter('v'),
                "--verbose was typed");
  fuzz::require(options.action != Action::kCheck || switched("--check") || has_letter('n'),
                "--check was typed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto words = fuzz::parts_of(data, size, "\n");
  std::size_t ports = 0;
  for (const auto& word : words) {
    ports += fuzz::count_ports_in_ranges(word);
  }
  if (ports > fuzz::kMostPorts) {
    return 0;
  }
  const auto host = fuzz::host_from(words.front());
  words.erase(words.begin());
  const Arguments arguments(words);
  try {
    const auto options = parse_options(arguments.span(), find_known_service);
    check_options(options, words, arguments.span());
    check_origin(options, words);
    if (options.action == Action::kShowHelp || options.action == Action::kShowVersion) {
      return 0;
    }
    const auto account = resolve_account(options.user, options.groups, host.identity);
    fuzz::check_plan(make_plan(options, account, host), options, host);
  } catch (const lowport::Error& error) {
    fuzz::check_refusal(error);
  }
  return 0;
}
