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

/// The three tables that give names to numbers: passwd(5), group(5) and services(5). For users and
/// groups the program is linked with one of two backends: names_nss.cpp asks the C library, and
/// with it whatever nsswitch.conf(5) names; names_files.cpp, for the static build, which cannot
/// load NSS modules, reads the files in /etc and nothing else. A table that is missing has no
/// entries. Each function throws Error when a table exists and cannot be read.
namespace lowport {

/// 4294967295 is (uid_t)-1: "no change" to setresuid(2) and setresgid(2), so that a launcher that
/// took it stays root. It is nobody's id.
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
/// order, and a group may stand there twice.
std::vector<gid_t> find_groups_of(const std::string& user, gid_t primary);

/// What /etc/services has, in either build.
ServiceLookup find_service(const std::string& name, Transport transport);

/// Where names come from, for --version.
std::string_view describe_name_source();

}  // namespace lowport
