// SPDX-License-Identifier: MIT
#include "properties.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/names.hpp"
#include "base/output.hpp"
#include "launcher/exit_status.hpp"
#include "launcher/report.hpp"

namespace fuzz {

using lowport::Account;
using lowport::Error;
using lowport::HostKind;
using lowport::kHighestId;
using lowport::ListenAddress;

void require(bool holds, const char* property) {
  if (holds) {
    return;
  }
  std::fprintf(stderr, "this does not hold: %s\n", property);
  std::abort();
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char character) { return character >= ' ' && character < 0x7f; });
}

void check_refusal(const Error& error) {
  const std::string_view message(error.what());
  require(!message.empty(), "a refusal has a message");
  require(is_printable(message), "a message is printable");
  require(is_printable(error.hint()), "a hint is printable");
  require(exit_status_of(error) == lowport::ExitStatus::kLauncherFailed,
          "what is refused before the launch is 125");
  const auto text = describe_error("lowportbind", error);
  require(text.starts_with("lowportbind: ") && text.ends_with('\n'),
          "a message has its prefix and its line");
  require(std::count(text.begin(), text.end(), '\n') == (error.hint().empty() ? 1 : 2),
          "a message cannot forge a line");
}

void check_account(const Account& account) {
  require(account.uid != 0, "the account is never root");
  require(account.uid <= kHighestId && account.gid <= kHighestId, "no id means \"no change\"");
  const auto& groups = account.groups;
  require(std::is_sorted(groups.begin(), groups.end()), "the groups are sorted");
  require(std::adjacent_find(groups.begin(), groups.end()) == groups.end(),
          "each group is there once");
  require(groups.empty() || groups.back() <= kHighestId, "no group means \"no change\"");
}

void check_address(const ListenAddress& address) {
  const auto rest_is_zero = [&](std::size_t first) {
    return std::all_of(address.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                       address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  };
  require(address.port != 0, "port 0 is refused");
  require(address.host != HostKind::kEvery || rest_is_zero(0),
          "without a host there are no bytes of one");
  require(address.host != HostKind::kIpv4 || rest_is_zero(4), "an IPv4 address has four bytes");
  require(address.interface.empty() || address.host == HostKind::kIpv6,
          "only IPv6 addresses have an interface");
  require(address.interface.size() < 16, "the name of an interface fits into IFNAMSIZ");
  const bool is_mapped = std::count(address.bytes.begin(), address.bytes.begin() + 10, 0) == 10 &&
                         address.bytes[10] == 0xff && address.bytes[11] == 0xff;
  require(address.host != HostKind::kIpv6 || !is_mapped, "an IPv4-mapped address is refused");
  require(address.name.size() <= 255, "the name of a descriptor is as short as systemd wants it");
  require(is_printable(address.name), "the name of a descriptor is printable");
  require(address.name.find_first_of(" :,=/") == std::string::npos,
          "no separator is part of a descriptor's name");
}

}  // namespace fuzz
