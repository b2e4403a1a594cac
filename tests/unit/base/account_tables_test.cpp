// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/name_tables.hpp"
#include "refusal.hpp"

using lowport::find_group_in;
using lowport::find_group_name_in;
using lowport::find_groups_of_in;
using lowport::find_user_in;

TEST_CASE("a passwd entry is found by name and by number") {
  const std::string passwd =
      "# a comment\n"
      "\n"
      "root:x:0:0:root:/root:/bin/bash\n"
      "www-data:x:33:34:www-data:/var/www:/usr/sbin/nologin\n"
      "1234:x:5000:5001::/:\n"
      // One colon too many, and no line end.
      "last:x:4294967294:4294967294:gecos, with: nothing:/:";
  const auto user = find_user_in(passwd, "www-data");
  REQUIRE(user.has_value());
  CHECK(user->name == "www-data");
  CHECK(user->uid == 33);
  CHECK(user->gid == 34);
  CHECK(user->home == "/var/www");
  CHECK(user->shell == "/usr/sbin/nologin");
  CHECK(find_user_in(passwd, uid_t{33})->name == "www-data");
  CHECK(find_user_in(passwd, uid_t{0})->name == "root");
  CHECK(find_user_in(passwd, "1234")->uid == 5000);
  CHECK(find_user_in(passwd, "1234")->shell.empty());
  CHECK_FALSE(find_user_in(passwd, uid_t{1234}).has_value());
  for (const std::string name : {"", "www", "www-data2", "WWW-DATA", "# a comment", "x", "33"}) {
    CAPTURE(name);
    CHECK_FALSE(find_user_in(passwd, name).has_value());
  }
  CHECK_FALSE(find_user_in("", "www-data").has_value());
}

TEST_CASE("the first entry for a name or a number wins") {
  const std::string passwd = "a:x:1:1::/one:\na:x:2:2::/two:\nb:x:1:3::/three:\n";
  CHECK(find_user_in(passwd, "a")->home == "/one");
  CHECK(find_user_in(passwd, uid_t{1})->name == "a");
}

TEST_CASE("a malformed passwd line that would match is an error") {
  struct Row {
    std::string line;
    std::string reason;
  };
  const Row rows[] = {
      {"www:x:4294967296:33::/:", "the largest value is 4294967294"},
      {"www:x:4294967295:33::/:", "the largest value is 4294967294"},
      {"www:x:33:4294967296::/:", "the largest value is 4294967294"},
      {"www:x:33:4294967295::/:", "the largest value is 4294967294"},
      {"www:x:-1:33::/:", "signs are not allowed"},
      {"www:x:33:-1::/:", "signs are not allowed"},
      {"www:x:+33:33::/:", "signs are not allowed"},
      {"www:x::33::/:", "the number is missing"},
      {"www:x:33:::/:", "the number is missing"},
      {"www:x:033:33::/:",
       "a leading zero means octal to some programs; write the number without it"},
      {"www:x:0x21:33::/:", "hexadecimal is not accepted; write the number in decimal"},
      {"www:x: 33:33::/:", "spaces are not allowed"},
      {"www:x:33a:33::/:", "the number is followed by \"a\""},
      {"www:x:33:33::/", "it does not have 7 fields"},
      {"www:x:33:33", "it does not have 7 fields"},
      {"www", "it does not have 7 fields"},
      {"www:", "it does not have 7 fields"},
      {"www:x:33:33::/::", "it does not have 7 fields"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const std::string passwd = "other:x:5:5::/:\n" + row.line + "\nwww:x:7:7::/:\n";
    const auto refusal = refusal_of([&] { find_user_in(passwd, "www"); });
    CHECK(refusal.message ==
          "cannot use this line of /etc/passwd: " + shown(row.line) + ": " + row.reason);
    CHECK(find_user_in(passwd, "other")->uid == 5);
    CHECK(find_user_in(passwd, uid_t{7})->name == "www");
  }
}

TEST_CASE("a number that wraps does not match the small number") {
  const std::string passwd = "evil:x:4294967329:33::/:\nodd:x:033:1::/:\n";
  CHECK_FALSE(find_user_in(passwd, uid_t{33}).has_value());
  CHECK_FALSE(find_user_in("minus:x:4294967295:1::/:\n", static_cast<uid_t>(-1)).has_value());
}

TEST_CASE("a line with the number but too few fields is an error") {
  CHECK(refusal_of([] { find_user_in("www:x:33\n", uid_t{33}); }).message ==
        "cannot use this line of /etc/passwd: www:x:33: it does not have 7 fields");
}

TEST_CASE("a group is found by name and by number") {
  const std::string group = "#adm:x:1:\nroot:x:0:\nadm:x:4:syslog,www\n\nwww:x:33:\n44:x:45:";
  CHECK(find_group_in(group, "adm") == gid_t{4});
  CHECK(find_group_in(group, "root") == gid_t{0});
  CHECK(find_group_in(group, "44") == gid_t{45});
  CHECK_FALSE(find_group_in(group, "#adm").has_value());
  CHECK_FALSE(find_group_in(group, "syslog").has_value());
  CHECK_FALSE(find_group_in(group, "").has_value());
  CHECK(find_group_name_in(group, 33) == "www");
  CHECK_FALSE(find_group_name_in(group, 1).has_value());
  CHECK_FALSE(find_group_name_in("", 0).has_value());
}

TEST_CASE("a malformed group line that would match is an error") {
  struct Row {
    std::string line;
    std::string reason;
  };
  const Row rows[] = {
      {"www:x:4294967296:", "the largest value is 4294967294"},
      {"www:x:4294967295:", "the largest value is 4294967294"},
      {"www:x:-1:", "signs are not allowed"},
      {"www:x::", "the number is missing"},
      {"www:x:010:", "a leading zero means octal to some programs; write the number without it"},
      {"www:x:33", "it does not have 4 fields"},
      {"www", "it does not have 4 fields"},
      {"www:x:33:a:b", "it does not have 4 fields"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const std::string group = "other:x:5:\n" + row.line + "\n";
    CHECK(refusal_of([&] { find_group_in(group, "www"); }).message ==
          "cannot use this line of /etc/group: " + shown(row.line) + ": " + row.reason);
    CHECK(find_group_in(group, "other") == gid_t{5});
  }
}

TEST_CASE("a user's groups are its own and those that list it") {
  const std::string group =
      "# "
      "www\nwww:x:33:\nadm:x:4:syslog,www\nsudo:x:27:www2,ww\nssl:x:110:www\nempty:x:9:,\nlate:x:8:"
      "a,b,www";
  using Groups = std::vector<gid_t>;
  CHECK(find_groups_of_in(group, "www", 33) == Groups{33, 4, 110, 8});
  CHECK(find_groups_of_in(group, "nobody", 65534) == Groups{65534});
  CHECK(find_groups_of_in("", "www", 33) == Groups{33});
}

TEST_CASE("a group that lists the user needs a usable number") {
  const auto refusal = refusal_of([] { find_groups_of_in("evil:x:4294967296:www\n", "www", 33); });
  CHECK(
      refusal.message ==
      "cannot use this line of /etc/group: evil:x:4294967296:www: the largest value is 4294967294");
  CHECK(find_groups_of_in("evil:x:4294967296:other\n", "www", 33) == std::vector<gid_t>{33});
}

TEST_CASE("a malformed line cannot forge a log line") {
  const auto refusal = refusal_of([] { find_user_in("www:x:\x1b[2J\r:33::/:\n", "www"); });
  CHECK(refusal.message.find('\x1b') == std::string::npos);
  CHECK(refusal.message.find('\r') == std::string::npos);
}

TEST_CASE("group members may have blanks around their names") {
  const std::string group = "adm:x:4:bob, alice\nvideo:x:44:\talice\nother:x:45:alicex,xalice\n";
  CHECK(find_groups_of_in(group, "alice", 1000) == std::vector<gid_t>{1000, 4, 44});
}

TEST_CASE("NIS entries match nobody") {
  const std::string passwd = "+op:x:2003:0::/:/bin/sh\n-bad:x:2004:0::/:/bin/sh\n+::::::\n";
  CHECK_FALSE(find_user_in(passwd, uid_t{2003}).has_value());
  CHECK_FALSE(find_user_in(passwd, "+op").has_value());
  CHECK_FALSE(find_user_in(passwd, "-bad").has_value());
  CHECK_FALSE(find_group_in("+:x:0:\n", "+").has_value());
}

TEST_CASE("leading blanks do not hide an entry") {
  CHECK(find_user_in(" \twww:x:33:34::/:\n", "www")->uid == 33);
  CHECK(find_user_in(" \twww:x:33:34::/:\n", uid_t{33})->name == "www");
  CHECK(find_group_in("\t www:x:33:\n", "www") == gid_t{33});
}

TEST_CASE("an id that cannot be read is not root's") {
  for (const std::string id : {"", "root", "-1", "4294967296", "00"}) {
    CAPTURE(id);
    CHECK_FALSE(find_user_in("odd:x:" + id + ":1::/:\n", uid_t{0}).has_value());
    CHECK_FALSE(find_group_name_in("odd:x:" + id + ":\n", 0).has_value());
  }
}

TEST_CASE("an entry with a NUL byte is an error") {
  const std::string entry("www:x:33:33::/srv\0/more:", 24);
  CHECK(refusal_of([&] { find_user_in(entry, "www"); }).message ==
        "cannot use this line of /etc/passwd: \"www:x:33:33::/srv\\x00/more:\": it contains a NUL "
        "byte");
}
