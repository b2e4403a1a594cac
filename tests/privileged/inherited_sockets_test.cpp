// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <functional>

#include "daemon.hpp"

// A listed port is already held by a socket that the launcher was started with.

namespace {

enum class State { kBound, kListening };

struct Address {
  std::string host;
  int port = 80;
  int type = SOCK_STREAM;
  State state = State::kListening;
};

/// For in_child: a socket as this descriptor, not close-on-exec.
void hold(int descriptor, const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const int opened = socket(is_ipv6 ? AF_INET6 : AF_INET, address.type | SOCK_CLOEXEC, 0);
  bool done = false;
  if (is_ipv6) {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(static_cast<std::uint16_t>(address.port));
    inet_pton(AF_INET6, address.host.c_str(), &ipv6.sin6_addr);
    done = bind(opened, reinterpret_cast<const sockaddr*>(&ipv6), sizeof(ipv6)) == 0;
  } else {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(static_cast<std::uint16_t>(address.port));
    inet_pton(AF_INET, address.host.c_str(), &ipv4.sin_addr);
    done = bind(opened, reinterpret_cast<const sockaddr*>(&ipv4), sizeof(ipv4)) == 0;
  }
  if (address.type == SOCK_STREAM && address.state == State::kListening) {
    done = done && listen(opened, 1) == 0;
  }
  // It may already have that number, and dup2(2) onto the same number leaves close-on-exec set.
  if (!done || dup2(opened, descriptor) != descriptor || fcntl(descriptor, F_SETFD, 0) != 0) {
    _exit(122);
  }
}

/// For in_child: announces sockets as a service manager does.
void announce(int count) {
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
}

/// The launch and `--check` refuse in the same way.
void check_found(const support::Words& options, const std::string& object, int descriptor,
                 const std::string& left_out, const std::function<void()>& in_child) {
  for (const support::Words& more : {support::Words{}, support::Words{"--check"}}) {
    auto result = support::launch_probe(support::join({{"-u", "www-data"}, more, options}),
                                        {"status"}, in_child);
    CAPTURE(options);
    CAPTURE(result.err);
    CHECK(result.status == 125);
    CHECK(result.err.find(
              "lowportbind: cannot bind: " + object +
              ": it is already among the sockets that lowportbind was started with: descriptor " +
              std::to_string(descriptor) + "\nlowportbind: hint: leave " + left_out +
              " out of -p") == 0);
    CHECK(result.out.find("Uid:") == std::string::npos);
  }
}

support::Result run_other(const std::function<void()>& in_child) {
  return support::launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "80", "--keep-fd", "9"},
                               {"fds"}, in_child);
}

}  // namespace

TEST_CASE("an announced socket that blocks a port is named") {
  support::enter_own_network();
  const auto activate = [](const Address& address) {
    return [=] {
      hold(4, address);
      hold(3, {"127.0.0.9", 9});
      announce(2);
    };
  };
  const support::Words listen_fds{"-m", "listen-fds", "-p"};
  const auto options = [&](const std::string& port) { return support::join({listen_fds, {port}}); };
  check_found(options("80"), "80/tcp (IPv4 and IPv6)", 4, "80", activate({"0.0.0.0"}));
  check_found(options("web=80"), "web=80/tcp (IPv4 and IPv6)", 4, "80", activate({"::"}));
  check_found(options("127.0.0.1:80"), "127.0.0.1:80/tcp", 4, "80", activate({"::"}));
  check_found(options("127.0.0.1:80"), "127.0.0.1:80/tcp", 4, "80", activate({"127.0.0.1"}));
  check_found(options("[::1]:80"), "[::1]:80/tcp", 4, "80", activate({"::1"}));
  check_found(options("53/udp"), "53/udp (IPv4 and IPv6)", 4, "53/udp",
              activate({"0.0.0.0", 53, SOCK_DGRAM}));
  check_found(options("443,80"), "80/tcp (IPv4 and IPv6)", 4, "80",
              activate({"0.0.0.0", 80, SOCK_STREAM, State::kBound}));
  // The hint's advice works.
  const auto launched =
      support::launch_probe({"-u", "www-data", "-m", "listen-fds"}, {"fds"}, activate({"0.0.0.0"}));
  CHECK(support::fields(launched.out)["fds"] == "0 1 2 3 4");
}

TEST_CASE("a kept descriptor or fd 0 that blocks a port is named") {
  support::enter_own_network();
  const auto as = [](int descriptor) { return [=] { hold(descriptor, {"0.0.0.0"}); }; };
  check_found({"-m", "listen-fds", "-p", "80", "--keep-fd", "9"}, "80/tcp (IPv4 and IPv6)", 9, "80",
              as(9));
  check_found({"-m", "inetd", "-p", "80"}, "80/tcp (IPv4 and IPv6)", 0, "80", as(0));
  check_found({"-m", "nginx", "-p", "80"}, "80/tcp (IPv4)", 0, "80", as(0));
  const auto launched = support::launch_probe({"-u", "www-data"}, {"fd=0"}, as(0));
  CHECK(support::fields(launched.out)["fd=0"] == "tcp 0.0.0.0:80 listening blocking");
}

TEST_CASE("a socket that does not hold the port is not blamed") {
  support::enter_own_network();
  const int holder = support::listen_on(80);
  const auto result = run_other([] { hold(9, {"127.0.0.1", 81}); });
  support::check_refused(result, 125,
                         {"80/tcp (IPv4 and IPv6): Address already in use by ", "hint: to see"});
  // Nor is one of another transport, or a connection, which has the port of the listener.
  const auto udp = run_other([] { hold(9, {"0.0.0.0", 80, SOCK_DGRAM}); });
  support::check_refused(udp, 125, {"80/tcp (IPv4 and IPv6): Address already in use by "});
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  REQUIRE(getsockname(holder, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(connect(client, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  const int connection = accept4(holder, nullptr, nullptr, SOCK_CLOEXEC);
  REQUIRE(connection >= 0);
  const auto connected = run_other([=] { dup2(connection, 9); });
  support::check_refused(connected, 125, {"80/tcp (IPv4 and IPv6): Address already in use by "});
  close(holder);
  close(connection);
  close(client);
}
