// SPDX-License-Identifier: MIT
#include "base/name_tables.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/text.hpp"

namespace lowport {
namespace {

/// Calls `visit` with each line that is not empty, a comment or an NIS entry (`+` or `-`), until it
/// returns true.
template <typename Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // As the C library does.
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || std::string_view("#+-").find(line.front()) != std::string_view::npos) {
      continue;
    }
    if (visit(line)) {
      return;
    }
  }
}

/// What `convert` makes of the first line that matches.
template <typename Matches, typename Convert>
auto find_line(std::string_view text, const Matches& matches, const Convert& convert)
    -> std::optional<decltype(convert(text))> {
  std::optional<decltype(convert(text))> found;
  for_each_line(text, [&](std::string_view line) {
    if (matches(line)) {
      found = convert(line);
    }
    return found.has_value();
  });
  return found;
}

uid_t id_of(std::string_view table, std::string_view line, std::string_view text) {
  const auto number = parse_number(text, 0, kHighestId);
  if (!number.valid()) {
    throw failure("cannot use this line of " + std::string(table), line, number.problem);
  }
  return static_cast<uid_t>(number.value);
}

std::vector<std::string_view> fields_of(std::string_view table, std::string_view line,
                                        std::size_t count) {
  auto fields = split(line, ":");
  const bool is_text = line.find('\0') == std::string_view::npos;
  if (is_text && fields.size() == count) {
    return fields;
  }
  throw failure(
      "cannot use this line of " + std::string(table), line,
      is_text ? "it does not have " + std::to_string(count) + " fields" : "it contains a NUL byte");
}

UserEntry parse_user(std::string_view line) {
  const auto fields = fields_of("/etc/passwd", line, 7);
  return {std::string(fields[0]), id_of("/etc/passwd", line, fields[2]),
          id_of("/etc/passwd", line, fields[3]), std::string(fields[5]), std::string(fields[6])};
}

gid_t group_id(std::string_view line) {
  return id_of("/etc/group", line, fields_of("/etc/group", line, 4)[2]);
}

std::string_view first_field(std::string_view line) { return line.substr(0, line.find(':')); }

/// What follows the first field; empty if nothing does.
std::string_view other_fields(std::string_view line) {
  const auto colon = line.find(':');
  return colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
}

/// True if the third field of a line is this id. A line whose third field is missing or not a
/// number matches no id.
bool has_id(std::string_view line, std::uint64_t id) {
  const auto number = parse_number(first_field(other_fields(other_fields(line))), 0, kHighestId);
  return number.valid() && number.value == id;
}

}  // namespace

std::optional<UserEntry> find_user_in(std::string_view passwd, std::string_view name) {
  return find_line(
      passwd, [&](auto line) { return first_field(line) == name; }, parse_user);
}

std::optional<UserEntry> find_user_in(std::string_view passwd, uid_t uid) {
  return find_line(
      passwd, [&](auto line) { return has_id(line, uid); }, parse_user);
}

std::optional<gid_t> find_group_in(std::string_view group, std::string_view name) {
  return find_line(
      group, [&](auto line) { return first_field(line) == name; }, group_id);
}

std::optional<std::string> find_group_name_in(std::string_view group, gid_t gid) {
  const auto name_of = [](auto line) { return std::string(first_field(line)); };
  return find_line(
      group, [&](auto line) { return has_id(line, gid); }, name_of);
}

std::vector<gid_t> find_groups_of_in(std::string_view group, std::string_view user, gid_t primary) {
  std::vector<gid_t> groups{primary};
  for_each_line(group, [&](std::string_view line) {
    const auto list = line.substr(line.rfind(':') + 1);
    // Most lines do not mention the user, and need no closer look.
    if (list.find(user) == std::string_view::npos) {
      return false;
    }
    const auto members = split_words(list, " \t,");
    if (std::find(members.begin(), members.end(), user) != members.end()) {
      groups.push_back(group_id(line));
    }
    return false;
  });
  return groups;
}

std::optional<std::uint16_t> find_service_in(std::string_view services, std::string_view name,
                                             Transport transport) {
  std::optional<std::uint16_t> found;
  for_each_line(services, [&](std::string_view line) {
    const auto words = split_words(line.substr(0, line.find('#')));
    if (words.size() < 2 || std::find(words.begin(), words.end(), name) == words.end()) {
      return false;
    }
    const auto slash = words[1].find('/');
    if (slash == std::string_view::npos ||
        words[1].substr(slash + 1) != transport_name(transport)) {
      return false;
    }
    const auto port = parse_number(words[1].substr(0, slash), 1, kHighestPort);
    if (port.valid() && words[1] != name) {
      found = static_cast<std::uint16_t>(port.value);
    }
    return found.has_value();
  });
  return found;
}

std::vector<std::string_view> find_sources_in(std::string_view nsswitch,
                                              std::string_view database) {
  std::vector<std::string_view> sources;
  for_each_line(nsswitch, [&](std::string_view line) {
    if (line.find(database) == std::string_view::npos) {
      return false;
    }
    line = line.substr(0, line.find('#'));
    auto words = split_words(line.substr(0, line.find(':')));
    if (words.size() == 1 && words.front() == database) {
      sources = split_words(line.substr(line.find(':') + 1));
    }
    return false;  // of several lines for a database, the last counts
  });
  return sources;
}

}  // namespace lowport
