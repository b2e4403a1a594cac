// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/names.hpp"

/// Users and groups as both programs take them on the command line: `www-data`, `33`, or `+33`,
/// which is a number even where a name is spelled so. Names are looked up first, as in chown(1).
namespace lowport {

/// What failed where a user is refused.
constexpr std::string_view kCannotUseUser = "cannot use the user";

/// What a user wrote, and what the hint says where no name is known: how to write a number instead.
struct WrittenId {
  const std::string& text;
  std::string_view hint_for_numbers;
};

/// The uid that `user` names and its passwd(5) entry, if it has one. Throws Error: an
/// unknown name, a number that does not fit, an entry without a name.
std::pair<uid_t, std::optional<UserEntry>> resolve_user(const WrittenId& user);

/// The gid that `group` names. Throws Error: an empty or unknown name, a number that does not fit.
gid_t resolve_group(const WrittenId& group);

/// The passwd(5) entry of a uid, if it has one. Throws Error for an entry without a name: it must
/// not pass for an account without an entry, since group(5) lists members by name.
std::optional<UserEntry> find_named_user(uid_t uid);

}  // namespace lowport
