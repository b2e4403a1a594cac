// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "launcher/listen_address.hpp"
#include "launcher/report.hpp"
#include "services.hpp"

using lowport::format_address;
using lowport::HostKind;
using lowport::ListenAddress;
using lowport::Transport;

namespace {

constexpr int kRounds = 5000;

using Generator = std::mt19937;

/// 0 to limit - 1. The distributions of <random> differ between libraries, and this must fail the
/// same way everywhere.
std::size_t pick(Generator& generator, std::size_t limit) { return generator() % limit; }

std::string random_text(Generator& generator, std::string_view characters, std::size_t longest) {
  std::string text(1 + pick(generator, longest), '\0');
  for (auto& character : text) {
    character = characters[pick(generator, characters.size())];
  }
  return text;
}

/// Runs of zeros and ones are what produces the short forms of an IPv6 address.
std::uint8_t random_byte(Generator& generator) {
  const std::uint8_t bytes[] = {0, 0, 0, 1, 0xff, 0x80, static_cast<std::uint8_t>(generator())};
  return bytes[pick(generator, std::size(bytes))];
}

void choose_host(Generator& generator, ListenAddress& address) {
  const std::size_t sizes[] = {0, 4, 16};
  const auto kind = pick(generator, 3);
  address.host = static_cast<HostKind>(kind);
  std::generate_n(address.bytes.begin(), sizes[kind], [&] { return random_byte(generator); });
  if (address.host != HostKind::kIpv6) {
    return;
  }
  if (pick(generator, 4) == 0) {
    address.bytes[0] = 0xfe;
    address.bytes[1] = 0x80;
    // Without a name, the text before "=" would be taken for one.
    const bool named = !address.name.empty();
    address.interface =
        random_text(generator, named ? "ethwlan0123456789.-_@=" : "ethwlan0123456789.-_@", 15);
  }
  const bool mapped = std::count(address.bytes.begin(), address.bytes.begin() + 10, 0) == 10 &&
                      address.bytes[10] == 0xff && address.bytes[11] == 0xff;
  if (mapped) {
    address.bytes[0] = 0x20;  // IPv4-mapped addresses are refused
  }
}

/// Any value that can come from the parser.
ListenAddress random_address(Generator& generator) {
  constexpr std::string_view kNameCharacters =
      "!\"#$%&'()*+-.0123456789;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";
  ListenAddress address;
  if (pick(generator, 2) == 0) {
    address.name = random_text(generator, kNameCharacters, pick(generator, 8) == 0 ? 255 : 9);
  }
  choose_host(generator, address);
  address.port = static_cast<std::uint16_t>(1 + pick(generator, 65535));
  address.transport = pick(generator, 2) == 0 ? Transport::kTcp : Transport::kUdp;
  return address;
}

}  // namespace

TEST_CASE("every combination of address parts parses back") {
  const std::vector<std::string> hosts{"",
                                       "*:",
                                       "0.0.0.0:",
                                       "192.0.2.255:",
                                       "[::]:",
                                       "[::1]:",
                                       "[::192.0.2.1]:",
                                       "[2001:db8:0:1::]:",
                                       "[FE80::1%br-1234567890a]:",
                                       "[ff02::fb%lo]:",
                                       "[1:2:3:4:5:6:7:8]:",
                                       "[64:ff9b::192.0.2.1]:"};
  std::size_t count = 0;
  for (const std::string name : {"", "n=", "[=", "%*=", "80-82="}) {
    for (const auto& host : hosts) {
      for (const std::string port : {"1", "79-81", "65534-65535", "http", "domain"}) {
        for (const std::string transport : {"", "/tcp", "/udp"}) {
          // The tests' services(5) does not have it.
          if (port == "http" && transport == "/udp") {
            continue;
          }
          const std::string text = name + host + port + transport;
          CAPTURE(text);
          const auto addresses = parse_known(text);
          std::string formatted;
          for (const auto& address : addresses) {
            formatted += (formatted.empty() ? "" : ",") + format_address(address);
          }
          CHECK(parse_known(formatted) == addresses);
          ++count;
        }
      }
    }
  }
  CHECK(count == 5 * hosts.size() * 14);
}

TEST_CASE("thousands of random listen addresses parse back") {
  Generator generator(20240607);
  std::vector<ListenAddress> some;
  std::string list;
  for (int round = 0; round < kRounds; ++round) {
    const auto address = random_address(generator);
    const auto text = format_address(address);
    CAPTURE(text);
    REQUIRE(parse_known(text) == std::vector<ListenAddress>{address});
    some.push_back(address);
    list += (list.empty() ? "" : ",") + text;
  }
  CHECK(parse_known(list) == some);
}

TEST_CASE("an address one character off is a different one or invalid") {
  Generator generator(86);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto address = random_address(generator);
    auto text = format_address(address);
    const auto position = pick(generator, text.size());
    text[position] = static_cast<char>(' ' + pick(generator, 0x5f));
    CAPTURE(text);
    try {
      for (const auto& other : parse_known(text)) {
        REQUIRE(parse_known(format_address(other)) == std::vector<ListenAddress>{other});
        ++accepted;
      }
    } catch (const lowport::Error& error) {
      REQUIRE(std::string(error.what()).starts_with("cannot read the listen address: "));
    }
  }
  CHECK(accepted > 100);  // or this would prove nothing
}

TEST_CASE("the ports of a report parse back to the same ports") {
  Generator generator(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint16_t> ports;
    for (std::size_t left = 1 + pick(generator, 40); left > 0; --left) {
      ports.push_back(static_cast<std::uint16_t>(
          pick(generator, 4) == 0 ? 65535 - pick(generator, 9) : 1 + pick(generator, 60)));
    }
    const auto text = lowport::describe_port_list(ports);
    CAPTURE(text);
    std::vector<std::uint16_t> read;
    for (const auto& address : parse_known(text)) {
      read.push_back(address.port);
    }
    const std::set<std::uint16_t> expected(ports.begin(), ports.end());
    REQUIRE(read == std::vector<std::uint16_t>(expected.begin(), expected.end()));
  }
}
