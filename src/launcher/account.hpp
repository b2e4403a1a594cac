// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/credentials.hpp"

namespace lowport {

/// The ids the daemon runs with.
struct Account {
  uid_t uid = 0;  ///< never 0
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary; sorted, without duplicates
  std::string user;           ///< login name; empty if passwd(5) has none
  std::string home;
  std::string shell;
};

/// `--groups`: where the supplementary groups come from.
struct GroupsChoice {
  enum class Kind { kInit, kNone, kKeep, kListed };
  Kind kind = Kind::kInit;
  std::vector<std::string> listed;  ///< names or ids, for kListed
};

/// Turns `--user` and `--groups` into ids. Names are looked up before they are tried as numbers,
/// `+N` is always a number, and uid 0 is refused however it is written. Without `--user` the
/// account is the caller's own. Throws Error: an empty or unknown name, a number out of range,
/// root, or a bare uid whose group is not known.
Account resolve_account(const std::optional<std::string>& user,
                        const std::optional<GroupsChoice>& groups, const Identity& caller);

/// Whether setgroups(2) has to be called: `account` has other supplementary groups than the caller,
/// or the same numbers may be other groups. Pure.
bool changes_groups(const std::optional<GroupsChoice>& groups, const Account& account,
                    const Identity& caller);

/// "www-data (uid 33)", or "uid 4000" for one without a name.
std::string describe_account(const Account& account);

}  // namespace lowport
