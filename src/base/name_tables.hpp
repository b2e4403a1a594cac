// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/names.hpp"

/// Strict readers of passwd(5), group(5), services(5) and nsswitch.conf(5): pure functions of a
/// file's content. A malformed line that would be the answer is an error, not an entry with a
/// number that wrapped.
namespace lowport {

std::optional<UserEntry> find_user_in(std::string_view passwd, std::string_view name);
std::optional<UserEntry> find_user_in(std::string_view passwd, uid_t uid);
std::optional<gid_t> find_group_in(std::string_view group, std::string_view name);
std::optional<std::string> find_group_name_in(std::string_view group, gid_t gid);
std::vector<gid_t> find_groups_of_in(std::string_view group, std::string_view user, gid_t primary);

/// The port of a service or one of its aliases, if the table lists it for this transport.
std::optional<std::uint16_t> find_service_in(std::string_view services, std::string_view name,
                                             Transport transport);

/// The sources and actions that nsswitch.conf(5) lists for a database, in order; empty if the
/// database is not listed.
std::vector<std::string_view> find_sources_in(std::string_view nsswitch, std::string_view database);

}  // namespace lowport
