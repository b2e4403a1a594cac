#include "port_holders.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "number.hpp"
#include "read_file.hpp"
#include "text.hpp"

namespace lowportbind {
namespace {

/// Calls `visit` with the name of each entry of a directory until it returns true; whether it did.
template <typename Visit>
bool any_entry(const std::string& path, const Visit& visit) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  const std::unique_ptr<DIR, Close> directory(opendir(path.c_str()));
  if (!directory) return false;
  while (const dirent* entry = readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): there is one thread
    if (visit(std::string(static_cast<const char*>(entry->d_name)))) return true;
  }
  return false;
}

/// ":0050" for port 80, as the tables have it.
std::string hexadecimal_port(std::uint16_t port) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = ":";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) text += kDigits[(port >> shift) & 0xfU];
  return text;
}

/// An address as the tables have it: words of four bytes, each as the number that the machine's byte order makes of it.
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

bool is_wildcard(std::string_view address) { return address.find_first_not_of('0') == std::string_view::npos; }

/// Whether a socket on `held` is in the way of one on `address`.
bool is_in_the_way(std::string_view held, const ListenAddress& address) {
  const auto wanted = hexadecimal_address(address);
  // The table does not say whether an IPv6 wildcard takes IPv4 too.
  if (address.host == HostKind::kEvery || (is_wildcard(held) && held.size() >= wanted.size())) return true;
  return is_wildcard(wanted) ? held.size() == wanted.size() : held == wanted;
}

/// The inodes of the sockets in a table of proc_net(5) that are in the way. TCP connections have the local port too,
/// and only a socket that listens (state 0A) is.
void add_inodes(const char* table, const ListenAddress& address, std::vector<std::string>& inodes) {
  constexpr std::size_t kAddress = 1;
  constexpr std::size_t kState = 3;
  constexpr std::size_t kInode = 9;
  const auto content = read_proc_file(table).value_or("");
  const auto suffix = hexadecimal_port(address.port);
  for (const auto line : split_words(content, "\n")) {
    const auto words = split_words(line);
    if (words.size() <= kInode || !words[kAddress].ends_with(suffix)) continue;
    if (address.transport == Transport::kTcp && words[kState] != "0A") continue;
    const auto held = words[kAddress].substr(0, words[kAddress].find(':'));
    if (is_in_the_way(held, address)) inodes.push_back("socket:[" + std::string(words[kInode]) + "]");
  }
}

bool has_descriptor(const std::string& pid, const std::vector<std::string>& inodes) {
  const auto directory = "/proc/" + pid + "/fd";
  return any_entry(directory, [&](const std::string& name) {
    std::array<char, 64> target{};
    const auto length = readlink((directory + "/" + name).c_str(), target.data(), target.size());
    if (length <= 0) return false;
    const std::string_view link(target.data(), static_cast<std::size_t>(length));
    return std::find(inodes.begin(), inodes.end(), link) != inodes.end();
  });
}

std::string name_of_process(const std::string& pid) {
  auto name = read_proc_file(("/proc/" + pid + "/comm").c_str()).value_or("");
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

}  // namespace

std::optional<PortHolder> find_port_holder(const ListenAddress& address) {
  std::optional<PortHolder> holder;
  try {
    std::vector<std::string> inodes;
    const bool is_tcp = address.transport == Transport::kTcp;
    add_inodes(is_tcp ? "/proc/self/net/tcp" : "/proc/self/net/udp", address, inodes);
    add_inodes(is_tcp ? "/proc/self/net/tcp6" : "/proc/self/net/udp6", address, inodes);
    if (inodes.empty()) return std::nullopt;
    any_entry("/proc", [&](const std::string& pid) {
      if (!all_digits(pid) || !has_descriptor(pid, inodes)) return false;
      holder = PortHolder{name_of_process(pid), pid};
      return true;
    });
  } catch (const Error&) {
    return std::nullopt;  // what cannot be read is not known
  }
  return holder;
}

}  // namespace lowportbind
