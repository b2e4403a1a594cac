// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "confinement.hpp"

using support::check_daemon;
using support::check_denied;
using support::Expected;
using support::kBindCapability;
using support::kNoCapability;
using support::launch_probe;

TEST_CASE("ambient mode gives the account and only the one capability") {
  support::enter_own_network();
  const auto result =
      launch_probe({"-u", "www-data", "-p", "80"},
                   {"status", "fds", "bind=tcp/4/80", "bind=tcp/6/80", "env", "session"});
  auto field = check_daemon(result, {.capabilities = kBindCapability});
  CHECK(field["fds"] == "0 1 2");
  CHECK(field["session"] == "member");
  CHECK(field["bind=tcp/4/80"] == "ok");
  CHECK(field["bind=tcp/6/80"] == "ok");
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NGINX"}) {
    CHECK(support::variable(result, name) == "(unset)");
  }
  CHECK(result.err.empty() == support::has_landlock());
  check_denied("tcp/4/80");
  check_denied("tcp/6/80");
}

TEST_CASE("in ambient mode every port of a range or list can be bound") {
  support::enter_own_network();
  const auto result = launch_probe({"-u", "www-data", "-p", "80-82,443", "-p", "53/udp"},
                                   {"status", "bind=tcp/4/80", "bind=tcp/4/81", "bind=tcp/4/82",
                                    "bind=tcp/4/443", "bind=udp/4/53", "bind=udp/6/53"});
  auto field = check_daemon(result, {.capabilities = kBindCapability});
  for (const char* port :
       {"tcp/4/80", "tcp/4/81", "tcp/4/82", "tcp/4/443", "udp/4/53", "udp/6/53"}) {
    CAPTURE(port);
    CHECK(field[std::string("bind=") + port] == "ok");
    check_denied(port);
  }
}

TEST_CASE("a daemon with only unprivileged ports gets no capability") {
  support::enter_own_network();
  for (const support::Words& ports : {support::Words{"-p", "1024,8080"}, support::Words{}}) {
    const auto options = support::join({{"-u", "www-data"}, ports});
    auto field =
        check_daemon(launch_probe(options, {"status", "bind=tcp/4/80", "bind=tcp/4/8080"}), {});
    CHECK(field["bind=tcp/4/80"] == "EACCES");
    CHECK(field["bind=tcp/4/8080"] == "ok");
  }
}

TEST_CASE("nothing is granted if no port is privileged here") {
  support::enter_own_network();
  check_denied("tcp/4/80");
  support::set_unprivileged_port_start(0);
  auto field =
      check_daemon(launch_probe({"-u", "www-data", "-p", "80"}, {"status", "bind=tcp/4/80"}), {});
  CHECK(field["bind=tcp/4/80"] == "ok");
}

TEST_CASE("this network's first unprivileged port decides the grant") {
  support::enter_own_network();
  support::set_unprivileged_port_start(81);
  check_denied("tcp/4/80");
  check_daemon(launch_probe({"-u", "www-data", "-p", "80"}, {"status"}),
               {.capabilities = kBindCapability});
  auto field =
      check_daemon(launch_probe({"-u", "www-data", "-p", "81"}, {"status", "bind=tcp/4/81"}), {});
  CHECK(field["bind=tcp/4/81"] == "ok");

  support::set_unprivileged_port_start(2000);
  check_denied("tcp/4/1500");
  field =
      check_daemon(launch_probe({"-u", "www-data", "-p", "1500"}, {"status", "bind=tcp/4/1500"}),
                   {.capabilities = kBindCapability});
  CHECK(field["bind=tcp/4/1500"] == "ok");
}

TEST_CASE("the ambient set survives the change of user and a fork") {
  support::enter_own_network();
  const auto result = support::launch({"-u", "www-data", "-p", "80", "--", "/bin/sh", "-c",
                                       R"("$0" status bind=tcp/4/80; exit 0)", support::probe()});
  auto field = check_daemon(result, {.capabilities = kBindCapability});
  CHECK(field["bind=tcp/4/80"] == "ok");
  check_denied("tcp/4/80");
}

TEST_CASE("the daemon's loader still trusts its environment") {
  support::enter_own_network();
  support::Invocation invocation;
  invocation.environment = {"PATH=/usr/bin:/bin", "LD_LIBRARY_PATH=/nowhere", "TMPDIR=/var/tmp"};
  const auto result = support::launch(
      {"-u", "www-data", "-p", "80", "--", support::probe(), "status", "secure", "env"},
      invocation);
  auto field = check_daemon(result, {.capabilities = kBindCapability});
  CHECK(field["secure"] == "0");
  CHECK(support::variable(result, "LD_LIBRARY_PATH") == "/nowhere");
  CHECK(support::variable(result, "TMPDIR") == "/var/tmp");
}

TEST_CASE("without /proc the first 1024 ports count as privileged") {
  support::enter_own_network();
  support::enter_own_mounts();
  const auto options = support::Words{"-u", "33:33", "-p"};
  const auto without_proc = [] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/proc", "tmpfs", 0, nullptr) != 0) {
      _exit(122);
    }
  };
  auto field = support::fields(
      launch_probe(support::join({options, {"80"}}), {"secure", "bind=tcp/4/80"}, without_proc)
          .out);
  CHECK(field["bind=tcp/4/80"] == "ok");
  check_denied("tcp/4/80");
  field = support::fields(
      launch_probe(support::join({options, {"1024"}}), {"bind=tcp/4/80"}, without_proc).out);
  CHECK(field["bind=tcp/4/80"] == "EACCES");
  field = support::fields(launch_probe(support::join({options, {"80", "-m", "listen-fds"}}),
                                       {"reach=3/4/80"}, without_proc)
                              .out);
  CHECK(field["reach=3/4/80"] == "ok");
}
