// SPDX-License-Identifier: MIT
// What -p is given: `TEXT`, or `TEXT`, an empty line and a services(5) of the input's own.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/name_tables.hpp"
#include "base/text.hpp"
#include "input.hpp"
#include "launcher/listen_address.hpp"
#include "properties.hpp"

namespace {

using lowport::FindService;
using lowport::HostKind;
using lowport::ListenAddress;
using lowport::parse_listen_addresses;
using lowport::Repeats;
using lowport::ServiceLookup;
using lowport::Transport;

constexpr std::string_view kServices =
    "http 80/tcp www\nhttps 443/tcp\nhttps 443/udp\ndomain 53/tcp\ndomain 53/udp\ntftp "
    "69/udp\niso-tsap 102/tcp tsap\n"
    "3com-amp3 629/tcp # begins like a number\n8080 8081/tcp\nbroken 65536/tcp\nzero 0/tcp\n";

/// services(5) as a text; an empty text is a system without one.
FindService services_in(std::string_view text) {
  return [text](const std::string& name, Transport transport) -> ServiceLookup {
    if (text.empty()) {
      return {ServiceLookup::Result::kNoDatabase, 0};
    }
    const auto port = find_service_in(text, name, transport);
    fuzz::require(port != 0, "no service has port 0");
    if (!port) {
      return {ServiceLookup::Result::kUnknown, 0};
    }
    return {ServiceLookup::Result::kFound, *port};
  };
}

std::optional<std::vector<ListenAddress>> parse(std::string_view text,
                                                const FindService& find_service) {
  try {
    return parse_listen_addresses(text, find_service);
  } catch (const lowport::Error& error) {
    fuzz::check_refusal(error);
    return std::nullopt;
  }
}

/// What find_overlap() answers in n log n steps, in n * n.
bool any_overlap(const std::vector<ListenAddress>& addresses, Repeats repeats) {
  const auto is_wildcard = [](const ListenAddress& address) {
    return address.bytes == ListenAddress{}.bytes && address.interface.empty();
  };
  const auto overlap = [&](const ListenAddress& one, const ListenAddress& other) {
    if (repeats == Repeats::kAllowed && is_same_address(one, other)) {
      return false;
    }
    if (one.port != other.port || one.transport != other.transport) {
      return false;
    }
    if (one.host == HostKind::kEvery || other.host == HostKind::kEvery) {
      return true;
    }
    if (one.host != other.host) {
      return false;
    }
    return is_wildcard(one) || is_wildcard(other) ||
           (one.bytes == other.bytes && one.interface == other.interface);
  };
  for (auto one = addresses.begin(); one != addresses.end(); ++one) {
    if (std::any_of(one + 1, addresses.end(),
                    [&](const auto& other) { return overlap(*one, other); })) {
      return true;
    }
  }
  return false;
}

void check_round_trip(const std::vector<ListenAddress>& addresses) {
  std::string text;
  for (const auto& address : addresses) {
    text += (text.empty() ? "" : ",") + format_address(address);
  }
  // Formatted ports are numbers: nothing is looked up.
  const auto again = parse(text, services_in("http 81/tcp\n"));
  fuzz::require(again == addresses, "what is formatted is read back to the same value");
}

/// The items do not affect one another, and their order is kept.
void check_items(std::string_view text, const std::vector<ListenAddress>& addresses,
                 const FindService& find_service) {
  std::vector<ListenAddress> collected;
  for (const auto item : lowport::split(text, ",")) {
    const auto some = parse(item, find_service);
    fuzz::require(some.has_value(), "what is accepted in a list is accepted alone");
    fuzz::require(!some->empty(), "every item is at least one address");
    collected.insert(collected.end(), some->begin(), some->end());
  }
  fuzz::require(collected == addresses, "a list is its items");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parts = fuzz::parts_of(data, size, "\n\n");
  const auto& text = parts.front();
  const auto ports = fuzz::count_ports_in_ranges(text);
  if (ports > fuzz::kMostPorts) {
    return 0;
  }
  const auto find_service = services_in(parts.size() > 1 ? std::string_view(parts[1]) : kServices);
  const auto addresses = parse(text, find_service);
  if (!addresses) {
    return 0;
  }
  const auto items = static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) + 1;
  fuzz::require(addresses->size() >= items && addresses->size() <= items + ports,
                "a range has the ports in it");
  for (const auto& address : *addresses) {
    fuzz::check_address(address);
  }
  check_items(text, *addresses, find_service);
  check_round_trip(*addresses);
  for (const auto repeats : {Repeats::kOverlap, Repeats::kAllowed}) {
    const auto overlap = find_overlap(*addresses, repeats);
    if (addresses->size() <= 64) {
      fuzz::require(overlap.has_value() == any_overlap(*addresses, repeats),
                    "every overlap is found, and nothing else");
    }
    fuzz::require(!overlap || any_overlap({overlap->first, overlap->second}, repeats),
                  "what is reported to overlap does");
  }
  return 0;
}
