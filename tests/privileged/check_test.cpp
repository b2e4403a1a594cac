#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "daemon.hpp"

using support::check_refused;

namespace {

support::Result check(const support::Words& options, const support::Words& command,
                      std::function<void()> in_child = {}) {
  support::Invocation invocation;
  invocation.argv = support::join({{support::launcher(), "--check"}, options, {"--"}, command});
  invocation.environment = {"PATH=/usr/bin:/bin"};
  invocation.in_child = std::move(in_child);
  return support::run(invocation);
}

}  // namespace

TEST_CASE("--check prints the plan and executes nothing") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
  const auto trace_left = directory.path("executed");
  const auto script = directory.write("daemon", "#!/bin/sh\ntouch " + trace_left + "\necho ran\n", 0755);
  struct Row {
    support::Words options;
    support::Words lines;
  };
  const Row rows[] = {
      {{"-u", "www-data", "-p", "80,8080,53/udp"},
       {"www-data (uid 33), group www-data (33), groups 33\n", "80/tcp", "8080/tcp", "53/udp",
        "privileged here (< 1024)", "not privileged here (>= 1024)", "ambient: CAP_NET_BIND_SERVICE\n"}},
      {{"-u", "www-data", "-p", "8080"}, {"8080/tcp", "ambient: no capability\n"}},
      {{"-u", "49152:33", "--groups", "none"},
       {"uid 49152, group www-data (33), groups none\n", "ports        none\n"}},
      {{"-u", "www-data", "-p", "80,[::1]:443", "-m", "listen-fds"}, {"[::1]:443/tcp", "listen-fds: 2 open sockets"}},
      {{"-u", "www-data", "-p", "80", "-m", "nginx"}, {"80/tcp", "nginx: 2 open sockets"}},
      {{"-u", "www-data", "-p", "80", "-m", "inetd", "--new-session", "--clear-env"}, {"inetd: 1 open socket"}},
  };
  for (const auto& row : rows) {
    const auto result = check(row.options, {script});
    CAPTURE(result.out);
    CAPTURE(result.err);
    CHECK(result.status == 0);
    for (const auto& line : row.lines) {
      CAPTURE(line);
      CHECK(result.out.find(line) != std::string::npos);
    }
    CHECK(result.out.find(script + ", executable by ") != std::string::npos);
    CHECK(result.out.find("ready\n") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(trace_left));
  }
  // The control: without --check it is executed.
  CHECK(support::launch({"-u", "www-data", "-p", "80", "--", script}).out == "ran\n");
  CHECK(std::filesystem::exists(trace_left));
}

TEST_CASE("--check leaves no socket behind") {
  support::enter_own_network();
  for (int round = 0; round < 2; ++round) {
    CHECK(check({"-u", "www-data", "-p", "80", "-m", "listen-fds"}, {"/bin/true"}).status == 0);
  }
  CHECK(support::listen_on(80) >= 0);
}

TEST_CASE("--check says what would keep the launch from being ready with the status of the launch") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto data = directory.write("data", "x", 0644);
  const auto for_root = directory.write("for-root", "#!/bin/sh\n", 0700);
  const auto no_ids = [] { support::drop_capabilities({CAP_SETUID}); };
  check_refused(check({"-u", "www-data", "-p", "80"}, {"no-such-daemon"}), 127, {"cannot find the command"});
  check_refused(check({"-u", "www-data", "-p", "80"}, {"/nowhere/daemon"}), 127, {"cannot find the command"});
  check_refused(check({"-u", "www-data", "-p", "80"}, {data}), 126, {"cannot execute: " + data});
  check_refused(check({"-u", "www-data", "-p", "80"}, {for_root}), 126, {"cannot execute: " + for_root});
  check_refused(check({"-u", "nosuch", "-p", "80"}, {"/bin/true"}), 125, {"there is no such name"});
  check_refused(check({"-u", "root", "-p", "80"}, {"/bin/true"}), 125, {"it is root"});
  check_refused(check({"-u", "www-data", "-p", "80"}, {"/bin/true"}, no_ids), 125, {"CAP_SETUID"});
  check_refused(check({"-p", "80"}, {"/bin/true"}, [] { support::become(33, 33); }), 125,
                {"cannot give the port: 80/tcp: ", "hint: "});
  const int taken = support::listen_on(80);
  CHECK(taken >= 0);
  check_refused(check({"-u", "www-data", "-p", "80", "-m", "listen-fds"}, {"/bin/true"}), 125, {"cannot bind: 80/tcp"});
}

TEST_CASE("--check that cannot be printed is a failure") {
  support::require_root();
  const auto result =
      support::run({"/bin/sh", "-c", R"("$0" --check -u www-data -- /bin/true >/dev/full)", support::launcher()});
  check_refused(result, 125, {"cannot write to: standard output: No space left on device"});
}
