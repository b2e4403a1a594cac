// SPDX-License-Identifier: MIT
#include "launcher/listen_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"

namespace lowport {
namespace {

// systemd's FDNAME_MAX: it refuses longer names.
constexpr std::size_t kLongestDescriptorName = 255;

/// What an item's parser needs to report what is wrong with it.
struct Item {
  std::string_view text;
  const FindService& find_service;

  [[noreturn]] void refuse(std::string_view reason, std::string_view hint = {}) const {
    throw failure("cannot read the listen address", text, reason, hint);
  }
};

/// Takes everything before the first `separator` off `rest`, and the separator with it.
std::optional<std::string_view> take_before(std::string_view& rest, char separator) {
  const auto position = rest.find(separator);
  if (position == std::string_view::npos) {
    return std::nullopt;
  }
  const auto taken = rest.substr(0, position);
  rest.remove_prefix(position + 1);
  return taken;
}

/// Accepts the names that LISTEN_FDNAMES and --port can carry: the one separates its items with
/// colons, the other with commas.
std::string parse_name(const Item& item, std::string_view name) {
  if (name.empty()) {
    item.refuse("the descriptor name before \"=\" is empty", "for a port alone, use -p 80");
  }
  if (name.size() > kLongestDescriptorName) {
    item.refuse("a descriptor name may have at most 255 characters");
  }
  const bool plain = std::all_of(name.begin(), name.end(), [](char character) {
    return character > ' ' && character < 0x7f &&
           std::string_view(":/\\").find(character) == std::string_view::npos;
  });
  // sd_listen_fds_with_names(3) takes a backslash as an escape.
  if (!plain) {
    item.refuse(
        "a descriptor name cannot contain colons, slashes, backslashes, spaces "
        "or non-ASCII characters");
  }
  return std::string(name);
}

void parse_ipv6(const Item& item, std::string_view text, ListenAddress& address) {
  std::string host(text);
  if (const auto percent = host.find('%'); percent != std::string::npos) {
    address.interface = host.substr(percent + 1);
    host.resize(percent);
    if (address.interface.empty()) {
      item.refuse("the interface after \"%\" is empty");
    }
    if (address.interface.size() >= IFNAMSIZ) {
      item.refuse("an interface name may have at most 15 characters");
    }
    if (address.interface.find_first_of("/:%") != std::string::npos) {
      item.refuse("this is not an interface name");
    }
  }
  in6_addr binary{};
  if (inet_pton(AF_INET6, host.c_str(), &binary) != 1) {
    item.refuse("this is not an IPv6 address");
  }
  if (IN6_IS_ADDR_V4MAPPED(&binary)) {
    item.refuse("IPv4-mapped IPv6 addresses are not accepted",
                "write the IPv4 address itself: 192.0.2.1:80");
  }
  if (!address.interface.empty() && !IN6_IS_ADDR_LINKLOCAL(&binary) &&
      !IN6_IS_ADDR_MC_LINKLOCAL(&binary)) {
    item.refuse("only a link-local address (fe80::... or ff02::...) takes an interface");
  }
  address.host = HostKind::kIpv6;
  std::copy(std::begin(binary.s6_addr), std::end(binary.s6_addr), address.bytes.begin());
}

void parse_ipv4(const Item& item, std::string_view text, ListenAddress& address) {
  if (text == "*") {
    return;
  }
  if (text.empty()) {
    item.refuse("the host before \":\" is empty", "leave the colon out to listen on every address");
  }
  if (text.find(':') != std::string_view::npos) {
    item.refuse("an IPv6 address goes in brackets", "for example [2001:db8::1]:443");
  }
  in_addr binary{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &binary) != 1) {
    item.refuse("the host is not an IPv4 address, an IPv6 address in brackets or *",
                "host names are not looked up; `getent ahosts NAME` prints a name's addresses");
  }
  address.host = HostKind::kIpv4;
  const auto host_order = ntohl(binary.s_addr);
  for (unsigned index = 0; index < 4; ++index) {
    address.bytes.at(index) = static_cast<std::uint8_t>(host_order >> (24U - 8U * index));
  }
}

void take_host(const Item& item, std::string_view& rest, ListenAddress& address) {
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) {
      item.refuse("the bracket is not closed");
    }
    parse_ipv6(item, rest.substr(1, end - 1), address);
    rest.remove_prefix(end + 1);
    if (!rest.starts_with(':')) {
      item.refuse("a colon and a port must follow the bracket");
    }
    rest.remove_prefix(1);
  } else if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    if (colon + 1 == rest.size()) {
      item.refuse("there is no port after the colon");
    }
    parse_ipv4(item, rest.substr(0, colon), address);
    rest.remove_prefix(colon + 1);
  }
}

void parse_item(const Item& item, std::vector<ListenAddress>& addresses) {
  if (item.text.find_first_of(" \t\n\v\f\r") != std::string_view::npos) {
    item.refuse("it contains a space");
  }
  auto rest = item.text;
  ListenAddress address;
  if (const auto name = take_before(rest, '=')) {
    address.name = parse_name(item, *name);
  }
  const auto transport = take_transport(rest);
  if (!transport) {
    item.refuse("the transport after \"/\" is neither tcp nor udp");
  }
  address.transport = *transport;
  take_host(item, rest, address);
  const auto ports = parse_ports(rest, address.transport, item.find_service);
  if (ports.problem) {
    item.refuse(ports.problem->reason, ports.problem->hint);
  }
  for (int port = ports.first; port <= ports.last; ++port) {
    address.port = static_cast<std::uint16_t>(port);
    addresses.push_back(address);
  }
}

/// What the kernel looks at: all but the name.
auto key_of(const ListenAddress& address) {
  return std::tie(address.port, address.transport, address.host, address.bytes, address.interface);
}

}  // namespace

std::vector<ListenAddress> parse_listen_addresses(std::string_view text,
                                                  const FindService& find_service) {
  // The default of fs.nr_open, the most descriptors that a process can have.
  constexpr std::size_t kMost = 1048576;
  std::vector<ListenAddress> addresses;
  for (const auto item : split(text, ",")) {
    if (item.empty()) {
      Item{text, find_service}.refuse("an item is empty", "list ports as 80,443");
    }
    parse_item({item, find_service}, addresses);
    if (addresses.size() > kMost) {
      Item{item, find_service}.refuse(
          "the list has more addresses than a process can have descriptors");
    }
  }
  return addresses;
}

std::string host_text(const ListenAddress& address) {
  if (address.host == HostKind::kEvery) {
    return {};
  }
  std::array<char, INET6_ADDRSTRLEN> host{};
  return inet_ntop(address.host == HostKind::kIpv4 ? AF_INET : AF_INET6, address.bytes.data(),
                   host.data(), host.size());
}

std::string format_address(const ListenAddress& address) {
  std::string text;
  if (!address.name.empty()) {
    text = address.name + "=";
  }
  if (address.host == HostKind::kIpv4) {
    text += host_text(address) + ":";
  } else if (address.host == HostKind::kIpv6) {
    text += "[" + host_text(address);
    if (!address.interface.empty()) {
      text += "%" + address.interface;
    }
    text += "]:";
  }
  text += std::to_string(address.port);
  text += '/';
  text += transport_name(address.transport);
  return text;
}

bool is_wildcard(const ListenAddress& address) {
  return std::all_of(address.bytes.begin(), address.bytes.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

bool overlaps(const ListenAddress& one, const ListenAddress& other) {
  if (one.transport != other.transport || one.port != other.port) {
    return false;
  }
  if (one.host == HostKind::kEvery || other.host == HostKind::kEvery) {
    return true;
  }
  if (one.host != other.host) {
    return false;
  }
  if (is_wildcard(one) || is_wildcard(other)) {
    return true;
  }
  return one.bytes == other.bytes && one.interface == other.interface;
}

bool is_same_address(const ListenAddress& one, const ListenAddress& other) {
  return key_of(one) == key_of(other);
}

// Sorted so that overlapping addresses are adjacent: for each transport and port, the address that
// covers every host comes first, then each family with its wildcard in front. So it is enough to
// compare neighbours.
std::optional<std::pair<ListenAddress, ListenAddress>> find_overlap(
    const std::vector<ListenAddress>& addresses, Repeats repeats) {
  std::vector<const ListenAddress*> sorted;
  sorted.reserve(addresses.size());
  for (const auto& address : addresses) {
    sorted.push_back(&address);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ListenAddress* one, const ListenAddress* other) {
                     return key_of(*one) < key_of(*other);
                   });
  for (std::size_t index = 1; index < sorted.size(); ++index) {
    const auto& one = *sorted[index - 1];
    const auto& other = *sorted[index];
    if (repeats == Repeats::kAllowed && is_same_address(one, other)) {
      continue;
    }
    if (overlaps(one, other)) {
      return {{one, other}};
    }
  }
  return std::nullopt;
}

}  // namespace lowport
