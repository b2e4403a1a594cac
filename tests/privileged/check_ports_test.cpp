// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "holder.hpp"

using check::Holder;
using check::in_use;

namespace {

void become_www_data() { support::become(33, 33, {33}); }

}  // namespace

TEST_CASE("--check and a launch name the holder of a TCP port") {
  support::enter_own_network();
  {
    const Holder holder({.name = "other-daemon"});
    const auto dual = in_use("80/tcp (IPv4 and IPv6)", "other-daemon", holder.pid());
    const auto ambient = check::not_ready({.options = {"-u", "www-data", "-p", "80"}}, dual);
    CHECK(check::line(ambient, "ports") == "80/tcp          privileged here (< 1024)");
    for (const char* mode : {"listen-fds", "inetd"}) {
      check::not_ready_as_launched({.options = {"-u", "www-data", "-p", "80", "-m", mode}}, 125,
                                   dual);
    }
    check::not_ready_as_launched({.options = {"-u", "www-data", "-p", "80", "-m", "nginx"}}, 125,
                                 in_use("80/tcp (IPv4)", "other-daemon", holder.pid()));
    check::not_ready_as_launched(
        {.options = {"-u", "www-data", "-p", "443,127.0.0.1:80", "-m", "listen-fds"}}, 125,
        in_use("127.0.0.1:80/tcp", "other-daemon", holder.pid()));
    // UDP has its own ports.
    check::ready({.options = {"-u", "www-data", "-p", "80/udp"}});
  }
  const auto result = check::ready({.options = {"-u", "www-data", "-p", "80"}});
  CHECK(check::line(result, "ports") == "80/tcp          privileged here (< 1024), free");
}

TEST_CASE("--check and a launch name the holder of a UDP port") {
  support::enter_own_network();
  const Holder tcp({.name = "not-this-one", .port = 53});
  const Holder udp({.name = "resolver", .type = SOCK_DGRAM, .port = 53});
  const auto obstacle = in_use("53/udp (IPv4 and IPv6)", "resolver", udp.pid());
  check::not_ready({.options = {"-u", "www-data", "-p", "80,53/udp"}}, obstacle);
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "80,53/udp", "-m", "listen-fds"}}, 125, obstacle);
}

TEST_CASE("a port in use on one address is free on the others") {
  support::enter_own_network();
  const Holder resolver({.name = "resolver", .port = 53, .host = "127.0.0.53"});
  const auto taken =
      "Address already in use by resolver (pid " + resolver.pid() + ") on 127.0.0.53";
  const auto shown = "to see what it is: ps -fp " + resolver.pid();
  const std::string object = "cannot bind: 53/tcp (IPv4 and IPv6): ";
  check::not_ready(
      {.options = {"-u", "www-data", "-p", "53"}},
      {object + taken, "a daemon that binds a free address can still be launched; " + shown});
  const check::Obstacle with_example{
      object + taken, "another address may be free, as in -p 192.0.2.1:53; " + shown};
  check::not_ready_as_launched({.options = {"-u", "www-data", "-p", "53", "-m", "listen-fds"}}, 125,
                               with_example);
  // The hints' advice works, and there is no such advice if the address itself is in use.
  check::ready({.options = {"-u", "www-data", "-p", "127.0.0.1:53", "-m", "listen-fds"}});
  check::not_ready({.options = {"-u", "www-data", "-p", "127.0.0.53:53", "-m", "listen-fds"}},
                   in_use("127.0.0.53:53/tcp", "resolver", resolver.pid()));
  const Holder udp({.name = "resolver", .type = SOCK_DGRAM, .port = 53, .host = "127.0.0.53"});
  check::not_ready(
      {.options = {"-u", "www-data", "-p", "0.0.0.0:53/udp", "-m", "listen-fds"}},
      {"cannot bind: 0.0.0.0:53/udp: Address already in use by resolver (pid " + udp.pid() +
           ") on 127.0.0.53",
       "another address may be free, as in -p 192.0.2.1:53/udp; to see what it is: ps -fp " +
           udp.pid()});
  const Holder ipv6({.name = "other", .port = 853, .host = "::1"});
  check::not_ready(
      {.options = {"-u", "www-data", "-p", "853", "-m", "listen-fds"}},
      {"cannot bind: 853/tcp (IPv4 and IPv6): Address already in use by other (pid " + ipv6.pid() +
           ") on ::1",
       "another address may be free, as in -p [2001:db8::1]:853; to see what it is: ps -fp " +
           ipv6.pid()});
}

TEST_CASE("names the holder that blocks the most") {
  support::enter_own_network();
  const auto shown = [](const Holder& holder) {
    return "to see what it is: ps -fp " + holder.pid();
  };
  {
    const Holder specific(
        {.name = "specific", .type = SOCK_DGRAM, .host = "127.0.0.1", .reuse_address = true});
    const Holder wild({.name = "wild", .type = SOCK_DGRAM, .reuse_address = true});
    check::not_ready({.options = {"-u", "www-data", "-p", "80/udp"}},
                     in_use("80/udp (IPv4 and IPv6)", "wild", wild.pid()));
  }
  {
    // nginx opens one socket for each family, which a socket of the other family does not block.
    const Holder six({.name = "six", .host = "::1"});
    const Holder four({.name = "four", .host = "127.0.0.1"});
    check::not_ready({.options = {"-u", "www-data", "-p", "80", "-m", "nginx"}},
                     {"cannot bind: 80/tcp (IPv4): Address already in use by four (pid " +
                          four.pid() + ") on 127.0.0.1",
                      "another address may be free, as in -p 192.0.2.1:80; " + shown(four)});
  }
  {
    const Holder six({.name = "six", .host = "::"});
    const Holder four({.name = "four", .host = "127.0.0.1"});
    check::not_ready({.options = {"-u", "www-data", "-p", "127.0.0.1:80", "-m", "listen-fds"}},
                     in_use("127.0.0.1:80/tcp", "four", four.pid()));
  }
  // An IPv4 address in an IPv6 socket, as Java binds it, is still that address.
  const Holder mapped({.name = "mapped", .host = "::ffff:127.0.0.1"});
  check::not_ready({.options = {"-u", "www-data", "-p", "80", "-m", "listen-fds"}},
                   {"cannot bind: 80/tcp (IPv4 and IPv6): Address already in use by mapped (pid " +
                        mapped.pid() + ") on 127.0.0.1",
                    "another address may be free, as in -p 192.0.2.1:80; " + shown(mapped)});
  check::not_ready({.options = {"-u", "www-data", "-p", "127.0.0.1:80", "-m", "listen-fds"}},
                   in_use("127.0.0.1:80/tcp", "mapped", mapped.pid()));
  check::ready({.options = {"-u", "www-data", "-p", "[::]:80", "-m", "listen-fds"}});
}

TEST_CASE("--check by a user that cannot see the holder points to root") {
  support::enter_own_network();
  const Holder tcp({.port = 8080});
  const Holder udp({.type = SOCK_DGRAM, .port = 5353});
  const check::Obstacle tcp_obstacle{
      "cannot bind: 8080/tcp (IPv4 and IPv6): Address already in use",
      "to see who has it, as root: ss -ltnp 'sport = :8080'"};
  const check::Obstacle udp_obstacle{
      "cannot bind: 5353/udp (IPv4 and IPv6): Address already in use",
      "to see who has it, as root: ss -lunp 'sport = :5353'"};
  check::not_ready({.options = {"-p", "8080"}, .in_child = become_www_data}, tcp_obstacle);
  check::not_ready({.options = {"-p", "5353/udp"}, .in_child = become_www_data}, udp_obstacle);
  check::not_ready_as_launched(
      {.options = {"-p", "8080", "-m", "listen-fds"}, .in_child = become_www_data}, 125,
      tcp_obstacle);
  check::not_ready_as_launched(
      {.options = {"-p", "5353/udp", "-m", "listen-fds"}, .in_child = become_www_data}, 125,
      udp_obstacle);
  // The hint's command finds it.
  const auto shown = support::run({"ss", "-ltnp", "sport = :8080"});
  const bool is_missing = shown.status == 120;
  CHECK((is_missing || shown.out.find("pid=" + tcp.pid()) != std::string::npos));
}

TEST_CASE("--check by a user names a holder of the same user") {
  support::enter_own_network();
  const Holder holder({.name = "my-server", .port = 8080, .uid = 33});
  const auto obstacle = in_use("8080/tcp (IPv4 and IPv6)", "my-server", holder.pid());
  check::not_ready({.options = {"-p", "8080"}, .in_child = become_www_data}, obstacle);
  check::not_ready_as_launched(
      {.options = {"-p", "8080", "-m", "listen-fds"}, .in_child = become_www_data}, 125, obstacle);
}

TEST_CASE("--check names only the holder of the blocked address") {
  support::enter_own_network();
  const Holder other({.name = "bystander", .host = "127.0.0.1"});
  const Holder holder({.name = "the-holder", .host = "127.0.0.2"});
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "127.0.0.2:80", "-m", "listen-fds"}}, 125,
      in_use("127.0.0.2:80/tcp", "the-holder", holder.pid()));
}

TEST_CASE("a connection from the port is not taken for its holder") {
  support::enter_own_network();
  const int server = support::listen_on(8080);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(80);
  REQUIRE(bind(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  address.sin_port = htons(8080);
  REQUIRE(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  // The connection is the test's own, and so belongs to a process that is examined before the
  // holder.
  const Holder holder({.name = "the-holder", .host = "127.0.0.2"});
  auto obstacle = in_use("0.0.0.0:80/tcp", "the-holder", holder.pid());
  obstacle.sentence += " on 127.0.0.2";
  obstacle.hint = "another address may be free, as in -p 192.0.2.1:80; " + obstacle.hint;
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "0.0.0.0:80", "-m", "listen-fds"}}, 125, obstacle);
  close(client);
  close(server);
}

TEST_CASE("a holder's process name cannot forge a line of the report") {
  support::enter_own_network();
  const Holder holder({.name = "a\nverdict\x1b[2J"});
  const auto result =
      check::not_ready({.options = {"-u", "www-data", "-p", "80"}},
                       in_use("80/tcp (IPv4 and IPv6)", "a\\x0averdict\\x1b[2J", holder.pid()));
  CHECK(result.out.find('\x1b') == std::string::npos);
}

TEST_CASE("--check uses the launcher's file capability to try ports") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto launcher = support::copy_program(directory, support::launcher(), "lowportbind");
  support::set_file_capabilities(launcher, "cap_net_bind_service=p");
  const check::Setting setting{
      .options = {"-p", "80"}, .in_child = become_www_data, .launcher = launcher};
  const auto result = check::ready(setting);
  CHECK(check::line(result, "ports") == "80/tcp          privileged here (< 1024), free");
  CHECK(check::line(result, "mode") == "ambient: CAP_NET_BIND_SERVICE");
  const Holder holder({});
  check::not_ready(setting, {"cannot bind: 80/tcp (IPv4 and IPv6): Address already in use",
                             "to see who has it, as root: ss -ltnp 'sport = :80'"});
}

TEST_CASE("--check in ambient mode tries each port as root and account") {
  support::enter_own_network();
  support::require_strace();
  const auto traced = support::trace(
      {"-e", "trace=execve,bind,setresuid"},
      {support::launcher(), "--check", "-u", "www-data", "-p", "80,53/udp", "--", "/bin/true"});
  REQUIRE(traced.result.status == 0);
  std::string order;
  for (const auto& call : traced.calls) {
    if (call.starts_with("setresuid(33")) {
      order += "account ";
    }
    // The bind of 192.0.2.1 is the confinement's proof.
    if (!call.starts_with("bind(") || call.find("192.0.2.1") != std::string::npos) {
      continue;
    }
    CHECK(call.ends_with("= 0"));
    if (call.find("htons(80)") != std::string::npos) {
      order += "80 ";
    }
    if (call.find("htons(53)") != std::string::npos) {
      order += "53 ";
    }
  }
  CHECK(order == "80 53 account 80 53 ");
}

TEST_CASE("--check finds a missing address or interface") {
  support::enter_own_network();
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "192.0.2.1:80", "-m", "listen-fds"}}, 125,
      {"cannot bind: 192.0.2.1:80/tcp: Cannot assign requested address",
       "`ip address` lists this host's addresses; for one that it gets later: "
       "After=network-online.target in the unit, or as root: sysctl -w "
       "net.ipv4.ip_nonlocal_bind=1"});
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "[fe80::1%nosuch]:80", "-m", "listen-fds"}}, 125,
      {"cannot find the interface of: [fe80::1%nosuch]:80/tcp: No such device",
       "`ip link` lists the interfaces"});
}
