// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "daemon.hpp"

using support::check_daemon;
using support::check_denied;
using support::launch_probe;
using support::variable;

TEST_CASE("listen-fds mode gives the sockets in order and no capability") {
  support::enter_own_network();
  const auto result =
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80,53/udp,127.0.0.1:443", "-p",
                    "[::1]:443,[::]:853,127.0.0.1:53"},
                   {"status", "fds", "fd=3", "fd=4", "fd=5", "fd=6", "fd=7", "fd=8", "env", "pid",
                    "bind=tcp/4/81"});
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2 3 4 5 6 7 8");
  CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  CHECK(field["fd=4"] == "udp [::]:53 dual-stack blocking");
  CHECK(field["fd=5"] == "tcp 127.0.0.1:443 listening reuseaddr blocking");
  CHECK(field["fd=6"] == "tcp [::1]:443 v6only listening reuseaddr blocking");
  CHECK(field["fd=7"] == "tcp [::]:853 v6only listening reuseaddr blocking");
  CHECK(field["fd=8"] == "tcp 127.0.0.1:53 listening reuseaddr blocking");
  CHECK(variable(result, "LISTEN_FDS") == "6");
  CHECK(variable(result, "LISTEN_PID") == field["pid"]);
  CHECK(variable(result, "LISTEN_FDNAMES") == "(unset)");
  CHECK(field["bind=tcp/4/81"] == "EACCES");
  for (const char* port : {"tcp/4/80", "tcp/6/80", "udp/4/53", "tcp/4/443", "tcp/6/853"}) {
    check_denied(port);
  }
}

TEST_CASE("listen-fds sockets are reachable over IPv4 and IPv6") {
  support::enter_own_network();
  const auto result = launch_probe(
      {"-u", "www-data", "-m", "listen-fds", "-p", "80,53/udp,[::]:81"},
      {"reach=3/4/80", "reach=3/6/80", "reach=4/4/53", "reach=5/6/81", "reach=5/4/81"});
  auto field = support::fields(result.out);
  CHECK(field["reach=3/4/80"] == "ok");
  CHECK(field["reach=3/6/80"] == "ok");
  CHECK(field["reach=4/4/53"] == "ok");
  CHECK(field["reach=5/6/81"] == "ok");
  CHECK(field["reach=5/4/81"] == "connect ECONNREFUSED");
  check_denied("tcp/4/80");
}

TEST_CASE("descriptor names are handed over and a range repeats its own") {
  support::enter_own_network();
  const auto result =
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "web=80-82,443,dns=53/udp"},
                   {"status", "fds", "env"});
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2 3 4 5 6 7");
  CHECK(variable(result, "LISTEN_FDS") == "5");
  CHECK(variable(result, "LISTEN_FDNAMES") == "web:web:web:unknown:dns");
}

TEST_CASE("the listen queue is 4096 or as long as requested") {
  support::enter_own_network();
  auto field = support::fields(
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80"}, {"backlog=3", "fd=3"}).out);
  CHECK(field["backlog=3"] == "4096");
  field = support::fields(
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80", "--backlog", "7"},
                   {"backlog=3"})
          .out);
  CHECK(field["backlog=3"] == "7");
  field = support::fields(
      launch_probe({"-u", "www-data", "-m", "nginx", "-p", "80,81/udp", "--backlog=9"},
                   {"backlog=3", "backlog=4"})
          .out);
  CHECK(field["backlog=3"] == "9");
  CHECK(field["backlog=4"] == "9");
}

TEST_CASE("the system's IPV6_V6ONLY default does not matter") {
  support::enter_own_network();
  for (const char* by_default : {"1", "0"}) {
    std::ofstream sysctl("/proc/sys/net/ipv6/bindv6only");
    sysctl << by_default << std::endl;
    if (!sysctl) {
      support::skip("net.ipv6.bindv6only cannot be changed here");
    }
    auto field =
        support::fields(launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80,[::]:81"},
                                     {"fd=3", "fd=4", "reach=3/4/80"})
                            .out);
    CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
    CHECK(field["fd=4"] == "tcp [::]:81 v6only listening reuseaddr blocking");
    CHECK(field["reach=3/4/80"] == "ok");
  }
}

TEST_CASE("a port in use is refused with its holder's name and PID") {
  support::enter_own_network();
  const int taken = support::listen_on(80);
  CHECK(taken >= 0);
  const auto pid = std::to_string(getpid());
  for (const char* address : {"80", "0.0.0.0:80", "127.0.0.1:80"}) {
    const auto result =
        launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", address}, {"status"});
    support::check_refused(
        result, 125,
        {"lowportbind: cannot bind: ", address,
         ": Address already in use by " + support::own_status("Name") + " (pid " + pid + ")\n",
         "lowportbind: hint: to see what it is: ps -fp " + pid + "\n"});
  }
  // A socket of IPv6 only does not conflict with it.
  CHECK(launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "[::]:80"}, {"status"}).status ==
        0);
}

TEST_CASE("an address that the host does not have is refused") {
  support::enter_own_network();
  for (const char* address : {"192.0.2.1:80", "[2001:db8::1]:80"}) {
    const auto result =
        launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", address}, {"status"});
    support::check_refused(
        result, 125,
        {"lowportbind: cannot bind: ", address, "Cannot assign requested address",
         "hint: `ip address` lists this host's addresses"});
  }
}

TEST_CASE("a link-local address is bound on its interface") {
  support::enter_own_network();
  const auto added = support::run({"ip", "address", "add", "fe80::7/64", "dev", "lo", "nodad"});
  if (added.status != 0) {
    support::skip("no link-local address is available here: " + added.err);
  }
  auto field = support::fields(
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "[fe80::7%lo]:80"}, {"fd=3"}).out);
  CHECK(field["fd=3"] == "tcp [fe80::7]:80 v6only listening reuseaddr blocking");
  check_denied("tcp/6/80");
  const auto unknown =
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "[fe80::7%nosuch]:80"}, {"status"});
  support::check_refused(unknown, 125,
                         {"cannot find the interface of: [fe80::7%nosuch]:80/tcp: No such device",
                          "hint: `ip link` lists the interfaces"});
  const auto missing =
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "[fe80::7]:80"}, {"status"});
  support::check_refused(
      missing, 125,
      {"cannot bind: [fe80::7]:80/tcp: ", "a link-local address needs its interface"});
}

TEST_CASE("a host without IPv6 gets IPv4 sockets") {
  support::enter_own_network();
  support::require_strace();
  // The launcher's first socket is the one that probes for IPv6.
  const support::Words strace{"-e", "inject=socket:error=EAFNOSUPPORT:when=1"};
  for (const char* mode : {"listen-fds", "nginx"}) {
    CAPTURE(mode);
    const auto traced =
        support::trace(strace, {support::launcher(), "-u", "www-data", "-m", mode, "-p",
                                "80,53/udp", "--", support::probe(), "fds", "fd=3", "fd=4"});
    auto field = support::fields(traced.result.out);
    CAPTURE(traced.result.err);
    CHECK(field["fds"] == "0 1 2 3 4");
    CHECK(field["fd=3"] == "tcp 0.0.0.0:80 listening reuseaddr blocking");
    CHECK(field["fd=4"] == "udp 0.0.0.0:53 blocking");
  }
  // No other failure is a reason to leave IPv6 out.
  const auto failed = support::trace({"-e", "inject=socket:error=EMFILE:when=1"},
                                     {support::launcher(), "-u", "www-data", "-m", "listen-fds",
                                      "-p", "80", "--", support::probe(), "status"});
  support::check_refused(failed.result, 125, {"cannot open: an IPv6 socket: Too many open files"});
}

TEST_CASE("a queue that the kernel would cut is refused with the fix") {
  support::enter_own_network();
  const auto longest = support::read_file("/proc/sys/net/core/somaxconn");
  const auto longer = std::to_string(std::stoi(longest) + 1);
  const auto result = launch_probe(
      {"-u", "www-data", "-p", "80", "-m", "listen-fds", "--backlog", longer}, {"status"});
  support::check_refused(result, 125,
                         {"cannot set the backlog: " + longer + ": the kernel caps it at ",
                          "hint: as root: sysctl -w net.core.somaxconn=" + longer});
  const auto all = launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds", "--backlog",
                                 std::to_string(std::stoi(longest))},
                                {"status"});
  CHECK(all.status == 0);
}
