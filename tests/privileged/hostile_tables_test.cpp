// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "hostile.hpp"

// Name tables as a badly built image, or an attacker, could leave them. In the NSS build
// nsswitch.conf names only the files: how NSS reads such a table is up to the C library.

using support::check_daemon;
using support::check_refused;
using support::launch_probe;
using support::Words;

namespace {

const std::string kNsswitch = "/etc/nsswitch.conf";

void name_files_alone() { support::mount_over(kNsswitch, "passwd: files\ngroup: files\n"); }

/// What replaces a file of /etc until the end of the scope.
class Mounted {
 public:
  Mounted(const std::string& source, std::string target) : target_(std::move(target)) {
    // A mount made by name_files_alone(), whose file is gone, cannot be mounted over.
    if (target_ == kNsswitch) {
      unmount();
    }
    REQUIRE(mount(source.c_str(), target_.c_str(), nullptr, MS_BIND, nullptr) == 0);
  }
  ~Mounted() {
    unmount();
    if (target_ == kNsswitch) {
      name_files_alone();
    }
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

 private:
  void unmount() const { CHECK(umount2(target_.c_str(), MNT_DETACH) == 0); }

  std::string target_;
};

/// An /etc of the test's own, with no more in it than a launch needs. The user and the group are
/// "alice".
void make_own_etc() {
  support::enter_own_mounts();
  REQUIRE(mount("none", "/etc", "tmpfs", 0, "mode=755") == 0);
  support::write_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  support::write_file("/etc/passwd", "alice:x:2000:2000::/srv:/bin/sh\n");
  support::write_file("/etc/group", "alice:x:2000:\n");
}

/// A launch that an endless table must not take down.
support::Result launch_bounded(const Words& options) {
  support::Invocation invocation;
  invocation.timeout_seconds = 20;
  invocation.in_child = [] {
    const rlimit memory{512U << 20U, 512U << 20U};
    if (setrlimit(RLIMIT_AS, &memory) != 0) {
      _exit(122);
    }
  };
  return support::launch(support::join({options, {"--", support::probe(), "status"}}), invocation);
}

struct Table {
  std::string path;
  Words options;  ///< of a launch that reads it
};

Words by_name() { return {"-u", "www-data"}; }

std::vector<Table> tables() {
  std::vector<Table> all{{"/etc/passwd", by_name()},
                         {"/etc/passwd", {"-u", "33:33"}},
                         {"/etc/group", by_name()},
                         {"/etc/group", {"-u", "www-data:www-data"}},
                         {"/etc/services", {"-u", "www-data", "-p", "http"}}};
  if (!hostile::launcher_is_static()) {
    all.push_back({kNsswitch, by_name()});
  }
  return all;
}

}  // namespace

TEST_CASE("a table that is a pipe is refused without waiting") {
  support::enter_own_network();
  support::enter_own_mounts();
  name_files_alone();
  const support::TemporaryDirectory directory;
  const auto pipe = directory.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0644) == 0);
  for (const auto& table : tables()) {
    CAPTURE(table.path);
    const Mounted mounted(pipe, table.path);
    check_refused(
        support::launch(support::join({table.options, {"--", support::probe(), "status"}})), 125,
        {table.path});
  }
}

TEST_CASE("an endless table is refused without exhausting memory") {
  support::enter_own_network();
  support::enter_own_mounts();
  name_files_alone();
  const support::TemporaryDirectory directory;
  const auto sparse = directory.write("sparse", "");
  if (truncate(sparse.c_str(), off_t{1} << 40U) != 0) {
    support::skip("sparse files are not supported here");
  }
  for (const std::string& endless : {std::string("/dev/zero"), sparse}) {
    for (const auto& table : tables()) {
      CAPTURE(endless);
      CAPTURE(table.path);
      const Mounted mounted(endless, table.path);
      check_refused(launch_bounded(table.options), 125, {table.path});
    }
  }
}

TEST_CASE("a table that is not a readable file is refused by name") {
  support::enter_own_network();
  make_own_etc();
  for (const std::string& path : {std::string("/etc/passwd"), std::string("/etc/group")}) {
    CAPTURE(path);
    const auto content = support::read_file(path);
    std::filesystem::remove(path);
    REQUIRE(mkdir(path.c_str(), 0755) == 0);
    check_refused(launch_probe({"-u", "alice"}, {"status"}), 125, {path});
    std::filesystem::remove(path);
    std::filesystem::create_symlink(path, path);
    check_refused(launch_probe({"-u", "alice"}, {"status"}), 125,
                  {path, "Too many levels of symbolic links"});
    std::filesystem::remove(path);
    support::write_file(path, content);
    REQUIRE(chmod(path.c_str(), 0) == 0);
    const auto without_override = [] {
      support::keep_capabilities({CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_NET_BIND_SERVICE});
    };
    check_refused(launch_probe({"-u", "alice"}, {"status"}, without_override), 125,
                  {path, "Permission denied"});
    REQUIRE(chmod(path.c_str(), 0644) == 0);
    check_daemon(launch_probe({"-u", "alice"}, {"status"}, without_override),
                 {.uid = "2000", .gid = "2000", .groups = "2000"});
  }
}

TEST_CASE("missing or dangling tables leave only numbers usable") {
  support::enter_own_network();
  make_own_etc();
  const support::Expected planned{.uid = "2000", .gid = "2000", .groups = "2000"};
  for (const bool dangling : {true, false}) {
    CAPTURE(dangling);
    for (const char* table : {"/etc/passwd", "/etc/group", "/etc/services"}) {
      std::filesystem::remove(table);
      if (dangling) {
        std::filesystem::create_symlink("/nowhere/table", table);
      }
    }
    check_refused(launch_probe({"-u", "alice"}, {"status"}), 125,
                  {"cannot use the user: alice: ", "hint: "});
    check_refused(launch_probe({"-u", "2000"}, {"status"}), 125,
                  {"it has no passwd entry", "--user 2000:GROUP"});
    check_refused(launch_probe({"-u", "2000:alice"}, {"status"}), 125,
                  {"cannot use the group: alice: ", "hint: "});
    check_refused(launch_probe({"-u", "2000:2000", "-p", "http"}, {"status"}), 125,
                  {"/etc/services", "hint: "});
    for (const auto& mode : hostile::modes()) {
      const support::TemporaryDirectory directory;
      const auto file = directory.write("answers", "", 0666);
      const auto argv = support::join(
          {{support::launcher(), "-u", "2000:2000", "-p", "80", "-m", mode.name, "--"},
           hostile::ask_for_state(file)});
      hostile::check_as_planned(mode, hostile::run_to(file, argv, {}), planned);
    }
  }
}

TEST_CASE("a line with a NUL byte is refused only if it matches") {
  support::enter_own_mounts();
  name_files_alone();
  using std::string_literals::operator""s;
  for (const std::string& line :
       {"alice:x:2000:2000::/srv\0:/bin/sh\n"s, "alice:x:2000:2000::/srv:/bin/sh\0\n"s,
        "alice:x:2000\0:2000::/srv:/bin/sh\n"s, "alice:\0:2000:2000::/srv:/bin/sh\n"s}) {
    CAPTURE(line);
    support::mount_over("/etc/passwd",
                        "bob:x:2001:2001::/:/bin/sh\n" + line + "carol:x:2002:2002::/:/bin/sh\n");
    support::mount_over("/etc/group", "carol:x:2002:\n");
    check_refused(launch_probe({"-u", "alice"}, {"status"}), 125, {"cannot use", "alice"});
    check_daemon(launch_probe({"-u", "carol"}, {"status"}),
                 {.uid = "2002", .gid = "2002", .groups = "2002"});
  }
  support::mount_over("/etc/passwd", "ali\0ce:x:2000:2000::/srv:/bin/sh\n"s);
  check_refused(launch_probe({"-u", "2000"}, {"status"}), 125, {"cannot use"});
}

TEST_CASE("a line of a mebibyte is read or is too long for execve") {
  support::enter_own_mounts();
  name_files_alone();
  const std::string mebibyte(1U << 20U, 'x');
  std::string members = "alice";
  while (members.size() < mebibyte.size()) {
    members += ",somebody" + std::to_string(members.size());
  }
  support::mount_over("/etc/passwd", mebibyte + ":x:1:1::/:/bin/sh\nlong:x:2001:2001::/" +
                                         mebibyte + ":/bin/sh\nalice:x:2000:2000::/srv:/bin/sh\n");
  support::mount_over("/etc/group",
                      "many:x:3000:" + members + ",bob\nalice:x:2000:\nlast:x:3001:alice\n");
  check_daemon(launch_probe({"-u", "alice"}, {"status"}),
               {.uid = "2000", .gid = "2000", .groups = "2000 3000 3001"});
  check_refused(launch_probe({"-u", "long"}, {"status"}), 126,
                {"its arguments and environment are too long"});
  check_daemon(launch_probe({"-u", "long", "--env", "HOME=/"}, {"status"}),
               {.uid = "2001", .gid = "2001", .groups = "2001"});
  const auto unknown = launch_probe({"-u", mebibyte.substr(0, 1000)}, {"status"});
  check_refused(unknown, 125, {"there is no such name"});
}

TEST_CASE("a uid from NSS that wraps is not the small number either") {
  support::enter_own_mounts();
  // The first source does not exist: except in the static build, it is the C library that reads the
  // file.
  support::mount_over("/etc/nsswitch.conf",
                      "passwd: nosuchsource files\ngroup: nosuchsource files\n");
  support::mount_over(
      "/etc/passwd",
      "wrap:x:4294967296:33::/:/bin/sh\nwrapone:x:4294967297:33::/:/bin/sh\n"
      "minus:x:-1:33::/:/bin/sh\nminuswrap:x:-4294967296:33::/:/bin/sh\n"
      "huge:x:18446744073709551616:33::/:/bin/sh\nempty:x::33::/:/bin/sh\nshort:x:0\n"
      "wrapgroup:x:2000:4294967296::/:/bin/sh\nminusgroup:x:2000:-1::/:/bin/sh\nalone\n"
      "good:x:2001:2001::/:/bin/sh\n");
  support::mount_over("/etc/group", "good:x:2001:\n");
  for (const char* user : {"wrap", "wrapone", "minus", "minuswrap", "huge", "empty", "short",
                           "wrapgroup", "minusgroup", "alone"}) {
    CAPTURE(user);
    check_refused(launch_probe({"-u", user}, {"status"}), 125, {"cannot use ", user});
  }
  check_daemon(launch_probe({"-u", "good"}, {"status"}),
               {.uid = "2001", .gid = "2001", .groups = "2001"});
}
