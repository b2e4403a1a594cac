// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "attempt.hpp"
#include "support.hpp"

TEST_CASE("an invalid listen address is refused before anything runs") {
  const std::string range = "; a range takes numbers only";
  const std::string numbers = "use the port number, or list the names with `getent services`";
  struct Row {
    std::string spec;
    std::string message;
    std::string hint;
  };
  const Row rows[] = {
      {"0", "0: port 0 means \"any port\"; list the port itself", ""},
      {"no-such-service", "no-such-service: no such service for tcp in /etc/services" + range,
       numbers},
      {"no-such-service/udp",
       "no-such-service/udp: no such service for udp in /etc/services" + range, numbers},
      {"localhost:80",
       "localhost:80: the host is not an IPv4 address, an IPv6 address in brackets or *",
       "host names are not looked up; `getent ahosts NAME` prints a name's addresses"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    const auto tried = attempt::launch(attempt::with_account({"--port", row.spec}));
    CHECK(tried.result.status == 125);
    CHECK(tried.result.err ==
          attempt::lines("cannot read the listen address: " + row.message, row.hint));
    CHECK_FALSE(tried.executed);
  }
}

TEST_CASE("a missing services file is reported") {
  support::enter_own_mounts();
  const support::TemporaryDirectory etc;
  for (const std::string name : {"passwd", "group", "nsswitch.conf"}) {
    static_cast<void>(etc.write(name, support::read_file("/etc/" + name)));
  }
  REQUIRE(mount(etc.path().c_str(), "/etc", nullptr, MS_BIND, nullptr) == 0);
  const auto by_name = attempt::launch({"--user", "www-data", "-p", "http"});
  const auto by_number = attempt::launch({"--user", "www-data", "-p", "8080"});
  REQUIRE(umount2("/etc", MNT_DETACH) == 0);
  CHECK(by_name.result.status == 125);
  CHECK_FALSE(by_name.executed);
  CHECK(by_name.result.err ==
        attempt::lines("cannot read the listen address: http: service names need /etc/services, "
                       "which does not exist here",
                       "use the port number, or list the names with `getent services`"));
  CHECK(by_number.result.status == 0);
  CHECK(by_number.executed);
}

TEST_CASE("a socket that cannot be opened is reported with a hint") {
  support::enter_own_network();
  struct Row {
    std::string spec;
    std::string message;
    std::string hint;
  };
  const Row rows[] = {
      {"192.0.2.1:80", "cannot bind: 192.0.2.1:80/tcp: Cannot assign requested address",
       "`ip address` lists this host's addresses; for one that it gets later: "
       "After=network-online.target "
       "in "
       "the unit, or as root: sysctl -w net.ipv4.ip_nonlocal_bind=1"},
      {"[2001:db8::1]:53/udp", "cannot bind: [2001:db8::1]:53/udp: Cannot assign requested address",
       "`ip address` lists this host's addresses; for one that it gets later: "
       "After=network-online.target "
       "in "
       "the unit, or as root: sysctl -w net.ipv6.ip_nonlocal_bind=1"},
      {"[fe80::1%nosuch]:80",
       "cannot find the interface of: [fe80::1%nosuch]:80/tcp: No such device",
       "`ip link` lists the interfaces"},
      {"[fe80::1]:80", "cannot bind: [fe80::1]:80/tcp: Invalid argument",
       "a link-local address needs its interface: [fe80::1%eth0]:80"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.spec);
    const auto tried =
        attempt::launch({"--user", "www-data", "--mode", "listen-fds", "-p", row.spec});
    CHECK(tried.result.status == 125);
    CHECK(tried.result.err == attempt::lines(row.message, row.hint));
    CHECK_FALSE(tried.executed);
  }
}

TEST_CASE("a port in use is reported with its holder") {
  support::enter_own_network();
  const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  REQUIRE(bind(taken, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(listen(taken, 1) == 0);
  const auto ipv4 =
      attempt::launch({"--user", "www-data", "--mode", "listen-fds", "-p", "127.0.0.1:80"});
  const auto every = attempt::launch({"--user", "www-data", "--mode", "inetd", "-p", "80"});
  close(taken);
  const auto pid = std::to_string(getpid());
  const auto reason = "Address already in use by cli_tests (pid " + pid + ")";
  const auto hint = "to see what it is: ps -fp " + pid;
  CHECK(ipv4.result.status == 125);
  CHECK(ipv4.result.err == attempt::lines("cannot bind: 127.0.0.1:80/tcp: " + reason, hint));
  CHECK_FALSE(ipv4.executed);
  CHECK(every.result.status == 125);
  CHECK(every.result.err == attempt::lines("cannot bind: 80/tcp (IPv4 and IPv6): " + reason, hint));
  CHECK_FALSE(every.executed);
}

TEST_CASE("a user without the capability is told how to get the port") {
  support::enter_own_network();
  support::Invocation invocation;
  invocation.in_child = [] { support::become(33, 33); };
  const auto tried = attempt::launch({"-p", "80"}, invocation);
  CHECK(tried.result.status == 125);
  CHECK_FALSE(tried.executed);
  CHECK(
      tried.result.err.starts_with("lowportbind: cannot grant the port: 80/tcp: ports below 1024 "
                                   "need CAP_NET_BIND_SERVICE, and lowportbind was "
                                   "started without it\nlowportbind: hint: "));
  const auto high = attempt::launch({"-p", "8080"}, invocation);
  CHECK(high.result.status == 0);
  CHECK(high.executed);
}
