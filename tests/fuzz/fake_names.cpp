// SPDX-License-Identifier: MIT
#include "fake_names.hpp"

#include "base/name_tables.hpp"
#include "properties.hpp"

namespace fuzz {

NameTables usual_tables() {
  return {
      "root:x:0:0:root:/root:/bin/bash\n"
      "daemon:x:1:1::/:/usr/sbin/nologin\n"
      "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
      "alice:x:1000:1000::/home/alice:/bin/sh\n"
      "1234:x:5000:5000::/:\n"
      "toor:x:0:0::/root:/bin/sh\n"
      "zerogroup:x:1001:0::/:\n"
      "wraps:x:4294967296:33::/:\n"
      "stays:x:4294967295:33::/:\n"
      "octal:x:010:33::/:\n"
      "short:x:7\n"
      "\x1b[31mred\xc3\xa9:x:4001:4001::/:\n"
      "highest:x:4294967294:4294967294::/:\n"
      "+nis:x:4002:0::/:\n",
      "root:x:0:\n"
      "daemon:x:1:\n"
      "adm:x:4:alice,root\n"
      "www-data:x:33:\n"
      "ssl-cert:x:110:www-data\n"
      "alice:x:1000:\n"
      "44:x:45:\n"
      "wraps:x:4294967296:1234\n"
      "stays:x:4294967295:\n"};
}

NameTables& name_tables() {
  static NameTables tables = usual_tables();
  return tables;
}

}  // namespace fuzz

namespace lowport {

std::optional<UserEntry> find_user(const std::string& name) {
  fuzz::require(!name.starts_with('+'), "a number that is forced is not looked up as a name");
  return find_user_in(fuzz::name_tables().passwd, name);
}
std::optional<UserEntry> find_user(uid_t uid) {
  return find_user_in(fuzz::name_tables().passwd, uid);
}

std::optional<gid_t> find_group(const std::string& name) {
  fuzz::require(!name.starts_with('+'), "a number that is forced is not looked up as a name");
  return find_group_in(fuzz::name_tables().group, name);
}

std::optional<std::string> find_group_name(gid_t gid) {
  return find_group_name_in(fuzz::name_tables().group, gid);
}

std::vector<gid_t> find_groups_of(const std::string& user, gid_t primary) {
  return find_groups_of_in(fuzz::name_tables().group, user, primary);
}

std::string_view describe_name_source() { return "names: the fuzz targets' own"; }

}  // namespace lowport
