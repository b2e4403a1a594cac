// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>

#include "daemon.hpp"

// Whether /etc's own files or NSS answers, as nsswitch.conf(5) says. In the static build it is
// always the files.

using support::check_daemon;
using support::check_refused;
using support::launch_probe;

namespace {

/// With an action after the source, the C library reads the file itself.
const std::string kByNss = "files [NOTFOUND=return]";
/// The file is read by the launcher, and NSS is asked for what it does not have. `dns` knows no
/// users and no groups, and is part of the C library.
const std::string kFileFirst = "files dns";

void use_sources(const std::string& sources, const std::string& passwd, const std::string& group) {
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: " + sources + "\ngroup: " + sources + "\n");
  support::mount_over("/etc/passwd", passwd);
  support::mount_over("/etc/group", group);
}

bool is_static_build() {
  return support::launch({"--version"}).out.find("NSS") == std::string::npos;
}

}  // namespace

TEST_CASE("entries of any length are read with and without NSS") {
  const std::string gecos(5000, 'x');
  std::string members = "alice";
  for (int number = 0; number < 1000; ++number) {
    members += ",member" + std::to_string(number);
  }
  for (const std::string& sources : {std::string("files"), kFileFirst, kByNss}) {
    CAPTURE(sources);
    use_sources(sources, "alice:x:2000:2001:" + gecos + ":/srv:/bin/sh\n",
                "long:x:2002:" + members + "\n");
    check_daemon(launch_probe({"-u", "alice"}, {"status"}),
                 {.uid = "2000", .gid = "2001", .groups = "2001 2002"});
    check_daemon(launch_probe({"-u", "2000"}, {"status"}),
                 {.uid = "2000", .gid = "2001", .groups = "2001 2002"});
    check_daemon(launch_probe({"-u", "alice:long"}, {"status"}),
                 {.uid = "2000", .gid = "2002", .groups = "2002"});
  }
}

TEST_CASE("an endless NSS entry is refused") {
  if (is_static_build()) {
    return;  // it does not ask NSS: nothing to try
  }
  constexpr std::size_t kBeyondBuffer = std::size_t{17} << 20U;
  use_sources(kByNss, "alice:x:2000:2001:" + std::string(kBeyondBuffer, 'x') + ":/srv:/bin/sh\n",
              "");
  check_refused(launch_probe({"-u", "alice"}, {"status"}), 125,
                {"cannot look up: alice: Numerical result out of range"});
}

TEST_CASE("a failed NSS lookup is an error") {
  support::require_strace();
  if (is_static_build()) {
    return;  // it does not ask NSS: nothing to try
  }
  use_sources(kByNss, "alice:x:2000:2001::/srv:/bin/sh\n", "staff:x:2001:\n");
  const auto launch = [](const std::string& error) {
    return support::trace({"-P", "/etc/passwd", "-e", "inject=openat:error=" + error + ":when=1"},
                          {support::launcher(), "-u", "alice", "--", support::probe(), "status"})
        .result;
  };
  check_refused(launch("EIO"), 125, {"cannot look up: alice: Input/output error"});
  check_refused(launch("EMFILE"), 125, {"cannot look up: alice: Too many open files"});
  check_daemon(launch("EINTR"), {.uid = "2000", .gid = "2001", .groups = "2001"});
}

TEST_CASE("an unknown name is refused with and without NSS") {
  for (const std::string& sources : {std::string("files"), kFileFirst, kByNss}) {
    CAPTURE(sources);
    use_sources(sources, "alice:x:2000:2001::/srv:/bin/sh\n", "staff:x:2001:\n");
    check_refused(launch_probe({"-u", "mallory"}, {"status"}), 125,
                  {"mallory: there is no such name"});
    check_refused(launch_probe({"-u", "alice:nosuch"}, {"status"}), 125,
                  {"nosuch: there is no such name"});
    check_refused(launch_probe({"-u", "3000"}, {"status"}), 125, {"3000: it has no passwd entry"});
    check_daemon(launch_probe({"-u", "3000:staff"}, {"status"}),
                 {.uid = "3000", .gid = "2001", .groups = "2001"});
  }
}

TEST_CASE("NSS is asked for what the file lacks") {
  if (is_static_build()) {
    return;  // it does not ask NSS: nothing to try
  }
  // A number that the launcher's reader does not accept, and that the C library takes for 2000: it
  // shows which was asked.
  const std::string passwd = "odd:x:02000:2001::/srv:/bin/sh\n";
  use_sources("files", passwd, "staff:x:2001:\n");
  check_refused(launch_probe({"-u", "2000"}, {"status"}), 125, {"2000: it has no passwd entry"});
  use_sources(kFileFirst, passwd, "staff:x:2001:\n");
  check_daemon(launch_probe({"-u", "2000"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001"});
}

TEST_CASE("NSS answers if its source comes before the file") {
  if (is_static_build()) {
    return;  // it does not ask NSS: nothing to try
  }
  // A number that the launcher's reader refuses, and that the C library takes for 2000.
  const std::string passwd = "odd:x:02000:2001::/srv:/bin/sh\n";
  use_sources("dns files", passwd, "staff:x:2001:\n");
  check_daemon(launch_probe({"-u", "odd"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001"});
  use_sources(kFileFirst, passwd, "staff:x:2001:\n");
  check_refused(launch_probe({"-u", "odd"}, {"status"}), 125,
                {"cannot use this line of /etc/passwd: "});
}

TEST_CASE("NSS is not asked for what the file has") {
  support::require_strace();
  const auto opened = [](const std::string& sources, const std::string& path) {
    use_sources(sources, "alice:x:2000:2001::/srv:/bin/sh\n", "staff:x:2001:\n");
    const auto traced = support::trace(
        {}, {support::launcher(), "-u", "alice:staff", "--", support::probe(), "status"});
    check_daemon(traced.result, {.uid = "2000", .gid = "2001", .groups = "2001"});
    return std::count_if(traced.calls.begin(), traced.calls.end(), [&](const std::string& call) {
      return call.starts_with("openat(AT_FDCWD, \"" + path + "\"");
    });
  };
  CHECK(opened("files", "/etc/passwd") == 1);
  CHECK(opened(kFileFirst, "/etc/passwd") == 1);
  // Once for the named group, and once for the memberships.
  CHECK(opened("files", "/etc/group") == 2);
}

TEST_CASE("without nsswitch.conf the C library's default order applies") {
  support::enter_own_mounts();
  REQUIRE(mount("none", "/etc", "tmpfs", 0, "mode=755") == 0);
  support::write_file("/etc/passwd", "alice:x:2000:2001::/srv:/bin/sh\n");
  support::write_file("/etc/group", "staff:x:2001:\nmore:x:2002:alice\n");
  for (const std::string configuration : {"", "hosts: files\n"}) {
    CAPTURE(configuration);
    support::write_file("/etc/nsswitch.conf", configuration);
    check_daemon(launch_probe({"-u", "alice:more"}, {"status"}),
                 {.uid = "2000", .gid = "2002", .groups = "2002"});
    check_daemon(launch_probe({"-u", "alice"}, {"status"}),
                 {.uid = "2000", .gid = "2001", .groups = "2001 2002"});
  }
  std::filesystem::remove("/etc/nsswitch.conf");
  check_daemon(launch_probe({"-u", "alice"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001 2002"});
}

TEST_CASE("memberships from the file and from NSS are merged") {
  // The launcher accepts a blank after a member, the C library does not: only the file gives the
  // second group.
  use_sources(kFileFirst, "alice:x:2000:2001::/srv:/bin/sh\n",
              "one:x:2002:alice\ntwo:x:2003:alice ,bob\n");
  check_daemon(launch_probe({"-u", "alice"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001 2002 2003"});
}

TEST_CASE("many memberships are all set") {
  std::string group;
  std::string expected;
  for (int number = 5000; number < 5300; ++number) {
    group += "g" + std::to_string(number) + ":x:" + std::to_string(number) + ":alice\n";
    expected += (expected.empty() ? "" : " ") + std::to_string(number);
  }
  for (const std::string& sources : {std::string("files"), kFileFirst, kByNss}) {
    CAPTURE(sources);
    use_sources(sources, "alice:x:2000:5000::/srv:/bin/sh\n", group);
    check_daemon(launch_probe({"-u", "alice"}, {"status"}),
                 {.uid = "2000", .gid = "5000", .groups = expected});
  }
}

TEST_CASE("more memberships than a process can have are refused") {
  if (is_static_build()) {
    return;  // it does not ask NSS: nothing to try
  }
  std::string group;
  for (int number = 100000; number < 165600; ++number) {
    group += "g" + std::to_string(number) + ":x:" + std::to_string(number) + ":alice\n";
  }
  use_sources(kByNss, "alice:x:2000:2001::/srv:/bin/sh\n", group);
  check_refused(launch_probe({"-u", "alice"}, {"status"}), 125,
                {"cannot look up the groups of: alice: the system returned no list"});
}

TEST_CASE("a number that cannot be a name needs no group file") {
  support::enter_own_mounts();
  REQUIRE(mount("none", "/etc", "tmpfs", 0, "mode=755") == 0);
  support::write_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  support::write_file("/etc/passwd", "");
  std::filesystem::create_directory("/etc/group");
  check_daemon(launch_probe({"-u", "+2000:+2001"}, {"status"}),
               {.uid = "2000", .gid = "2001", .groups = "2001"});
  check_refused(launch_probe({"-u", "+2000:2001"}, {"status"}), 125,
                {"/etc/group: Is a directory"});
}

TEST_CASE("a missing table counts as empty") {
  support::enter_own_mounts();
  REQUIRE(mount("none", "/etc", "tmpfs", 0, "mode=755") == 0);
  for (const std::string& sources : {std::string("files"), kFileFirst, kByNss}) {
    CAPTURE(sources);
    support::write_file("/etc/nsswitch.conf", "passwd: " + sources + "\ngroup: " + sources + "\n");
    check_daemon(launch_probe({"-u", "2000:2001"}, {"status"}),
                 {.uid = "2000", .gid = "2001", .groups = "2001"});
    check_refused(launch_probe({"-u", "alice"}, {"status"}), 125, {"alice: there is no such name"});
    check_refused(launch_probe({"-u", "2000:staff"}, {"status"}), 125,
                  {"staff: there is no such name"});
  }
}
