// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "attempt.hpp"
#include "support.hpp"

namespace {

struct Row {
  std::string spec;
  std::string message;
  std::string hint;
};

template <typename Rows>
void check_refusals(const Rows& rows, const std::string& option = "--user") {
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    auto options = option == "--user" ? std::vector<std::string>{} : attempt::account();
    options.insert(options.end(), {option, row.spec});
    const auto tried = attempt::launch(options);
    CHECK(tried.result.status == 125);
    CHECK(tried.result.err == attempt::lines(row.message, row.hint));
    CHECK(tried.result.out.empty());
    CHECK_FALSE(tried.executed);
  }
}

const std::string kRoot = "it is root (uid 0)";
const std::string kRootHint = "name an unprivileged user, such as www-data";
const std::string kOctal =
    "a leading zero means octal to some programs; write the number without it";

}  // namespace

TEST_CASE("a uid that would wrap or mean no change is refused") {
  const std::string largest = "the largest value is 4294967294";
  const Row rows[] = {
      {"4294967296", "cannot use the user: 4294967296: " + largest, ""},
      {"4294967295", "cannot use the user: 4294967295: " + largest, ""},
      {"+4294967295", "cannot use the user: +4294967295: " + largest, ""},
      {"4294967296:33", "cannot use the user: 4294967296: " + largest, ""},
      {"4294967329", "cannot use the user: 4294967329: " + largest, ""},
      {"18446744073709551616", "cannot use the user: 18446744073709551616: " + largest, ""},
      {"18446744073709551649", "cannot use the user: 18446744073709551649: " + largest, ""},
      {"-1", "cannot use the user: -1: signs are not allowed", ""},
      {"+-1", "cannot use the user: +-1: signs are not allowed", ""},
      {"-1:33", "cannot use the user: -1: signs are not allowed", ""},
      {"4000:4294967296", "cannot use the group: 4294967296: " + largest, ""},
      {"4000:4294967295", "cannot use the group: 4294967295: " + largest, ""},
      {"4000:-1", "cannot use the group: -1: signs are not allowed", ""},
  };
  check_refusals(rows);
}

TEST_CASE("an empty user never stays root") {
  const std::string no_user = "there is no user before the colon";
  const std::string no_group = "there is no group after the colon";
  const std::string unset = "a variable may be unset; name the user: --user www-data";
  const std::string group_hint = "leave the colon out for the user's own group";
  const Row rows[] = {
      {"", "cannot use the user: \"\": it is empty", unset},
      {":", "cannot use the user: \":\": " + no_user, unset},
      {"::", "cannot use the user: \"::\": " + no_user, unset},
      {":33", "cannot use the user: \":33\": " + no_user, unset},
      {":www-data", "cannot use the user: \":www-data\": " + no_user, unset},
      {":root", "cannot use the user: \":root\": " + no_user, unset},
      {"www-data:", "cannot use the user: \"www-data:\": " + no_group, group_hint},
      {"33:", "cannot use the user: \"33:\": " + no_group, group_hint},
      {"root:", "cannot use the user: \"root:\": " + no_group, group_hint},
      {"www-data:33:33", "cannot use the user: www-data:33:33: it has more than one colon", ""},
      {"www-data::33", "cannot use the user: www-data::33: it has more than one colon", ""},
      {" ", "cannot use the user: \" \": spaces are not allowed", ""},
      {"+", "cannot use the user: +: the number is missing", ""},
  };
  check_refusals(rows);
}

TEST_CASE("a uid without a passwd entry needs an explicit group") {
  const std::string nobody = ": it has no passwd entry to take the group from";
  const Row rows[] = {
      {"4000", "cannot use the user: 4000" + nobody, "name the group: --user 4000:GROUP"},
      {"+4000", "cannot use the user: +4000" + nobody, "name the group: --user +4000:GROUP"},
      {"4294967294", "cannot use the user: 4294967294" + nobody,
       "name the group: --user 4294967294:GROUP"},
  };
  check_refusals(rows);
}

TEST_CASE("a uid must be plain decimal") {
  const Row rows[] = {
      {"010", "cannot use the user: 010: " + kOctal, ""},
      {"+010", "cannot use the user: +010: " + kOctal, ""},
      {"033:33", "cannot use the user: 033: " + kOctal, ""},
      {"4000:010", "cannot use the group: 010: " + kOctal, ""},
      {" 5", "cannot use the user: \" 5\": spaces are not allowed", ""},
      {"5 ", "cannot use the user: \"5 \": spaces are not allowed", ""},
      {"5\n", "cannot use the user: 5\\x0a: spaces are not allowed", ""},
      {"4foo", "cannot use the user: 4foo: the number is followed by \"foo\"", ""},
      {"+4foo", "cannot use the user: +4foo: the number is followed by \"foo\"", ""},
      {"33.0", "cannot use the user: 33.0: the number is followed by \".0\"", ""},
      {"0x21",
       "cannot use the user: 0x21: hexadecimal is not accepted; write the number in decimal", ""},
      {"++33", "cannot use the user: ++33: signs are not allowed", ""},
      {"+www-data", "cannot use the user: +www-data: this is not a number", ""},
  };
  check_refusals(rows);
}

TEST_CASE("root is refused in every spelling") {
  const Row rows[] = {
      {"root", "cannot use the user: root: " + kRoot, kRootHint},
      {"0", "cannot use the user: 0: " + kRoot, kRootHint},
      {"+0", "cannot use the user: +0: " + kRoot, kRootHint},
      {"root:root", "cannot use the user: root:root: " + kRoot, kRootHint},
      {"root:33", "cannot use the user: root:33: " + kRoot, kRootHint},
      {"0:33", "cannot use the user: 0:33: " + kRoot, kRootHint},
      {"+0:+33", "cannot use the user: +0:+33: " + kRoot, kRootHint},
      {"00", "cannot use the user: 00: " + kOctal, ""},
      {"+00", "cannot use the user: +00: " + kOctal, ""},
      {"0x0", "cannot use the user: 0x0: hexadecimal is not accepted; write the number in decimal",
       ""},
      {"-0", "cannot use the user: -0: signs are not allowed", ""},
      {" 0", "cannot use the user: \" 0\": spaces are not allowed", ""},
  };
  check_refusals(rows);
}

TEST_CASE("an unknown name is refused with how to list known ones") {
  const std::string users =
      "getent passwd lists the names; in an image without any, use numbers: --user UID:GID";
  const std::string groups =
      "getent group lists the names; in an image without any, use numbers: --user UID:GID";
  const Row rows[] = {
      {"no-such-user", "cannot use the user: no-such-user: there is no such name", users},
      {"no-such-user:33", "cannot use the user: no-such-user: there is no such name", users},
      {"ROOT", "cannot use the user: ROOT: there is no such name", users},
      {"www data", "cannot use the user: www data: there is no such name", users},
      {"4000:no-such-group", "cannot use the group: no-such-group: there is no such name", groups},
  };
  check_refusals(rows);
}

TEST_CASE("a supplementary group is refused like any other") {
  const Row rows[] = {
      {"no-such-group", "cannot use the group: no-such-group: there is no such name",
       "getent group lists the names; in an image without any, use numbers: --user "
       "UID:GID"},
      {"4,4294967296", "cannot use the group: 4294967296: the largest value is 4294967294", ""},
      {"4294967295", "cannot use the group: 4294967295: the largest value is 4294967294", ""},
      {"-1", "cannot use the group: -1: signs are not allowed", ""},
      {"010", "cannot use the group: 010: " + kOctal, ""},
      {"4, 5", "cannot use the group: \" 5\": spaces are not allowed", ""},
  };
  check_refusals(rows, "--groups");
}

TEST_CASE("a --groups keyword in a list is refused with the right form") {
  const auto row = [](const std::string& list, const std::string& word) {
    return Row{list,
               "cannot use the option: --groups " + list + ": \"" + word +
                   "\" cannot be combined with other groups",
               "list all the groups, those of init too: --groups \"$(id -G USER | tr ' ' "
               ",),GROUP\"; "
               "for a group named " +
                   word + ", use its number"};
  };
  const Row rows[] = {row("init,998", "init"), row("998,init", "init"), row("998,keep", "keep"),
                      row("none,998", "none")};
  check_refusals(rows, "--groups");
}

TEST_CASE("the hint for listing a user's groups and one more works") {
  support::require_root();
  const auto listed =
      support::run({"/bin/sh", "-c",
                    "exec \"$0\" --user www-data --groups \"$(id -G www-data | tr ' ' ,),998\""
                    " -- id -G",
                    support::launcher()});
  CHECK(listed.status == 0);
  CHECK(listed.out == "33 998\n");
}

TEST_CASE("root must name the account that the daemon runs as") {
  support::require_root();
  const auto tried = attempt::launch({"-p", "80"});
  CHECK(tried.result.status == 125);
  CHECK(tried.result.err ==
        attempt::lines(
            "cannot choose the account: --user: root must name the user that the daemon runs as",
            "for example --user www-data"));
  CHECK_FALSE(tried.executed);
}
