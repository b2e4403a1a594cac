// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "attempt.hpp"
#include "support.hpp"

namespace {

constexpr const char* kPasswd =
    "root:x:0:0::/root:/bin/sh\n"
    "toor:x:0:0::/root:/bin/sh\n"
    "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
    "evil:x:4294967296:33::/:\n"
    "minus:x:4294967295:33::/:\n"
    "minusgid:x:5001:4294967295::/:\n"
    "1234:x:5000:5000::/:\n"
    "012:x:5002:5002::/:\n"
    ":x:5003:5003::/:\n"
    "  :x:5004:5004::/:\n"
    " \tindented:x:5005:5005::/:\n";

void replace_tables(const std::string& passwd_sources) {
  support::enter_own_mounts();
  support::mount_over("/etc/passwd", kPasswd);
  support::mount_over("/etc/nsswitch.conf",
                      "passwd: " + passwd_sources + "\ngroup: files\nservices: files\n");
}

/// "refused", or the uid and gid that the daemon had.
std::string ids_of(const std::string& spec) {
  const auto result = support::launch({"--user", spec, "--", support::probe(), "status"});
  if (result.status != 0) {
    return "refused";
  }
  auto field = support::fields(result.out);
  return field["Uid"] + " " + field["Gid"];
}

}  // namespace

TEST_CASE("a passwd entry whose id wraps or means no change is refused") {
  for (const std::string sources : {"files", "files [NOTFOUND=return]"}) {
    CAPTURE(sources);
    replace_tables(sources);
    for (const std::string spec : {"evil", "minus", "minusgid"}) {
      CAPTURE(spec);
      const auto tried = attempt::launch({"--user", spec});
      CHECK(tried.result.status == 125);
      CHECK(tried.result.err.starts_with("lowportbind: cannot use "));
      CHECK_FALSE(tried.executed);
    }
  }
}

TEST_CASE("a passwd entry without a name does not count as missing") {
  struct Row {
    std::string spec;
    std::string number;
  };
  const Row rows[] = {{"5003", "5003"}, {"+5003", "5003"}, {"5003:33", "5003"}, {"5004", "5004"}};
  for (const std::string sources : {"files", "files [NOTFOUND=return]"}) {
    CAPTURE(sources);
    replace_tables(sources);
    for (const Row& row : rows) {
      CAPTURE(row.spec);
      const auto tried = attempt::launch({"--user", row.spec});
      CHECK(tried.result.status == 125);
      CHECK(tried.result.err == "lowportbind: cannot use the user: " + row.number +
                                    ": its passwd entry has no name\n"
                                    "lowportbind: hint: getent passwd " +
                                    row.number + " shows the entry\n");
      CHECK_FALSE(tried.executed);
    }
    CHECK(ids_of("indented") == "5005\t5005\t5005\t5005 5005\t5005\t5005\t5005");
  }
  CHECK(ids_of("5002") == "5002\t5002\t5002\t5002 5002\t5002\t5002\t5002");
}

TEST_CASE("a second name of root is root") {
  replace_tables("files");
  const auto tried = attempt::launch({"--user", "toor"});
  CHECK(tried.result.status == 125);
  CHECK(
      tried.result.err.starts_with("lowportbind: cannot use the user: toor: it is root (uid 0)\n"));
  CHECK_FALSE(tried.executed);
}

TEST_CASE("digits are a name first and a plus makes them a number") {
  replace_tables("files");
  CHECK(ids_of("1234") == "5000\t5000\t5000\t5000 5000\t5000\t5000\t5000");
  CHECK(ids_of("012") == "5002\t5002\t5002\t5002 5002\t5002\t5002\t5002");
  CHECK(ids_of("+1234") == "refused");  // this id has no entry, and so no group
  CHECK(ids_of("+1234:33") == "1234\t1234\t1234\t1234 33\t33\t33\t33");
  CHECK(ids_of("+5000") == "5000\t5000\t5000\t5000 5000\t5000\t5000\t5000");
}
