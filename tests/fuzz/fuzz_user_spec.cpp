// SPDX-License-Identifier: MIT
// What --user is given: `SPEC`, or `SPEC`, a passwd(5), a group(5) and what --groups lists, with an
// empty line between one and the next. Without tables of its own an input is looked up in those of
// fake_names.cpp.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/name_tables.hpp"
#include "base/names.hpp"
#include "base/number.hpp"
#include "base/text.hpp"
#include "fake_names.hpp"
#include "input.hpp"
#include "launcher/account.hpp"
#include "properties.hpp"

namespace {

using lowport::Account;
using lowport::GroupsChoice;
using lowport::Identity;
using lowport::kHighestId;
using lowport::Options;
using lowport::parse_number;

std::optional<Account> resolve(const Options& options, const Identity& caller) {
  try {
    auto account = resolve_account(options.user, options.groups, caller);
    fuzz::check_account(account);
    return account;
  } catch (const lowport::Error& error) {
    fuzz::check_refusal(error);
    return std::nullopt;
  }
}

/// A table as someone who knows only passwd(5), and not this program, would read it: is there a
/// well-formed line for this name and this id?
bool has_line(const std::string& table, std::string_view name, std::uint64_t id) {
  const auto begins = std::string(name) + ":";
  const auto continues = ":" + std::to_string(id) + ":";
  for (auto line : lowport::split(table, "\n")) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with(begins) && line.find(continues) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// An id comes from the table, or it is the number that was typed: it comes from nowhere else.
void check_origin(std::string_view spec, const std::string& table, std::uint64_t id) {
  auto digits = spec;
  if (digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  const auto number = parse_number(digits, 0, kHighestId);
  const bool typed = number.valid() && number.value == id;
  const bool named = !spec.starts_with('+') && has_line(table, spec, id);
  fuzz::require(typed || named, "an id is typed, or is in the table");
}

void check_groups(const Account& account, const GroupsChoice& choice, const Identity& caller) {
  const auto& groups = account.groups;
  const auto has = [](const std::vector<gid_t>& all, gid_t gid) {
    return std::find(all.begin(), all.end(), gid) != all.end();
  };
  switch (choice.kind) {
    case GroupsChoice::Kind::kNone:
      fuzz::require(groups.empty(), "none means none");
      break;
    case GroupsChoice::Kind::kKeep:
      fuzz::require(std::all_of(groups.begin(), groups.end(),
                                [&](gid_t gid) { return has(caller.groups, gid); }),
                    "keep adds no group");
      fuzz::require(!caller.is_root() || account.gid == 0 || !has(groups, 0),
                    "root's own group is left behind");
      break;
    case GroupsChoice::Kind::kInit:
      fuzz::require(has(groups, account.gid), "the account is a member of its own group");
      break;
    case GroupsChoice::Kind::kListed:
      fuzz::require(groups.size() <= choice.listed.size(), "what is listed is all there is");
      for (const gid_t gid : groups) {
        const auto named = [&](const std::string& name) {
          return name == std::to_string(gid) || name == "+" + std::to_string(gid) ||
                 has_line(fuzz::name_tables().group, name, gid);
        };
        fuzz::require(std::any_of(choice.listed.begin(), choice.listed.end(), named),
                      "every group was listed");
      }
      break;
  }
}

void check_one(const std::string& spec, const GroupsChoice& choice, const Identity& caller) {
  Options options;
  options.user = spec;
  options.groups = choice;
  const auto account = resolve(options, caller);
  if (!account) {
    return;
  }
  check_groups(*account, choice, caller);
  const auto colon = spec.find(':');
  check_origin(std::string_view(spec).substr(0, colon), fuzz::name_tables().passwd, account->uid);
  if (colon != std::string::npos) {
    check_origin(std::string_view(spec).substr(colon + 1), fuzz::name_tables().group, account->gid);
  } else {
    fuzz::require(!account->user.empty(), "without a typed group an entry names it");
  }
  // The same account by its numbers. A second line of the table may be unusable, which is a refusal
  // and nothing else.
  options.user = "+" + std::to_string(account->uid) + ":+" + std::to_string(account->gid);
  const auto again = resolve(options, caller);
  fuzz::require(!again || (again->uid == account->uid && again->gid == account->gid),
                "a number is what it says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parts = fuzz::parts_of(data, size, "\n\n");
  const auto part = [&](std::size_t index) {
    return index < parts.size() ? parts[index] : std::string();
  };
  fuzz::name_tables() =
      parts.size() > 1 ? fuzz::NameTables{part(1), part(2)} : fuzz::usual_tables();
  std::vector<GroupsChoice> choices{{GroupsChoice::Kind::kInit, {}},
                                    {GroupsChoice::Kind::kNone, {}},
                                    {GroupsChoice::Kind::kKeep, {}}};
  if (const auto names = part(3); !names.empty()) {
    choices.push_back({GroupsChoice::Kind::kListed, {}});
    for (const auto name : lowport::split(names, ",")) {
      choices.back().listed.emplace_back(name);
    }
  }
  const Identity callers[] = {{0, 0, {0, 4, 20}}, {1000, 1000, {27, 1000}}};
  for (const auto& caller : callers) {
    for (const auto& choice : choices) {
      check_one(parts.front(), choice, caller);
    }
  }
  Options options;
  options.user = parts.front();
  resolve(options, callers[0]);
  return 0;
}
