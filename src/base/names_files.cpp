// SPDX-License-Identifier: MIT
#include <grp.h>
#include <pwd.h>

#include <cstdlib>

#include "base/name_tables.hpp"
#include "base/names.hpp"
#include "base/read_file.hpp"

// libcap-ng's capng_change_id(), which this program does not call, refers to these two. glibc's own
// would pull all of NSS into the static program, which would then look for modules at run time. A
// call to either is a bug, and aborts.
extern "C" struct passwd* getpwuid(uid_t /*uid*/) { std::abort(); }
extern "C" int initgroups(const char* /*user*/, gid_t /*group*/) { std::abort(); }

namespace lowport {
namespace {

std::string read_passwd() { return read_file("/etc/passwd").value_or(""); }
std::string read_group() { return read_file("/etc/group").value_or(""); }

}  // namespace

std::optional<UserEntry> find_user(const std::string& name) {
  return find_user_in(read_passwd(), name);
}
std::optional<UserEntry> find_user(uid_t uid) { return find_user_in(read_passwd(), uid); }
std::optional<gid_t> find_group(const std::string& name) {
  return find_group_in(read_group(), name);
}
std::optional<std::string> find_group_name(gid_t gid) {
  return find_group_name_in(read_group(), gid);
}

std::vector<gid_t> find_groups_of(const std::string& user, gid_t primary) {
  return find_groups_of_in(read_group(), user, primary);
}

std::string_view describe_name_source() {
  return "static: reads /etc/passwd, /etc/group and /etc/services only";
}

}  // namespace lowport
