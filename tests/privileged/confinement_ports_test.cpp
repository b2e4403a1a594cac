// SPDX-License-Identifier: MIT
#include "confinement.hpp"

using support::ask_daemon;
using support::check_filtered;
using support::check_unfiltered;
using support::kAllOpen;
using support::kEveryPort;
using support::Words;

namespace {

/// Over IPv4, over IPv6 and over both with one socket.
const Words kFamilies{kEveryPort, "ports=tcp/6/0-65535", "ports=tcp/d/0-65535"};

/// Checks what a confined daemon with these options can bind.
void check_ports(const Words& options, const std::string& expected,
                 const Words& families = {kEveryPort}) {
  auto field = ask_daemon(options, support::join({{"status"}, families}));
  for (const auto& family : families) {
    CAPTURE(family);
    CHECK(field[family] == expected);
  }
  check_filtered(field);
}

void check_open(const Words& options, const std::string& expected = kAllOpen) {
  auto field = ask_daemon(options, {"status", kEveryPort});
  CHECK(field[kEveryPort] == expected);
  check_unfiltered(field);
}

const std::string kWithoutCapability = "0 ok 1-1023 EACCES 1024-65535 ok";

}  // namespace

TEST_CASE("--confine off opens every privileged port without a filter") {
  support::enter_own_network();
  auto field =
      ask_daemon({"-p", "80,443", "--confine", "off"}, support::join({{"status"}, kFamilies}));
  for (const auto& family : kFamilies) {
    CHECK(field[family] == kAllOpen);
  }
  check_unfiltered(field);
  support::check_denied("tcp/4/80");
}

TEST_CASE("a confined daemon binds no unlisted privileged port") {
  support::require_confinement();
  const std::string expected =
      "0 ok 1-79 EACCES 80 ok 81-442 EACCES 443 ok 444-1023 EACCES 1024-65535 ok";
  check_ports({"-p", "80,443"}, expected, kFamilies);
  check_ports({"-p", "80,443", "--confine", "privileged"}, expected, kFamilies);
  check_ports({"-p", "20-22,8080"}, "0 ok 1-19 EACCES 20-22 ok 23-1023 EACCES 1024-65535 ok");
  check_ports({"-p", "1,1023"}, "0-1 ok 2-1022 EACCES 1023-65535 ok");
}

TEST_CASE("--confine listed allows only the listed ports and port 0") {
  support::require_confinement();
  check_ports({"-p", "80", "--confine", "listed"}, support::kConfinedToListed, kFamilies);
  check_ports({"-p", "80,8000-8002,65535", "--confine", "listed"},
              "0 ok 1-79 EACCES 80 ok 81-7999 EACCES 8000-8002 ok 8003-65534 EACCES 65535 ok");
  // Without a privileged port there is no capability, and the confinement is the same.
  const auto expected = "0 ok 1-8079 EACCES 8080 ok 8081-65535 EACCES";
  check_ports({"-p", "8080", "--confine", "listed"}, expected);
  check_ports({"--confine", "listed"}, "0 ok 1-65535 EACCES");
  check_open({"-p", "8080", "--confine", "off"}, kWithoutCapability);
}

TEST_CASE("--confine listed holds in the modes that hand over sockets") {
  support::require_confinement();
  for (const std::string mode : {"listen-fds", "nginx", "inetd"}) {
    CAPTURE(mode);
    const auto ask = [&](const std::string& kind) {
      // In inetd mode stdout is the socket.
      const support::TemporaryDirectory directory;
      const auto file = directory.write("answers", "", 0666);
      const auto result =
          support::launch_probe({"-u", "www-data", "-m", mode, "-p", "8080", "--confine", kind},
                                {"to=" + file, "status", kEveryPort});
      CAPTURE(result.err);
      CHECK(result.err.empty());
      REQUIRE(result.status == 0);
      return support::fields(support::read_file(file));
    };
    // The socket that was handed over has port 8080: the rules let the bind through to it.
    const auto open = ask("off");
    CHECK(open.at(kEveryPort) == "0 ok 1-1023 EACCES 1024-8079 ok 8080 EADDRINUSE 8081-65535 ok");
    check_unfiltered(open);
    const auto confined = ask("listed");
    CHECK(confined.at(kEveryPort) == "0 ok 1-8079 EACCES 8080 EADDRINUSE 8081-65535 EACCES");
    check_filtered(confined);
  }
}

TEST_CASE("a handed-over socket is reachable under confinement") {
  support::require_confinement();
  auto field = ask_daemon({"-p", "80", "-m", "listen-fds", "--confine", "listed"},
                          {"status", "fd=3", "reach=3/4/80", "reach=3/6/80", "bind=tcp/4/81"});
  CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  CHECK(field["reach=3/4/80"] == "ok");
  CHECK(field["reach=3/6/80"] == "ok");
  check_filtered(field);
}

TEST_CASE("a daemon without the capability is confined only on request") {
  support::enter_own_network();
  check_open({}, kWithoutCapability);
  check_open({"-p", "8080"}, kWithoutCapability);
  auto field = ask_daemon({"-p", "80", "-m", "listen-fds"}, {"status", "ports=tcp/4/81-1024"});
  CHECK(field["ports=tcp/4/81-1024"] == "81-1023 EACCES 1024 ok");
  check_unfiltered(field);
}

TEST_CASE("confinement follows the start of unprivileged ports") {
  support::require_confinement();
  support::set_unprivileged_port_start(90);
  check_ports({"-p", "80"}, "0 ok 1-79 EACCES 80 ok 81-89 EACCES 90-65535 ok");
  support::set_unprivileged_port_start(2000);
  check_ports({"-p", "80"}, "0 ok 1-79 EACCES 80 ok 81-1999 EACCES 2000-65535 ok");
  support::set_unprivileged_port_start(32768);
  check_ports({"-p", "80"}, "0 ok 1-79 EACCES 80 ok 81-32767 EACCES 32768-65535 ok");
  support::set_unprivileged_port_start(0);
  check_open({"-p", "80"});
}

TEST_CASE("a daemon with every privileged port listed still launches") {
  support::require_confinement();
  check_ports({"-p", "1-1023"}, kAllOpen);
  check_ports({"-p", "1-1023", "--confine", "privileged"}, kAllOpen);
  check_ports({"-p", "1-1023", "--confine", "listed"}, "0-1023 ok 1024-65535 EACCES");
  check_ports({"-p", "1-65535", "--confine", "listed"}, kAllOpen);
  check_ports({"-p", "1-65534", "--confine", "listed"}, "0-65534 ok 65535 EACCES");
}

TEST_CASE("a listed UDP port opens no TCP port") {
  support::require_confinement();
  for (const std::string kind : {"privileged", "listed"}) {
    CAPTURE(kind);
    auto field = ask_daemon({"-p", "53/udp", "--confine", kind}, {"status", kEveryPort});
    CHECK(field[kEveryPort] == (kind == "listed" ? "0 ok 1-65535 EACCES" : kWithoutCapability));
    check_filtered(field);
  }
}

TEST_CASE("UDP is confined only from Linux 7.2 on") {
  support::require_confinement();
  const std::string ipv4 = "ports=udp/4/0-1024";
  const std::string ipv6 = "ports=udp/6/0-1024";
  const auto check = [&](const Words& options, const std::string& confined,
                         const std::string& open) {
    auto field = ask_daemon(options, {ipv4, ipv6});
    CHECK(field[ipv4] == (support::has_udp_rules() ? confined : open));
    CHECK(field[ipv6] == field[ipv4]);
  };
  const std::string all = "0-1024 ok";
  check({"-p", "53/udp"}, "0 ok 1-52 EACCES 53 ok 54-1023 EACCES 1024 ok", all);
  check({"-p", "80,53/udp", "--confine", "listed"}, "0 ok 1-52 EACCES 53 ok 54-1024 EACCES", all);
  check({"-p", "80"}, "0 ok 1-1023 EACCES 1024 ok", all);
  check({"-p", "80,53/udp", "--confine", "off"}, all, all);
  // Where sockets are handed over there is no capability, and no low port is open in any kernel.
  check({"-p", "8053/udp", "-m", "listen-fds", "--confine", "listed"}, "0 ok 1-1024 EACCES",
        "0 ok 1-1023 EACCES 1024 ok");
  auto field = ask_daemon({"-p", "80"}, {"send=4/53", "send=6/53"});
  CHECK(field["send=4/53"] == "ok");
  CHECK(field["send=6/53"] == "ok");
}

TEST_CASE("reserving a port keeps the kernel from choosing it") {
  support::require_confinement();
  support::write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 40999\n");
  const Words questions{"bind=tcp/4/40002",      "range=tcp/40002-40002", "range=udp/40003-40003",
                        "range=tcp/40004-40004", "range=tcp/1000-1000",   "range=tcp/39000-39000"};
  const auto ask = [&] { return ask_daemon({"-p", "80", "--confine", "listed"}, questions); };
  auto field = ask();
  CHECK(field["bind=tcp/4/40002"] == "EACCES");
  if (field["range=tcp/40002-40002"] == "option ENOPROTOOPT") {
    support::skip("this kernel has no IP_LOCAL_PORT_RANGE");
  }
  CHECK(field["range=tcp/40002-40002"] == "ok");
  CHECK(field["range=udp/40003-40003"] == "ok");
  // The option does not extend the kernel's own range.
  CHECK(field["range=tcp/1000-1000"] == "another port");
  CHECK(field["range=tcp/39000-39000"] == "another port");
  support::write_file("/proc/sys/net/ipv4/ip_local_reserved_ports", "40002-40003\n");
  field = ask();
  CHECK(field["range=tcp/40002-40002"] == "bind EADDRINUSE");
  CHECK(field["range=udp/40003-40003"] == "bind EADDRINUSE");
  CHECK(field["range=tcp/40004-40004"] == "ok");
}
