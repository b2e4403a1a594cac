// SPDX-License-Identifier: MIT
#include "base/ids.hpp"

#include "base/error.hpp"
#include "base/number.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotUseGroup = "cannot use the group";

/// `+N` is never a name.
bool is_forced_number(std::string_view text) { return text.starts_with('+'); }

ParsedNumber parse_id(std::string_view text) {
  if (is_forced_number(text)) {
    text.remove_prefix(1);
  }
  return parse_number(text, 0, kHighestId);
}

/// A text that begins like a number gets the number's reason; any other is a name that does not
/// exist.
Error unknown_name(std::string_view what, const WrittenId& written, const std::string& problem,
                   std::string_view table) {
  const bool like_number = written.text.find_first_of("0123456789+- \t") == 0;
  if (like_number) {
    return failure(what, written.text, problem);
  }
  return failure(what, written.text, "there is no such name",
                 "getent " + std::string(table) + " lists the names; " +
                     std::string(written.hint_for_numbers));
}

}  // namespace

std::pair<uid_t, std::optional<UserEntry>> resolve_user(const WrittenId& user) {
  if (!is_forced_number(user.text)) {
    if (auto entry = find_user(user.text)) {
      return {entry->uid, std::move(entry)};
    }
  }
  const auto number = parse_id(user.text);
  if (!number.valid()) {
    throw unknown_name(kCannotUseUser, user, number.problem, "passwd");
  }
  const auto uid = static_cast<uid_t>(number.value);
  return {uid, find_named_user(uid)};
}

gid_t resolve_group(const WrittenId& group) {
  if (group.text.empty()) {
    throw failure(kCannotUseGroup, group.text, "it is empty");
  }
  if (!is_forced_number(group.text)) {
    if (const auto gid = find_group(group.text)) {
      return *gid;
    }
  }
  const auto number = parse_id(group.text);
  if (!number.valid()) {
    throw unknown_name(kCannotUseGroup, group, number.problem, "group");
  }
  return static_cast<gid_t>(number.value);
}

std::optional<UserEntry> find_named_user(uid_t uid) {
  auto entry = find_user(uid);
  if (!entry || !entry->name.empty()) {
    return entry;
  }
  const auto number = std::to_string(uid);
  throw failure(kCannotUseUser, number, "its passwd entry has no name",
                "getent passwd " + number + " shows the entry");
}

}  // namespace lowport
