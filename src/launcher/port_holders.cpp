// SPDX-License-Identifier: MIT
#include "launcher/port_holders.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"

namespace lowport {
namespace {

/// Calls `visit` with the name of each entry of a directory until it returns true; whether it did.
template <typename Visit>
bool any_entry(const std::string& path, const Visit& visit) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  const std::unique_ptr<DIR, Close> directory(opendir(path.c_str()));
  if (!directory) {
    return false;
  }
  while (const dirent* entry =
             readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): there is one thread
    if (visit(std::string(static_cast<const char*>(entry->d_name)))) {
      return true;
    }
  }
  return false;
}

/// ":0050" for port 80, as the tables have it.
std::string hexadecimal_port(std::uint16_t port) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = ":";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    text += kDigits[(port >> shift) & 0xfU];
  }
  return text;
}

/// An address as the tables have it: words of four bytes, each as the number that the machine's
/// byte order makes of it.
std::string hexadecimal_address(const ListenAddress& address) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  const std::size_t length = address.host == HostKind::kIpv4 ? 4 : address.bytes.size();
  for (std::size_t word = 0; word < length; word += 4) {
    for (std::size_t byte = word + 4; byte-- > word;) {
      text += kDigits[address.bytes.at(byte) >> 4U];
      text += kDigits[address.bytes.at(byte) & 0xfU];
    }
  }
  return text;
}

/// The reverse, as inet_ntop(3) writes an address; empty if `text` is none.
std::string read_hexadecimal_address(std::string_view text) {
  std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
  if (text.size() != 2 * sizeof(in_addr) && text.size() != 2 * bytes.size()) {
    return {};
  }
  for (std::size_t index = 0; index < text.size() / 2; ++index) {
    constexpr int kHexadecimal = 16;
    const std::size_t word = index / 4 * 4;
    const auto* digits = text.data() + 2 * index;
    std::from_chars(digits, digits + 2, bytes.at(word + 3 - (index - word)), kHexadecimal);
  }
  std::array<char, INET6_ADDRSTRLEN> address{};
  return inet_ntop(text.size() == 2 * bytes.size() ? AF_INET6 : AF_INET, bytes.data(),
                   address.data(), address.size());
}

bool is_wildcard(std::string_view address) {
  return address.find_first_not_of('0') == std::string_view::npos;
}

/// Whether a socket on `held` is in the way of one on `address`.
bool is_in_the_way(std::string_view held, const ListenAddress& address) {
  const auto wanted = hexadecimal_address(address);
  // The table does not say whether an IPv6 wildcard takes IPv4 too.
  if (address.host == HostKind::kEvery || (is_wildcard(held) && held.size() >= wanted.size())) {
    return true;
  }
  return is_wildcard(wanted) ? held.size() == wanted.size() : held == wanted;
}

/// A socket as /proc/PID/fd names it, and its address as proc_net(5) has it.
struct HeldSocket {
  std::string link;
  std::string address;
};

/// The sockets in a table of proc_net(5) that are in the way. TCP connections have the local port
/// too, and only a socket that listens (state 0A) is.
void add_sockets(const char* table, const ListenAddress& address,
                 std::vector<HeldSocket>& sockets) {
  constexpr std::string_view kIpv4Mapped = "0000000000000000FFFF0000";
  constexpr std::size_t kAddress = 1;
  constexpr std::size_t kState = 3;
  constexpr std::size_t kInode = 9;
  const auto content = read_proc_file(table).value_or("");
  const auto suffix = hexadecimal_port(address.port);
  for (const auto line : split_words(content, "\n")) {
    const auto words = split_words(line);
    if (words.size() <= kInode || !words[kAddress].ends_with(suffix)) {
      continue;
    }
    if (address.transport == Transport::kTcp && words[kState] != "0A") {
      continue;
    }
    auto held = words[kAddress].substr(0, words[kAddress].find(':'));
    if (held.starts_with(kIpv4Mapped)) {
      held.remove_prefix(kIpv4Mapped.size());
    }
    if (!is_in_the_way(held, address)) {
      continue;
    }
    sockets.push_back({"socket:[" + std::string(words[kInode]) + "]", std::string(held)});
  }
}

/// Leaves those that are so, if any are.
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
  // An IPv6 wildcard, which may take IPv4 or not, is asked about last.
  const auto length = hexadecimal_address(address).size();
  if (address.host != HostKind::kEvery) {
    prefer(sockets, [&](const HeldSocket& held) { return held.address.size() == length; });
  }
  prefer(sockets, [](const HeldSocket& held) { return is_wildcard(held.address); });
  return sockets;
}

/// The first of the sockets that the process has; null if it has none of them.
const HeldSocket* find_socket_of(const std::string& pid, const std::vector<HeldSocket>& sockets) {
  const auto directory = "/proc/" + pid + "/fd";
  auto found = sockets.end();
  any_entry(directory, [&](const std::string& name) {
    std::array<char, 64> target{};
    const auto length = readlink((directory + "/" + name).c_str(), target.data(), target.size());
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

/// The same with the file system ids of the process: who has those of its owner may read its
/// descriptors without CAP_SYS_PTRACE, which root in a container lacks (PTRACE_MODE_READ_FSCREDS in
/// ptrace(2)). Nothing depends on whether setfsuid(2) has an effect: what cannot be read is not
/// found. The ids are put back.
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
      const bool found = any_entry("/proc", [&](const std::string& pid) {
        const auto* held = all_digits(pid) ? find(pid, sockets) : nullptr;
        if (held == nullptr) {
          return false;
        }
        const auto on =
            is_wildcard(held->address) ? std::string() : read_hexadecimal_address(held->address);
        holder = PortHolder{name_of_process(pid), pid, on};
        return true;
      });
      if (found) {
        break;
      }
    }
  } catch (const Error&) {
    return std::nullopt;  // what cannot be read is not known
  }
  return holder;
}

}  // namespace lowport
