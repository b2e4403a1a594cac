// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "daemon.hpp"

using support::check_daemon;
using support::check_refused;
using support::launch_probe;

namespace {

void use_tables(const std::string& passwd, const std::string& group) {
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  support::mount_over("/etc/passwd", passwd);
  support::mount_over("/etc/group", group);
}

}  // namespace

TEST_CASE("root is refused as an account by any name") {
  use_tables(
      "root:x:0:0:root:/root:/bin/sh\n"
      "toor:x:0:0:another root:/root:/bin/sh\n"
      "1000:x:0:0:a name of digits that is root:/root:/bin/sh\n"
      "www:x:33:33::/:/bin/sh\n",
      "root:x:0:\n");
  for (const char* user : {"root", "toor", "0", "+0", "1000", "root:33", "toor:33", "0:33"}) {
    CAPTURE(user);
    check_refused(launch_probe({"-u", user}, {"status"}), 125,
                  {std::string("cannot use the user: ") + user + ": it is root (uid 0)"});
  }
  check_refused(launch_probe({}, {"status"}), 125,
                {"root must name the user that the daemon runs as", "hint: "});
}

TEST_CASE("an unusable passwd entry is refused and not guessed at") {
  use_tables(
      "wrap:x:4294967296:33::/:/bin/sh\n"
      "wrapgroup:x:2000:4294967296::/:/bin/sh\n"
      "minus:x:-1:33::/:/bin/sh\n"
      "minusgroup:x:2000:-1::/:/bin/sh\n"
      "last:x:4294967295:33::/:/bin/sh\n"
      "lastgroup:x:2000:4294967295::/:/bin/sh\n"
      "octal:x:010:33::/:/bin/sh\n"
      "hex:x:0x21:33::/:/bin/sh\n"
      "plus:x:+33:33::/:/bin/sh\n"
      "space:x: 33:33::/:/bin/sh\n"
      "letters:x:33a:33::/:/bin/sh\n"
      "empty:x::33::/:/bin/sh\n"
      "emptygroup:x:33:::/:/bin/sh\n"
      "short:x:33:33\n"
      "alone\n"
      "long:x:33:33::/:/bin/sh:more\n"
      "huge:x:99999999999999999999999:33::/:/bin/sh\n"
      "good:x:2000:2000::/srv:/bin/sh\n",
      "good:x:2000:\n");
  for (const char* user :
       {"wrap", "wrapgroup", "minus", "minusgroup", "last", "lastgroup", "octal", "hex", "plus",
        "space", "letters", "empty", "emptygroup", "short", "alone", "long", "huge"}) {
    CAPTURE(user);
    check_refused(launch_probe({"-u", user}, {"status"}), 125, {"lowportbind: cannot use ", user});
  }
  // Lines of other accounts do no harm.
  check_daemon(launch_probe({"-u", "good"}, {"status"}),
               {.uid = "2000", .gid = "2000", .groups = "2000"});
}

TEST_CASE("an entry found by number is checked like any other") {
  use_tables("short:x:2000\nlast:x:2001:4294967295::/:/bin/sh\n", "good:x:2000:\n");
  for (const char* user : {"2000", "+2000", "2001"}) {
    CAPTURE(user);
    check_refused(launch_probe({"-u", user}, {"status"}), 125, {"lowportbind: cannot use "});
  }
}

TEST_CASE("an unusable group entry is refused if it is the account's") {
  const std::string passwd =
      "alice:x:2000:2000::/srv:/bin/sh\n"
      "bob:x:2001:2000::/srv:/bin/sh\n";
  for (const std::string group :
       {"wrap:x:4294967296:alice\n", "minus:x:-1:alice\n", "last:x:4294967295:alice\n",
        "octal:x:010:alice\n", "letters:x:10a:alice\n", "empty:x::alice\n"}) {
    CAPTURE(group);
    use_tables(passwd, group);
    check_refused(launch_probe({"-u", "alice"}, {"status"}), 125,
                  {"lowportbind: cannot use this line of /etc/group: "});
    const std::string name = group.substr(0, group.find(':'));
    check_refused(launch_probe({"-u", "bob:" + name}, {"status"}), 125,
                  {"lowportbind: cannot use this line of "});
    check_daemon(launch_probe({"-u", "bob"}, {"status"}),
                 {.uid = "2001", .gid = "2000", .groups = "2000"});
  }
}

TEST_CASE("tables may have empty lines or no final newline") {
  use_tables("\n\nalice:x:2000:2001::/srv:/bin/sh", "\n#none\nmore:x:2002:bob,alice");
  check_daemon(launch_probe({"-u", "alice"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001 2002"});
}

TEST_CASE("numeric ids need no passwd or group file") {
  use_tables("", "");
  const auto result = launch_probe({"-u", "2000:2001"}, {"status", "env"});
  check_daemon(result, {.uid = "2000", .gid = "2001", .groups = "2001"});
  CHECK(support::variable(result, "HOME") == "/");
  check_refused(launch_probe({"-u", "www-data"}, {"status"}), 125,
                {"www-data: there is no such name"});
}
