// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "daemon.hpp"

// Calls that fail while a name table is read: anything not known to be missing is an error, not an
// empty table.

using support::check_daemon;
using support::check_refused;

namespace {

void use_tables(const std::string& passwd) {
  support::enter_own_network();
  support::require_strace();
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  support::mount_over("/etc/passwd", passwd);
  support::mount_over("/etc/group", "staff:x:2001:\n");
}

/// Spoils calls that concern /etc/passwd.
support::Result launch_spoiled(const std::string& effect, const std::string& user) {
  return support::trace({"-P", "/etc/passwd", "-e", "inject=" + effect},
                        {support::launcher(), "-u", user, "--", support::probe(), "status"})
      .result;
}

const std::string kAlice = "alice:x:2000:2001::/srv:/bin/sh\n";

}  // namespace

TEST_CASE("an interrupted read of a table is retried") {
  use_tables(kAlice);
  check_daemon(launch_spoiled("read:error=EINTR:when=1", "alice"),
               {.uid = "2000", .gid = "2001", .groups = "2001"});
}

TEST_CASE("a table that cannot be opened or read is an error") {
  use_tables(kAlice);
  for (const char* user : {"alice", "2000", "3000:2001"}) {
    CAPTURE(user);
    check_refused(launch_spoiled("openat:error=EACCES", user), 125,
                  {"cannot open: /etc/passwd: Permission denied"});
    check_refused(launch_spoiled("openat:error=EMFILE", user), 125,
                  {"cannot open: /etc/passwd: Too many open files"});
    check_refused(launch_spoiled("read:error=EIO", user), 125,
                  {"cannot read: /etc/passwd: Input/output error"});
  }
}

TEST_CASE("a table in a missing directory has no entries") {
  use_tables(kAlice);
  for (const std::string error : {"ENOENT", "ENOTDIR"}) {
    CAPTURE(error);
    check_refused(launch_spoiled("openat:error=" + error, "alice"), 125,
                  {"alice: there is no such name"});
    check_daemon(launch_spoiled("openat:error=" + error, "2000:2001"),
                 {.uid = "2000", .gid = "2001", .groups = "2001"});
  }
}

TEST_CASE("an empty table of an unknown kind is an error") {
  use_tables("");
  check_daemon(support::launch_probe({"-u", "2000:2001"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001"});
  check_refused(launch_spoiled("fstat,newfstatat:error=EIO", "2000:2001"), 125,
                {"cannot read: /etc/passwd: Input/output error"});
}

TEST_CASE("a table longer than one read is read to its end") {
  std::string passwd;
  for (int number = 3000; number < 3400; ++number) {
    passwd +=
        "user" + std::to_string(number) + ":x:" + std::to_string(number) + ":2001::/srv:/bin/sh\n";
  }
  use_tables(passwd + kAlice);
  check_daemon(launch_spoiled("read:error=EINTR:when=2", "alice"),
               {.uid = "2000", .gid = "2001", .groups = "2001"});
}
