// SPDX-License-Identifier: MIT
#include "launcher/port_holders.hpp"

#include <netinet/in.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "base/directory.hpp"
#include "base/error.hpp"
#include "base/number.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"

namespace lowport {
namespace {

constexpr int kHexadecimal = 16;

/// A socket as named in /proc/PID/fd, and where it is bound.
struct HeldSocket {
  std::string link;
  ListenAddress address;
};

/// "0100007F:0050" of proc_net(5): words of four bytes, each printed as a number in the
/// machine's byte order, and the port. Nothing if `text` is not that.
std::optional<ListenAddress> read_table_address(std::string_view text) {
  constexpr std::size_t kWord = 2 * sizeof(std::uint32_t);
  ListenAddress address;
  const auto colon = text.find(':');
  const bool is_ipv4 = colon == 2 * sizeof(in_addr);
  if (!is_ipv4 && colon != 2 * sizeof(in6_addr)) {
    return std::nullopt;
  }
  address.host = is_ipv4 ? HostKind::kIpv4 : HostKind::kIpv6;
  for (std::size_t at = 0; at < colon; at += kWord) {
    std::uint32_t word = 0;
    std::from_chars(text.data() + at, text.data() + at + kWord, word, kHexadecimal);
    std::memcpy(&address.bytes.at(at / 2), &word, sizeof(word));
  }
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port, kHexadecimal);
  return address;
}

/// An IPv4-mapped address counts as IPv4. The table does not say whether an IPv6 wildcard covers
/// IPv4 too, so it counts as both.
void unify_families(ListenAddress& address) {
  constexpr std::array<std::uint8_t, 12> kIpv4Mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.host != HostKind::kIpv6) {
    return;
  }
  if (std::equal(kIpv4Mapped.begin(), kIpv4Mapped.end(), address.bytes.begin())) {
    address.host = HostKind::kIpv4;
    std::rotate(address.bytes.begin(), address.bytes.begin() + kIpv4Mapped.size(),
                address.bytes.end());
    std::fill(address.bytes.begin() + sizeof(in_addr), address.bytes.end(), std::uint8_t{0});
  } else if (is_wildcard(address)) {
    address.host = HostKind::kEvery;
  }
}

/// Adds the sockets in a table of proc_net(5) that block `wanted`. TCP connections have the local
/// port too, but only a listening socket (state 0A) blocks it. The table has no interfaces.
void add_sockets(const char* table, const ListenAddress& wanted, std::vector<HeldSocket>& sockets) {
  constexpr std::size_t kAddress = 1;
  constexpr std::size_t kState = 3;
  constexpr std::size_t kInode = 9;
  const auto content = read_proc_file(table).value_or("");
  for (const auto line : split_words(content, "\n")) {
    const auto words = split_words(line);
    if (words.size() <= kInode) {
      continue;
    }
    if (wanted.transport == Transport::kTcp && words[kState] != "0A") {
      continue;
    }
    auto held = read_table_address(words[kAddress]);
    if (!held) {
      continue;
    }
    unify_families(*held);
    held->transport = wanted.transport;
    held->interface = wanted.interface;
    if (overlaps(*held, wanted)) {
      sockets.push_back({"socket:[" + std::string(words[kInode]) + "]", *held});
    }
  }
}

/// Leaves only those that match, if any do.
template <typename Predicate>
void prefer(std::vector<HeldSocket>& sockets, const Predicate& is_so) {
  if (std::any_of(sockets.begin(), sockets.end(), is_so)) {
    std::erase_if(sockets, std::not_fn(is_so));
  }
}

std::vector<HeldSocket> find_sockets(const ListenAddress& address) {
  std::vector<HeldSocket> sockets;
  const bool is_tcp = address.transport == Transport::kTcp;
  add_sockets(is_tcp ? "/proc/self/net/tcp" : "/proc/self/net/udp", address, sockets);
  add_sockets(is_tcp ? "/proc/self/net/tcp6" : "/proc/self/net/udp6", address, sockets);
  // An IPv6 wildcard, which may or may not cover IPv4, comes last.
  const bool is_ipv4 = address.host == HostKind::kIpv4;
  if (address.host != HostKind::kEvery) {
    prefer(sockets, [&](const HeldSocket& held) {
      return (held.address.host == HostKind::kIpv4) == is_ipv4;
    });
  }
  prefer(sockets, [](const HeldSocket& held) { return is_wildcard(held.address); });
  return sockets;
}

/// The first of the sockets that the process holds; null if it holds none.
const HeldSocket* find_socket_of(const std::string& pid, const std::vector<HeldSocket>& sockets) {
  const auto directory = "/proc/" + pid + "/fd";
  auto found = sockets.end();
  visit_entries(directory.c_str(), [&](std::string_view name) {
    std::array<char, 64> target{};
    const auto link_path = directory + "/" + std::string(name);
    const auto length = readlink(link_path.c_str(), target.data(), target.size());
    if (length <= 0) {
      return false;
    }
    const std::string_view link(target.data(), static_cast<std::size_t>(length));
    found = std::find_if(sockets.begin(), sockets.end(),
                         [&](const HeldSocket& held) { return held.link == link; });
    return found != sockets.end();
  });
  return found == sockets.end() ? nullptr : &*found;
}

/// The same with the file system ids of the process: with its owner's, its descriptors are readable
/// without CAP_SYS_PTRACE, which root in a container lacks (PTRACE_MODE_READ_FSCREDS in ptrace(2)).
/// Nothing depends on whether setfsuid(2) takes effect: what cannot be read is not found. The ids
/// are restored.
const HeldSocket* find_socket_as_owner(const std::string& pid,
                                       const std::vector<HeldSocket>& sockets) {
  struct stat owner {};
  if (stat(("/proc/" + pid).c_str(), &owner) != 0) {
    return nullptr;
  }
  setfsgid(owner.st_gid);
  setfsuid(owner.st_uid);
  const auto* held = find_socket_of(pid, sockets);
  setfsuid(geteuid());
  setfsgid(getegid());
  return held;
}

std::string name_of_process(const std::string& pid) {
  auto name = read_proc_file(("/proc/" + pid + "/comm").c_str()).value_or("");
  if (name.ends_with('\n')) {
    name.pop_back();
  }
  return name;
}

}  // namespace

std::optional<PortHolder> find_port_holder(const ListenAddress& address) {
  std::optional<PortHolder> holder;
  try {
    const auto sockets = find_sockets(address);
    if (sockets.empty()) {
      return std::nullopt;
    }
    for (const auto& find : {find_socket_of, find_socket_as_owner}) {
      visit_entries("/proc", [&](std::string_view name) {
        const std::string pid(name);
        const auto* held = all_digits(pid) ? find(pid, sockets) : nullptr;
        if (held != nullptr) {
          const auto on = is_wildcard(held->address) ? std::string() : host_text(held->address);
          holder = PortHolder{name_of_process(pid), pid, on};
        }
        return held != nullptr;
      });
      if (holder) {
        break;
      }
    }
  } catch (const Error&) {
    return std::nullopt;  // what cannot be read is not known
  }
  return holder;
}

}  // namespace lowport
