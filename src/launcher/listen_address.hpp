// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/port.hpp"

namespace lowport {

/// Which addresses of the host a socket answers on.
enum class HostKind {
  kEvery,  ///< no HOST, or `*`: IPv4 and IPv6
  kIpv4,
  kIpv6,  ///< IPv6 only, even for `[::]`
};

/// One transport + address + port, as in systemd.socket(5).
struct ListenAddress {
  std::string name;  ///< for LISTEN_FDNAMES; empty when none was given
  HostKind host = HostKind::kEvery;
  std::array<std::uint8_t, 16> bytes{};  ///< network byte order; an IPv4 address is the first four
  std::string interface;                 ///< the scope of a link-local IPv6 address, else empty
  std::uint16_t port = 0;
  Transport transport = Transport::kTcp;

  bool operator==(const ListenAddress&) const = default;
};

/// Reads `[NAME=][HOST:]PORT[/tcp|/udp]` or `[NAME=][HOST:]FIRST-LAST[/tcp|/udp]`, separated by
/// commas; a range becomes one address per port. Pure except for `find_service`, which is asked
/// about words that are not numbers. Throws Error, with a reason for each way in which a text can
/// be wrong.
std::vector<ListenAddress> parse_listen_addresses(std::string_view text,
                                                  const FindService& find_service);

/// The text that parse_listen_addresses() reads back as the same value. The transport is always
/// spelled out.
std::string format_address(const ListenAddress& address);

/// The host as inet_ntop(3) writes it; empty for every address of both families.
std::string host_text(const ListenAddress& address);

/// Whether binding it needs CAP_NET_BIND_SERVICE, which ports below `port_start` do.
constexpr bool is_privileged(const ListenAddress& address, int port_start) {
  return address.port < port_start;
}

/// Whether it covers every address of its family, or of both.
bool is_wildcard(const ListenAddress& address);

/// Whether the two cannot both be bound: the same address, or one that contains the other.
bool overlaps(const ListenAddress& one, const ListenAddress& other);

/// Whether two addresses are the same to the kernel, whatever the names of their descriptors.
bool is_same_address(const ListenAddress& one, const ListenAddress& other);

/// Whether the same address twice is an overlap: SO_REUSEPORT lets several sockets have it.
enum class Repeats { kOverlap, kAllowed };

/// Two addresses that cannot both be bound: the same one twice, or one that contains the other.
/// Returns nullopt if there are none.
std::optional<std::pair<ListenAddress, ListenAddress>> find_overlap(
    const std::vector<ListenAddress>& addresses, Repeats repeats);

}  // namespace lowport
