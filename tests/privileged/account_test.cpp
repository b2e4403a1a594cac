// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <grp.h>
#include <unistd.h>

#include <array>

#include "daemon.hpp"

using support::check_daemon;
using support::check_refused;
using support::Expected;
using support::launch_probe;
using support::variable;

// The test's own users and groups, so that nothing depends on the host's. One source of names,
// since the host chooses which others nsswitch.conf(5) lists.

namespace {

void use_own_tables() {
  support::enter_own_network();
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  support::mount_over("/etc/passwd",
                      "root:x:0:0:root:/root:/bin/sh\n"
                      "# a comment\n"
                      "alice:x:2001:2100:Alice:/home/alice:/bin/dash\n"
                      "3000:x:2002:2100:a name of digits:/srv/digits:/bin/sh\n"
                      "zero:x:2003:0:group root by passwd:/srv/zero:/usr/sbin/nologin\n"
                      "twin:x:2001:2200:the same number:/home/twin:/bin/sh\n");
  support::mount_over("/etc/group",
                      "root:x:0:\n"
                      "staff:x:2100:\n"
                      "audio:x:2200:alice,3000\n"
                      "video:x:2300:bob,alice\n"
                      "almost:x:2400:alic,malice\n"
                      "2500:x:2600:alice\n"
                      "bare:x:2700:\n");
}

std::string groups_of(const support::Words& options, std::function<void()> in_child = {}) {
  const auto result = launch_probe(options, {"status"}, std::move(in_child));
  CAPTURE(result.err);
  CHECK(result.status == 0);
  auto groups = support::fields(result.out)["Groups"];
  while (groups.ends_with(' ')) {
    groups.pop_back();
  }
  return groups;
}

void have_groups_of_its_own() {
  const std::array<gid_t, 2> groups{9001, 9000};
  if (setgroups(groups.size(), groups.data()) != 0) {
    _exit(122);
  }
}

}  // namespace

TEST_CASE("every way to name an account gives its exact ids and groups") {
  use_own_tables();
  struct Row {
    std::string user;
    Expected expected;
    std::string home;
    std::string name;
    std::string shell;
  };
  const Row rows[] = {
      {"alice", {"2001", "2100", "2100 2200 2300 2600"}, "/home/alice", "alice", "/bin/dash"},
      {"2001", {"2001", "2100", "2100 2200 2300 2600"}, "/home/alice", "alice", "/bin/dash"},
      {"+2001", {"2001", "2100", "2100 2200 2300 2600"}, "/home/alice", "alice", "/bin/dash"},
      {"twin", {"2001", "2200", "2200"}, "/home/twin", "twin", "/bin/sh"},
      {"alice:bare", {"2001", "2700", "2200 2300 2600 2700"}, "/home/alice", "alice", "/bin/dash"},
      {"alice:2701", {"2001", "2701", "2200 2300 2600 2701"}, "/home/alice", "alice", "/bin/dash"},
      {"alice:2500", {"2001", "2600", "2200 2300 2600"}, "/home/alice", "alice", "/bin/dash"},
      {"alice:+2500", {"2001", "2500", "2200 2300 2500 2600"}, "/home/alice", "alice", "/bin/dash"},
      {"alice:root", {"2001", "0", "0 2200 2300 2600"}, "/home/alice", "alice", "/bin/dash"},
      {"zero", {"2003", "0", "0"}, "/srv/zero", "zero", "/usr/sbin/nologin"},
      {"3000", {"2002", "2100", "2100 2200"}, "/srv/digits", "3000", "/bin/sh"},
      {"+3000:2100", {"3000", "2100", "2100"}, "/", "(unset)", "(unset)"},
      {"4001:2100", {"4001", "2100", "2100"}, "/", "(unset)", "(unset)"},
      {"4001:0", {"4001", "0", "0"}, "/", "(unset)", "(unset)"},
      {"4294967294:4294967294",
       {"4294967294", "4294967294", "4294967294"},
       "/",
       "(unset)",
       "(unset)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.user);
    const auto result = launch_probe({"-u", row.user}, {"status", "env"});
    check_daemon(result, row.expected);
    CHECK(variable(result, "HOME") == row.home);
    CHECK(variable(result, "USER") == row.name);
    CHECK(variable(result, "LOGNAME") == row.name);
    CHECK(variable(result, "SHELL") == row.shell);
  }
}

TEST_CASE("a uid without a passwd entry needs an explicit group") {
  use_own_tables();
  for (const char* user : {"4001", "+4001", "+3000"}) {
    check_refused(launch_probe({"-u", user}, {"status"}), 125,
                  {std::string("cannot use the user: ") + user + ": it has no passwd entry",
                   std::string("hint: name the group: --user ") + user + ":GROUP"});
  }
}

TEST_CASE("an empty or half-empty account is refused") {
  use_own_tables();
  for (const char* user : {"", ":", "alice:", ":staff", "alice:staff:x", "::"}) {
    CAPTURE(user);
    check_refused(launch_probe({"-u", user}, {"status"}), 125,
                  {"lowportbind: cannot use the user: "});
  }
}

TEST_CASE("a number that would wrap or be misread is refused") {
  use_own_tables();
  for (const char* number :
       {"4294967296", "4294967295", "-1", "+4294967296", "+-1", "++1", "18446744073709551616",
        "02001", "0x7d1", " 2001", "2001 ", "2001x", "2e3", "00", "+0", "0"}) {
    CAPTURE(number);
    check_refused(launch_probe({"-u", number}, {"status"}), 125,
                  {"lowportbind: cannot use the user: "});
    // Group root may be given.
    if (std::string(number) == "0" || std::string(number) == "+0") {
      continue;
    }
    check_refused(launch_probe({"-u", std::string("alice:") + number}, {"status"}), 125,
                  {"cannot use the group: "});
    check_refused(launch_probe({"-u", "alice", "--groups", number}, {"status"}), 125,
                  {"cannot use the group: "});
  }
}

TEST_CASE("unknown names are refused") {
  use_own_tables();
  check_refused(launch_probe({"-u", "mallory"}, {"status"}), 125,
                {"cannot use the user: mallory: there is no such name"});
  check_refused(launch_probe({"-u", "alice:nosuch"}, {"status"}), 125,
                {"cannot use the group: nosuch: there is no such"});
  check_refused(launch_probe({"-u", "alice", "--groups", "audio,nosuch"}, {"status"}), 125,
                {"cannot use the group: nosuch: there is no such name"});
}

TEST_CASE("the supplementary groups are the chosen ones") {
  use_own_tables();
  CHECK(groups_of({"-u", "alice", "--groups", "init"}, have_groups_of_its_own) ==
        "2100 2200 2300 2600");
  CHECK(groups_of({"-u", "alice"}, have_groups_of_its_own) == "2100 2200 2300 2600");
  CHECK(groups_of({"-u", "alice", "--groups", "none"}, have_groups_of_its_own).empty());
  CHECK(groups_of({"-u", "alice", "--groups", "keep"}, have_groups_of_its_own) == "9000 9001");
  CHECK(groups_of({"-u", "alice", "--groups", "video,2201,bare,2500,+2500,video"},
                  have_groups_of_its_own) == "2201 2300 2500 2600 2700");
  CHECK(groups_of({"-u", "4001:2100", "--groups", "init"}, have_groups_of_its_own) == "2100");
}

TEST_CASE("a user that may set groups can take those of its name") {
  use_own_tables();
  const auto launch = [](const support::Words& options) {
    return support::run(
        support::join({{"setpriv", "--reuid", "2001", "--regid", "2100", "--groups", "9000",
                        "--inh-caps", "+setgid", "--ambient-caps", "+setgid", support::launcher()},
                       options,
                       {"--", support::probe(), "status"}}));
  };
  Expected expected{"2001", "2100", "2100 2200 2300 2600"};
  expected.bounding = support::own_status("CapBnd");
  check_daemon(launch({"--groups", "init"}), expected);
  expected.groups = "9000";
  check_daemon(launch({}), expected);
}

TEST_CASE("many supplementary groups are set and verified") {
  use_own_tables();
  std::string table;
  std::string expected;
  for (int group = 5000; group < 5500; ++group) {
    const auto number = std::to_string(group);
    table += "g" + number + ":x:" + number + ":alice\n";
    expected += number + " ";
  }
  support::mount_over("/etc/group", table);
  CHECK(groups_of({"-u", "alice:5000"}) + " " == expected);
}

TEST_CASE("without --user the caller's account variables stay") {
  use_own_tables();
  support::Invocation invocation;
  invocation.environment = {"PATH=/bin", "HOME=/somewhere", "USER=me", "LOGNAME=me",
                            "SHELL=/bin/mine"};
  auto result = support::launch({"-u", "alice", "--", support::probe(), "env"}, invocation);
  CHECK(variable(result, "HOME") == "/home/alice");
  CHECK(variable(result, "USER") == "alice");
  CHECK(variable(result, "SHELL") == "/bin/dash");
  invocation.in_child = [] { support::become(2001, 2100, {2100}); };
  result = support::launch({"--", support::probe(), "env"}, invocation);
  CHECK(variable(result, "HOME") == "/somewhere");
  CHECK(variable(result, "USER") == "me");
  CHECK(variable(result, "LOGNAME") == "me");
  CHECK(variable(result, "SHELL") == "/bin/mine");
}

TEST_CASE("--groups keep drops root's own group") {
  support::require_root();
  const auto with_groups = [] { support::become(0, 0, {0, 6, 9000}); };
  CHECK(
      support::fields(launch_probe({"-u", "www-data", "--groups", "keep"}, {"status"}, with_groups)
                          .out)["Groups"] == "6 9000 ");
  CHECK(support::fields(
            launch_probe({"-u", "www-data:0", "--groups", "keep"}, {"status"}, with_groups)
                .out)["Groups"] == "0 6 9000 ");
}
