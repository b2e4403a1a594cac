// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "daemon.hpp"
#include "terminal.hpp"

using support::check_refused;
using support::launch_probe;

namespace {

struct stat status_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status;
}

/// The owner and the permissions of /dev/null must be the same at the end of the test as at its
/// beginning.
class NullDeviceUnchanged {
 public:
  NullDeviceUnchanged() : before_(status_of("/dev/null")) {}
  ~NullDeviceUnchanged() {
    const auto after = status_of("/dev/null");
    CHECK(after.st_uid == before_.st_uid);
    CHECK(after.st_gid == before_.st_gid);
    CHECK(after.st_mode == before_.st_mode);
    // No other test should suffer from what this one found.
    if (after.st_uid != before_.st_uid && chown("/dev/null", before_.st_uid, before_.st_gid) != 0) {
      std::abort();
    }
  }
  NullDeviceUnchanged(const NullDeviceUnchanged&) = delete;
  NullDeviceUnchanged& operator=(const NullDeviceUnchanged&) = delete;

 private:
  struct stat before_;
};

void redirect(const std::string& path, const std::vector<int>& descriptors) {
  const int opened = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (opened < 0) {
    _exit(122);
  }
  for (const int descriptor : descriptors) {
    dup2(opened, descriptor);
  }
}

}  // namespace

TEST_CASE("only --own-stdio lets the daemon reopen stdout and stderr") {
  support::require_root();
  const NullDeviceUnchanged null_device;
  auto field = support::fields(
      launch_probe({"-u", "www-data"}, {"open=/dev/stdout", "open=/dev/stderr"}).out);
  CHECK(field["open=/dev/stdout"] == "EACCES");
  CHECK(field["open=/dev/stderr"] == "EACCES");
  const auto result =
      launch_probe({"-u", "www-data", "--own-stdio"}, {"open=/dev/stdout", "open=/dev/stderr"});
  CAPTURE(result.err);
  field = support::fields(result.out);
  CHECK(field["open=/dev/stdout"] == "ok");
  CHECK(field["open=/dev/stderr"] == "ok");
}

TEST_CASE("--own-stdio leaves the null device alone") {
  support::require_root();
  const NullDeviceUnchanged null_device;
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const std::vector<int> all{0, 1, 2};
  for (const std::vector<int>& descriptors : {std::vector<int>{0}, {1}, {2}, {1, 2}, all}) {
    const auto result =
        launch_probe({"-u", "www-data", "--own-stdio"}, {"to=" + file, "open=/dev/stdout"},
                     [&] { redirect("/dev/null", descriptors); });
    CHECK(result.status == 0);
    CHECK(support::fields(support::read_file(file))["open=/dev/stdout"] == "ok");
  }
  const auto closed =
      launch_probe({"-u", "www-data", "--own-stdio"}, {"to=" + file, "open=/dev/stderr"}, [&] {
        for (const int descriptor : all) {
          close(descriptor);
        }
      });
  CHECK(closed.status == 0);
  CHECK(support::fields(support::read_file(file))["open=/dev/stderr"] == "ok");
}

TEST_CASE("--own-stdio leaves /dev/tty alone") {
  support::require_root();
  const terminal::Terminal terminal;
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  // The same device as /dev/tty, so that the machine's own stays as it is in any case.
  const auto device = directory.path("tty");
  REQUIRE(mknod(device.c_str(), S_IFCHR | 0666, makedev(5, 0)) == 0);
  REQUIRE(chmod(device.c_str(), 0666) == 0);
  const auto result =
      launch_probe({"-u", "www-data", "--own-stdio"}, {"to=" + file, "open=/dev/stdout"}, [&] {
        terminal.control(terminal::Position::kSessionLeader, terminal::Attached::kNone);
        redirect(device, {STDOUT_FILENO, STDERR_FILENO});
      });
  CHECK(result.status == 0);
  CHECK(support::fields(support::read_file(file))["open=/dev/stdout"] == "ok");
  CHECK(status_of(device).st_uid == 0);
}

TEST_CASE("--own-stdio gives the terminal behind stdout and stderr") {
  support::require_root();
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  std::array<char, 64> name{};
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0 ||
      ptsname_r(terminal, name.data(), name.size()) != 0) {
    support::skip("no pseudoterminals are available here");
  }
  const std::string path = name.data();
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const auto attach = [&] { redirect(path, {0, 1, 2}); };
  CHECK(launch_probe({"-u", "www-data"}, {"to=" + file, "open=/dev/stdout"}, attach).status == 0);
  CHECK(support::fields(support::read_file(file))["open=/dev/stdout"] == "EACCES");
  CHECK(launch_probe({"-u", "www-data", "--own-stdio"}, {"to=" + file, "open=/dev/stdout"}, attach)
            .status == 0);
  CHECK(support::fields(support::read_file(file))["open=/dev/stdout"] == "ok");
  CHECK(status_of(path).st_uid == 33);
}

TEST_CASE("--own-stdio reports why a socket cannot be opened again") {
  support::require_root();
  std::array<int, 2> pair{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  const auto result = launch_probe({"-u", "www-data", "--own-stdio"}, {"status"},
                                   [&] { dup2(pair[1], STDOUT_FILENO); });
  check_refused(
      result, 125,
      {"cannot give the account: descriptor 1: it is a socket",
       "hint: systemd: StandardOutput=file:PATH; elsewhere, after the command: 2>&1 | cat"});
}

TEST_CASE("--own-stdio does not give files away") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("log", "", 0600);
  const auto result = launch_probe({"-u", "www-data", "--own-stdio"}, {"status"},
                                   [&] { redirect(file, {STDOUT_FILENO}); });
  check_refused(result, 125, {"cannot give the account: descriptor 1: ", "hint: ", "chown 33"});
  CHECK(support::read_file(file).empty());
  CHECK(status_of(file).st_uid == 0);
}

TEST_CASE("--own-stdio of an ordinary user names the missing capability") {
  support::require_root();
  const auto result =
      launch_probe({"--own-stdio"}, {"status"}, [] { support::become(33, 33, {33}); });
  check_refused(result, 125,
                {"cannot give the account: descriptor 1: Operation not permitted", "CAP_CHOWN"});
}

TEST_CASE("--check --own-stdio reports failures and changes no owner") {
  support::require_root();
  const auto without_right = [] { support::drop_capabilities({CAP_CHOWN}); };
  const auto checked =
      launch_probe({"-u", "www-data", "--own-stdio", "--check"}, {"status"}, without_right);
  const auto launched = launch_probe({"-u", "www-data", "--own-stdio"}, {"status"}, without_right);
  CHECK(checked.status == 125);
  CHECK(launched.status == 125);
  CHECK(checked.err == launched.err);
  CHECK(checked.err.find("cannot give the account: descriptor 1: Operation not permitted") !=
        std::string::npos);
  const support::TemporaryDirectory directory;
  const auto pipe = directory.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  const auto attach = [&] { redirect(pipe, {STDERR_FILENO}); };
  CHECK(launch_probe({"-u", "www-data", "--own-stdio", "--check"}, {"status"}, attach).status == 0);
  CHECK(status_of(pipe).st_uid == 0);
  CHECK(launch_probe({"-u", "www-data", "--own-stdio"}, {"status"}, attach).status == 0);
  CHECK(status_of(pipe).st_uid == 33);
  close(reader);
}

TEST_CASE("--own-stdio refuses a device that the account cannot open") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto device = directory.path("device");
  if (mknod(device.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) {
    support::skip("device files cannot be created here");
  }
  const auto result = launch_probe({"-u", "www-data", "--own-stdio"}, {"status"},
                                   [&] { redirect(device, {STDERR_FILENO}); });
  CHECK(result.status == 125);
  CHECK(status_of(device).st_uid == 0);
}

TEST_CASE("--own-stdio in inetd mode concerns only descriptor 2") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto log = directory.write("log", "", 0600);
  const auto answers = directory.write("answers", "", 0666);
  const auto result =
      launch_probe({"-u", "www-data", "-p", "80", "-m", "inetd", "--own-stdio"},
                   {"to=" + answers, "fd=1"}, [&] { redirect(log, {STDOUT_FILENO}); });
  CHECK(result.status == 0);
  CHECK(status_of(log).st_uid == 0);
  CHECK(support::fields(support::read_file(answers))["fd=1"].find("tcp [::]:80") == 0);
}
