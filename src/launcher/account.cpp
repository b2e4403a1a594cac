// SPDX-License-Identifier: MIT
#include "launcher/account.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/names.hpp"
#include "base/sorted.hpp"

namespace lowport {
namespace {

constexpr std::string_view kHintForNumbers = "in an image without any, use numbers: --user UID:GID";

/// The parts before and after the colon; the group is absent if there is no colon.
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

/// passwd(5) is input too: NSS may return ids that resolve_user() would refuse as a number.
void refuse_unusable_ids(const std::string& spec, const Account& account) {
  if (account.uid == 0) {
    throw failure(kCannotUseUser, spec, "it is root (uid 0)",
                  "name an unprivileged user, such as www-data");
  }
  if (account.uid > kHighestId || account.gid > kHighestId) {
    throw failure(kCannotUseUser, spec,
                  "its passwd entry has an id that means \"no change\" to setresuid");
  }
}

/// Root is a member of group 0 only because it is root; drop it with the uid.
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
        groups.push_back(resolve_group({name, kHintForNumbers}));
      }
      return groups;
    }
    case GroupsChoice::Kind::kInit:
      break;
  }
  // group(5) lists members by name: an account without one belongs only to its own group.
  if (account.user.empty()) {
    return {account.gid};
  }
  return find_groups_of(account.user, account.gid);
}

Account resolve_named(const std::string& text) {
  const auto spec = split_spec(text);
  auto [uid, entry] = resolve_user({spec.user, kHintForNumbers});
  Account account;
  account.uid = uid;
  if (entry) {
    account.gid = entry->gid;
    account.user = entry->name;
    account.home = entry->home;
    account.shell = entry->shell;
  } else if (!spec.group && uid != 0) {
    throw failure(kCannotUseUser, text, "it has no passwd entry to take the group from",
                  "name the group: --user " + text + ":GROUP");
  }
  if (spec.group) {
    account.gid = resolve_group({*spec.group, kHintForNumbers});
  }
  refuse_unusable_ids(text, account);
  return account;
}

}  // namespace

Account resolve_account(const std::optional<std::string>& user,
                        const std::optional<GroupsChoice>& groups, const Identity& caller) {
  Account account;
  if (user) {
    account = resolve_named(*user);
  } else if (caller.is_root()) {
    throw failure("cannot choose the account", "--user",
                  "root must name the user that the daemon runs as", "for example --user www-data");
  } else {
    account.uid = caller.uid;
    account.gid = caller.gid;
    if (groups && groups->kind == GroupsChoice::Kind::kInit) {
      account.user = find_named_user(caller.uid).value_or(UserEntry{}).name;
    }
  }
  // Another account gets its own groups; the caller's are kept only if the user stays the same.
  const auto fallback =
      account.uid == caller.uid ? GroupsChoice::Kind::kKeep : GroupsChoice::Kind::kInit;
  const auto choice = groups.value_or(GroupsChoice{fallback, {}});
  account.groups = sorted_once(resolve_groups(choice, account, caller));
  return account;
}

// A group that is not mapped in this user namespace is shown as 65534, and may be any group: only
// `--groups keep` keeps it.
bool changes_groups(const std::optional<GroupsChoice>& groups, const Account& account,
                    const Identity& caller) {
  if (account.groups != caller.groups) {
    return true;
  }
  const bool keeps = groups ? groups->kind == GroupsChoice::Kind::kKeep : account.uid == caller.uid;
  return !keeps && std::binary_search(caller.groups.begin(), caller.groups.end(), kOverflowId);
}

std::string describe_account(const Account& account) {
  const auto uid = "uid " + std::to_string(account.uid);
  return account.user.empty() ? uid : account.user + " (" + uid + ")";
}

}  // namespace lowport
