// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "launcher/listen_address.hpp"
#include "services.hpp"

using lowport::find_overlap;
using lowport::format_address;
using lowport::HostKind;
using lowport::ListenAddress;
using lowport::parse_listen_addresses;
using lowport::Repeats;
using lowport::ServiceLookup;
using lowport::Transport;

TEST_CASE("every form of a listen address parses") {
  struct Row {
    std::string text;
    HostKind host;
    std::uint16_t port;
    Transport transport;
    std::string formatted;
  };
  const Row rows[] = {
      {"80", HostKind::kEvery, 80, Transport::kTcp, "80/tcp"},
      {"1", HostKind::kEvery, 1, Transport::kTcp, "1/tcp"},
      {"65535", HostKind::kEvery, 65535, Transport::kTcp, "65535/tcp"},
      {"80/tcp", HostKind::kEvery, 80, Transport::kTcp, "80/tcp"},
      {"53/udp", HostKind::kEvery, 53, Transport::kUdp, "53/udp"},
      {"*:80", HostKind::kEvery, 80, Transport::kTcp, "80/tcp"},
      {"*:53/udp", HostKind::kEvery, 53, Transport::kUdp, "53/udp"},
      {"127.0.0.1:80", HostKind::kIpv4, 80, Transport::kTcp, "127.0.0.1:80/tcp"},
      {"0.0.0.0:80", HostKind::kIpv4, 80, Transport::kTcp, "0.0.0.0:80/tcp"},
      {"255.255.255.255:9/udp", HostKind::kIpv4, 9, Transport::kUdp, "255.255.255.255:9/udp"},
      {"[::]:80", HostKind::kIpv6, 80, Transport::kTcp, "[::]:80/tcp"},
      {"[::1]:80/udp", HostKind::kIpv6, 80, Transport::kUdp, "[::1]:80/udp"},
      {"[2001:DB8:0:0::1]:443", HostKind::kIpv6, 443, Transport::kTcp, "[2001:db8::1]:443/tcp"},
      {"[fe80::1%eth0]:80", HostKind::kIpv6, 80, Transport::kTcp, "[fe80::1%eth0]:80/tcp"},
      {"[fe80::1%br-1234567890a]:80", HostKind::kIpv6, 80, Transport::kTcp,
       "[fe80::1%br-1234567890a]:80/tcp"},
      {"[fe80::1]:80", HostKind::kIpv6, 80, Transport::kTcp, "[fe80::1]:80/tcp"},
      {"[ff02::1%eth0]:5353/udp", HostKind::kIpv6, 5353, Transport::kUdp,
       "[ff02::1%eth0]:5353/udp"},
      {"web=80", HostKind::kEvery, 80, Transport::kTcp, "web=80/tcp"},
      {"web=*:80", HostKind::kEvery, 80, Transport::kTcp, "web=80/tcp"},
      {"dns=127.0.0.53:53/udp", HostKind::kIpv4, 53, Transport::kUdp, "dns=127.0.0.53:53/udp"},
      {"v6=[fe80::1%lo]:domain/udp", HostKind::kIpv6, 53, Transport::kUdp,
       "v6=[fe80::1%lo]:53/udp"},
      {"http", HostKind::kEvery, 80, Transport::kTcp, "80/tcp"},
      {"http=http", HostKind::kEvery, 80, Transport::kTcp, "http=80/tcp"},
      {"https/udp", HostKind::kEvery, 443, Transport::kUdp, "443/udp"},
      {"127.0.0.1:http", HostKind::kIpv4, 80, Transport::kTcp, "127.0.0.1:80/tcp"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto addresses = parse_known(row.text);
    REQUIRE(addresses.size() == 1);
    CHECK(addresses.front().host == row.host);
    CHECK(addresses.front().port == row.port);
    CHECK(addresses.front().transport == row.transport);
    CHECK(format_address(addresses.front()) == row.formatted);
    CHECK(parse_known(row.formatted) == addresses);
  }
}

TEST_CASE("each part of a listen address lands in its field") {
  const auto ipv4 = parse_known("web.0=192.0.2.7:80").front();
  CHECK(ipv4.name == "web.0");
  CHECK(ipv4.bytes == std::array<std::uint8_t, 16>{192, 0, 2, 7});
  CHECK(ipv4.interface.empty());

  const auto ipv6 = parse_known("[fe80::12%wlan0]:80").front();
  CHECK(ipv6.name.empty());
  CHECK(ipv6.interface == "wlan0");
  CHECK(ipv6.bytes ==
        std::array<std::uint8_t, 16>{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12});

  const auto every = parse_known("80").front();
  CHECK(every.bytes == std::array<std::uint8_t, 16>{});
}

TEST_CASE("a descriptor name may have 255 characters") {
  const std::string name(255, 'n');
  CHECK(parse_known(name + "=80").front().name == name);
}

TEST_CASE("commas separate listen addresses and keep their order") {
  const auto addresses = parse_known("443,b=127.0.0.1:81/udp,http,[::1]:22");
  std::vector<std::string> formatted;
  for (const auto& address : addresses) {
    formatted.push_back(format_address(address));
  }
  CHECK(formatted ==
        std::vector<std::string>{"443/tcp", "b=127.0.0.1:81/udp", "80/tcp", "[::1]:22/tcp"});
}

TEST_CASE("a range expands to one address for each port") {
  const auto addresses = parse_known("web=127.0.0.1:80-82/udp");
  REQUIRE(addresses.size() == 3);
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    CAPTURE(index);
    CHECK(addresses[index].port == 80 + index);
    CHECK(addresses[index].name == "web");
    CHECK(addresses[index].host == HostKind::kIpv4);
    CHECK(addresses[index].transport == Transport::kUdp);
  }
  CHECK(parse_known("80-80").size() == 1);
  CHECK(parse_known("1-65535").size() == 65535);
  CHECK(parse_known("1-65535").back().port == 65535);
}

TEST_CASE("a service name with a hyphen is tried before a range") {
  CHECK(parse_known("iso-tsap").front().port == 102);
  CHECK(parse_known("iso-tsap").size() == 1);
  CHECK(parse_known("3com-amp3").front().port == 629);
}

TEST_CASE("only service names are looked up and by their transport") {
  std::vector<std::pair<std::string, Transport>> asked;
  const auto record = [&](const std::string& name, Transport transport) {
    asked.emplace_back(name, transport);
    return find_known_service(name, transport);
  };
  parse_listen_addresses("a=80,81-82/udp,127.0.0.1:9", record);
  CHECK(asked.empty());
  const auto addresses = parse_listen_addresses("domain/udp,domain,tftp/udp", record);
  CHECK(addresses.size() == 3);
  CHECK(asked == std::vector<std::pair<std::string, Transport>>{{"domain", Transport::kUdp},
                                                                {"domain", Transport::kTcp},
                                                                {"tftp", Transport::kUdp}});
}

TEST_CASE("a formatted address parses back to the same value") {
  const std::vector<std::string> hosts{"",
                                       "*:",
                                       "0.0.0.0:",
                                       "127.0.0.1:",
                                       "[::]:",
                                       "[::1]:",
                                       "[2001:db8::ff]:",
                                       "[fe80::1%eth0]:",
                                       "[ff02::1]:",
                                       "[64:ff9b::192.0.2.1]:"};
  for (const auto& host : hosts) {
    for (const std::string name : {"", "n=", "a.b_c-d="}) {
      for (const std::string port : {"1", "80-82", "65535"}) {
        for (const std::string transport : {"", "/tcp", "/udp"}) {
          const std::string text = name + host + port + transport;
          CAPTURE(text);
          for (const auto& address : parse_known(text)) {
            CHECK(parse_known(format_address(address)) == std::vector<ListenAddress>{address});
          }
        }
      }
    }
  }
}

TEST_CASE("ten thousand addresses are parsed and compared") {
  std::string text;
  for (int index = 0; index < 10000; ++index) {
    if (index > 0) {
      text += ',';
    }
    text += "10.0." + std::to_string(index / 250) + "." + std::to_string(1 + index % 250);
    text += ":80";
  }
  auto addresses = parse_known(text);
  REQUIRE(addresses.size() == 10000);
  CHECK_FALSE(find_overlap(addresses, Repeats::kOverlap).has_value());
  addresses.push_back(parse_known("0.0.0.0:80").front());
  CHECK(find_overlap(addresses, Repeats::kOverlap).has_value());

  auto ports = parse_known("1-65535,1-65535/udp");
  REQUIRE(ports.size() == 131070);
  CHECK_FALSE(find_overlap(ports, Repeats::kOverlap).has_value());
  ports.push_back(parse_known("[::1]:40000").front());
  CHECK(find_overlap(ports, Repeats::kOverlap).has_value());
}
