// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon.hpp"

using support::check_daemon;
using support::check_refused;
using support::launch_probe;
using support::variable;

namespace {

/// What a service manager does between fork and exec: the sockets at 3 and up, and the variables of
/// sd_listen_fds(3).
struct Activation {
  std::vector<int> descriptors;
  std::string count;
  std::string names;

  void operator()() const {
    constexpr int kFarAway = 50;  // so that none overwrites another
    for (std::size_t index = 0; index < descriptors.size(); ++index) {
      dup2(descriptors[index], kFarAway + static_cast<int>(index));
    }
    for (std::size_t index = 0; index < descriptors.size(); ++index) {
      dup2(kFarAway + static_cast<int>(index), 3 + static_cast<int>(index));
    }
    for (int descriptor = 3 + static_cast<int>(descriptors.size()); descriptor < 2 * kFarAway;
         ++descriptor) {
      close(descriptor);
    }
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", count.c_str(), 1);
    if (!names.empty()) {
      setenv("LISTEN_FDNAMES", names.c_str(), 1);
    }
  }
};

/// Sockets that no launcher would open, so that any change shows: one non-blocking, one of another
/// family.
std::vector<int> make_sockets() {
  const int tcp = support::listen_on(443);
  fcntl(tcp, F_SETFL, O_NONBLOCK);
  return {tcp, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
}

}  // namespace

TEST_CASE("inherited sockets come first and are passed on untouched") {
  support::enter_own_network();
  const Activation activation{make_sockets(), "2", {}};
  const auto result = launch_probe(
      {"-u", "www-data", "-m", "listen-fds", "-p", "80"},
      {"status", "fds", "fd=3", "fd=4", "fd=5", "env", "pid", "reach=3/4/443"}, activation);
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2 3 4 5");
  CHECK(field["fd=3"] == "tcp 0.0.0.0:443 listening nonblocking");
  CHECK(field["fd=4"] == "socket of family 1");
  CHECK(field["fd=5"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  CHECK(field["reach=3/4/443"] == "ok");
  CHECK(variable(result, "LISTEN_FDS") == "3");
  CHECK(variable(result, "LISTEN_PID") == field["pid"]);
  CHECK(variable(result, "LISTEN_FDNAMES") == "(unset)");
  support::check_denied("tcp/4/80");
}

TEST_CASE("names of inherited sockets come before listed ones") {
  support::enter_own_network();
  const auto sockets = make_sockets();
  auto result = launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "web=80,81"}, {"env"},
                             Activation{sockets, "2", "https:log"});
  CHECK(variable(result, "LISTEN_FDNAMES") == "https:log:web:unknown");
  result = launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "web=80"}, {"env"},
                        Activation{sockets, "2", {}});
  CHECK(variable(result, "LISTEN_FDNAMES") == "unknown:unknown:web");
}

TEST_CASE("inherited sockets alone are enough for listen-fds mode") {
  support::enter_own_network();
  const auto result =
      launch_probe({"-u", "www-data", "-m", "listen-fds"}, {"status", "fds", "fd=3", "env", "pid"},
                   Activation{make_sockets(), "2", "https:log"});
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2 3 4");
  CHECK(variable(result, "LISTEN_FDS") == "2");
  CHECK(variable(result, "LISTEN_PID") == field["pid"]);
  CHECK(variable(result, "LISTEN_FDNAMES") == "https:log");
}

TEST_CASE("a user can pass on inherited sockets of privileged ports") {
  support::enter_own_network();
  const Activation activation{make_sockets(), "2", {}};
  const auto result = launch_probe({"-m", "listen-fds"}, {"status", "fds", "fd=3"}, [&] {
    activation();
    support::become(33, 33);
  });
  auto field = check_daemon(result, {.groups = "", .bounding = support::own_status("CapBnd")});
  CHECK(field["fd=3"] == "tcp 0.0.0.0:443 listening nonblocking");
  support::check_denied("tcp/4/443");
}

TEST_CASE("extra descriptors are closed before listed sockets move in") {
  support::enter_own_network();
  const Activation activation{make_sockets(), "1", {}};
  auto field = check_daemon(launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80-81"},
                                         {"status", "fds", "fd=3", "fd=4", "fd=5"}, activation),
                            {});
  CHECK(field["fds"] == "0 1 2 3 4 5");
  CHECK(field["fd=4"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  CHECK(field["fd=5"] == "tcp [::]:81 dual-stack listening reuseaddr blocking");
}

TEST_CASE("inherited sockets are refused in every mode but listen-fds") {
  support::enter_own_network();
  for (const char* mode : {"ambient", "inetd", "nginx"}) {
    const auto result = launch_probe({"-u", "www-data", "-p", "80", "-m", mode}, {"status"},
                                     Activation{make_sockets(), "2", {}});
    check_refused(result, 125,
                  {std::string("--mode ") + mode, "LISTEN_FDS", "hint: use --mode listen-fds"});
    for (int descriptor = 3; descriptor < 20; ++descriptor) {
      close(descriptor);
    }
  }
}

TEST_CASE("an inconsistent activation is refused") {
  support::enter_own_network();
  struct Row {
    std::string count;
    std::string names;
    std::string reason;
  };
  const Row rows[] = {
      {"3", "", "LISTEN_FDS=3: descriptor 5 is not open"},
      {"-1", "", "LISTEN_FDS=-1: signs are not allowed"},
      {"2x", "", "LISTEN_FDS=2x: "},
      {"", "", "LISTEN_FDS=: "},
      {"4294967298", "", "LISTEN_FDS=4294967298: the largest value is"},
      {"2", "one", "LISTEN_FDNAMES: it does not have as many names as LISTEN_FDS says"},
      {"2", "one:two:three", "LISTEN_FDNAMES: "},
  };
  const auto sockets = make_sockets();
  for (const auto& row : rows) {
    const auto result = launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80"}, {"status"},
                                     Activation{sockets, row.count, row.names});
    check_refused(result, 125, {"cannot take over the sockets of: ", row.reason});
  }
}

TEST_CASE("half an announcement of sockets is ignored") {
  support::enter_own_network();
  for (const std::string variable : {"LISTEN_PID=$$", "LISTEN_FDS=1"}) {
    CAPTURE(variable);
    support::Invocation invocation;
    invocation.environment = {"PATH=/usr/bin:/bin"};
    invocation.argv = {"/bin/sh",
                       "-c",
                       variable + " exec \"$@\"",
                       "sh",
                       support::launcher(),
                       "-u",
                       "www-data",
                       "--",
                       support::probe(),
                       "status",
                       "env"};
    const auto result = support::run(invocation);
    check_daemon(result, {});
    CHECK(support::variable(result, "LISTEN_PID") == "(unset)");
    CHECK(support::variable(result, "LISTEN_FDS") == "(unset)");
  }
}

TEST_CASE("an activation without sockets is ignored") {
  support::enter_own_network();
  const auto result = launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80"},
                                   {"status", "fds", "env", "fd=3"}, Activation{{}, "0", {}});
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2 3");
  CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  CHECK(variable(result, "LISTEN_FDS") == "1");
}

TEST_CASE("stale activation variables never reach the daemon") {
  support::enter_own_network();
  const std::vector<int> sockets = make_sockets();
  const support::Words all_modes[] = {{"-m", "ambient", "-p", "80"},
                                      {"-m", "ambient"},
                                      {"-m", "listen-fds", "-p", "80"},
                                      {"-m", "nginx", "-p", "127.0.0.1:80"}};
  for (const auto& mode : all_modes) {
    support::Invocation invocation;
    // Meant for another process: the launcher's parent, for example, which forgot to remove them.
    invocation.environment = {"PATH=/usr/bin:/bin", "LISTEN_PID=1",     "LISTEN_FDS=2",
                              "LISTEN_FDNAMES=x:y", "LISTEN_PIDFDID=7", "NGINX=9;",
                              "NGINX=10;",          "LISTEN_FDS=5",     "NOTIFY_SOCKET=/run",
                              "LISTEN_STREAM=kept"};
    invocation.in_child = [&] {
      dup2(sockets[0], 70);
      dup2(70, 3);
    };
    const auto result = support::launch(
        support::join({{"-u", "www-data"},
                       mode,
                       {"--", support::probe(), "status", "env", "fds", "fd=3", "pid"}}),
        invocation);
    CAPTURE(result.err);
    CAPTURE(mode[1]);
    const bool is_listen_fds = mode[1] == "listen-fds";
    auto field = support::fields(result.out);
    CHECK(variable(result, "LISTEN_FDS") == (is_listen_fds ? "1" : "(unset)"));
    CHECK(variable(result, "LISTEN_PID") == (is_listen_fds ? field["pid"] : "(unset)"));
    CHECK(variable(result, "LISTEN_FDNAMES") == "(unset)");
    CHECK(variable(result, "LISTEN_PIDFDID") == "(unset)");
    CHECK(variable(result, "NGINX") == (mode[1] == "nginx" ? "3;" : "(unset)"));
    CHECK(variable(result, "NOTIFY_SOCKET") == "/run");
    CHECK(field["fds"] == (mode[1] == "ambient" ? "0 1 2" : "0 1 2 3"));
    CHECK(field["fd=3"].find(":443") == std::string::npos);
  }
}

TEST_CASE("a wrapper script that ends with exec keeps LISTEN_PID valid") {
  support::enter_own_network();
  const auto launch = [](const char* script) {
    return support::launch({"-u", "www-data", "-m", "listen-fds", "-p", "80", "--", "/bin/sh", "-c",
                            script, support::probe()});
  };
  auto result = launch(R"(exec "$0" env pid fd=3)");
  auto field = support::fields(result.out);
  CHECK(variable(result, "LISTEN_PID") == field["pid"]);
  CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  // If the script stays, the protocol's process number is the script's.
  result = launch(R"("$0" env pid; exit 0)");
  CHECK(variable(result, "LISTEN_PID") != support::fields(result.out)["pid"]);
}
