// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/port.hpp"

/// The three tables that map names to numbers: passwd(5), group(5) and services(5). For users and
/// groups the program is linked with one of two backends. names_nss.cpp asks the C library, and
/// through it whatever nsswitch.conf(5) lists. names_files.cpp is for the static build, which
/// cannot load NSS modules, and reads only the files in /etc. A missing table has no entries. Each
/// function throws Error if a table exists and cannot be read.
namespace lowport {

/// 4294967295 is (uid_t)-1, which means "no change" to setresuid(2) and setresgid(2): a launcher
/// that accepted it would stay root. It is never a valid id.
constexpr std::uint64_t kHighestId = std::numeric_limits<uid_t>::max() - 1;

struct UserEntry {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
  std::string shell;
};

std::optional<UserEntry> find_user(const std::string& name);
std::optional<UserEntry> find_user(uid_t uid);
std::optional<gid_t> find_group(const std::string& name);
std::optional<std::string> find_group_name(gid_t gid);

/// `primary` and the groups that list `user` as a member, as initgroups(3) would set them; in any
/// order, possibly with duplicates.
std::vector<gid_t> find_groups_of(const std::string& user, gid_t primary);

/// Looks in /etc/services, in either build.
ServiceLookup find_service(const std::string& name, Transport transport);

/// Where names come from, for --version.
std::string_view describe_name_source();

}  // namespace lowport
