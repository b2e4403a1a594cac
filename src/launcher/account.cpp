// SPDX-License-Identifier: MIT
#include "launcher/account.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/names.hpp"
#include "base/number.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotUseUser = "cannot use the user";
constexpr std::string_view kCannotUseGroup = "cannot use the group";

/// What the text before and after the colon says; the group is absent where there is no colon.
struct UserSpec {
  std::string user;
  std::optional<std::string> group;
};

UserSpec split_spec(const std::string& text) {
  constexpr std::string_view kUnset = "a variable may be unset; name the user: --user www-data";
  if (text.empty()) {
    throw failure(kCannotUseUser, text, "it is empty", kUnset);
  }
  const auto colon = text.find(':');
  if (colon == std::string::npos) {
    return {text, std::nullopt};
  }
  UserSpec spec{text.substr(0, colon), text.substr(colon + 1)};
  if (spec.user.empty()) {
    throw failure(kCannotUseUser, text, "there is no user before the colon", kUnset);
  }
  if (spec.group->empty()) {
    throw failure(kCannotUseUser, text, "there is no group after the colon",
                  "leave the colon out for the user's own group");
  }
  if (spec.group->find(':') != std::string::npos) {
    throw failure(kCannotUseUser, text, "it has more than one colon");
  }
  return spec;
}

/// The number that `text` spells, `+N` or `N`; the reason why it spells none is in the result.
ParsedNumber parse_id(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  return parse_number(text, 0, kHighestId);
}

bool is_forced_number(std::string_view text) { return text.starts_with('+'); }

/// A text that begins like a number gets the number's reason, any other is a name that does not
/// exist.
Error unknown_name(std::string_view what, const std::string& text, const std::string& problem,
                   std::string_view table) {
  const bool like_number = text.find_first_of("0123456789+- \t") == 0;
  if (like_number) {
    return failure(what, text, problem);
  }
  return failure(
      what, text, "there is no such name",
      "getent " + std::string(table) +
          " lists the names there are; an image without any takes numbers: --user UID:GID");
}

gid_t resolve_group(const std::string& text) {
  if (text.empty()) {
    throw failure(kCannotUseGroup, text, "it is empty");
  }
  if (!is_forced_number(text)) {
    if (const auto gid = find_group(text)) {
      return *gid;
    }
  }
  const auto number = parse_id(text);
  if (!number.valid()) {
    throw unknown_name(kCannotUseGroup, text, number.problem, "group");
  }
  return static_cast<gid_t>(number.value);
}

/// An entry without a name is a mistake in the table. It must not pass for an account that has no
/// entry: only its group would be used, and none of those that list the user.
std::optional<UserEntry> find_named_user(uid_t uid) {
  auto entry = find_user(uid);
  if (!entry || !entry->name.empty()) {
    return entry;
  }
  const auto number = std::to_string(uid);
  throw failure(kCannotUseUser, number, "its passwd entry has no name",
                "getent passwd " + number + " shows the entry");
}

/// The entry of a user, if there is one, and the uid in any case.
std::pair<uid_t, std::optional<UserEntry>> resolve_user(const std::string& text) {
  if (!is_forced_number(text)) {
    if (auto entry = find_user(text)) {
      return {entry->uid, std::move(entry)};
    }
  }
  const auto number = parse_id(text);
  if (!number.valid()) {
    throw unknown_name(kCannotUseUser, text, number.problem, "passwd");
  }
  const auto uid = static_cast<uid_t>(number.value);
  return {uid, find_named_user(uid)};
}

/// An id of passwd(5) can be one that no number typed here could be: the table is somebody else's
/// input.
void refuse_unusable_ids(const std::string& spec, const Account& account) {
  if (account.uid == 0) {
    throw failure(kCannotUseUser, spec, "it is root (uid 0)",
                  "the daemon is to run without root: name an unprivileged user, such as www-data");
  }
  if (account.uid > kHighestId || account.gid > kHighestId) {
    throw failure(kCannotUseUser, spec,
                  "its passwd entry has an id that setresuid takes for \"no change\"");
  }
}

/// Root is a member of group 0, usually by nothing but being root: that membership ends with it.
std::vector<gid_t> kept_groups(const Account& account, const Identity& caller) {
  auto groups = caller.groups;
  if (caller.is_root() && account.gid != 0) {
    std::erase(groups, gid_t{0});
  }
  return groups;
}

std::vector<gid_t> resolve_groups(const GroupsChoice& choice, const Account& account,
                                  const Identity& caller) {
  switch (choice.kind) {
    case GroupsChoice::Kind::kNone:
      return {};
    case GroupsChoice::Kind::kKeep:
      return kept_groups(account, caller);
    case GroupsChoice::Kind::kListed: {
      std::vector<gid_t> groups;
      for (const auto& name : choice.listed) {
        groups.push_back(resolve_group(name));
      }
      return groups;
    }
    case GroupsChoice::Kind::kInit:
      break;
  }
  // group(5) lists members by name: an account without one is a member of its own group alone.
  if (account.user.empty()) {
    return {account.gid};
  }
  return find_groups_of(account.user, account.gid);
}

Account resolve_named(const std::string& text) {
  const auto spec = split_spec(text);
  auto [uid, entry] = resolve_user(spec.user);
  Account account;
  account.uid = uid;
  if (entry) {
    account.gid = entry->gid;
    account.user = entry->name;
    account.home = entry->home;
    account.shell = entry->shell;
  } else if (!spec.group && uid != 0) {
    throw failure(kCannotUseUser, text, "there is no passwd entry that says which group it has",
                  "name the group: --user " + text + ":GROUP");
  }
  if (spec.group) {
    account.gid = resolve_group(*spec.group);
  }
  refuse_unusable_ids(text, account);
  return account;
}

}  // namespace

Account resolve_account(const Options& options, const Identity& caller) {
  Account account;
  if (options.user) {
    account = resolve_named(*options.user);
  } else if (caller.is_root()) {
    throw failure("cannot choose the account", "--user",
                  "root must say who the daemon is to run as", "for example --user www-data");
  } else {
    account.uid = caller.uid;
    account.gid = caller.gid;
    if (options.groups && options.groups->kind == GroupsChoice::Kind::kInit) {
      account.user = find_named_user(caller.uid).value_or(UserEntry{}).name;
    }
  }
  // Another account's groups are its own; the caller's go along only where the caller stays the
  // same.
  const auto fallback =
      account.uid == caller.uid ? GroupsChoice::Kind::kKeep : GroupsChoice::Kind::kInit;
  const auto choice = options.groups.value_or(GroupsChoice{fallback, {}});
  account.groups = resolve_groups(choice, account, caller);
  std::sort(account.groups.begin(), account.groups.end());
  account.groups.erase(std::unique(account.groups.begin(), account.groups.end()),
                       account.groups.end());
  return account;
}

std::string format(const Account& account) {
  const auto uid = "uid " + std::to_string(account.uid);
  return account.user.empty() ? uid : account.user + " (" + uid + ")";
}

}  // namespace lowport
