// SPDX-License-Identifier: MIT
#include "launcher/inherited_sockets.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "base/directory.hpp"

namespace lowport {
namespace {

int read_option(int descriptor, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(descriptor, level, option, &value, &size) == 0 ? value : -1;
}

/// The launcher's own descriptors are close-on-exec; the caller's, which have come through an exec,
/// are not.
bool is_callers(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

/// A connection has the port of the socket that accepted it, but does not stop another from
/// listening there.
bool is_connected(int descriptor) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  return getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) == 0;
}

std::optional<Transport> read_transport(int descriptor) {
  const int type = read_option(descriptor, SOL_SOCKET, SO_TYPE);
  if (type == SOCK_STREAM) {
    return Transport::kTcp;
  }
  if (type == SOCK_DGRAM) {
    return Transport::kUdp;
  }
  return std::nullopt;
}

template <typename Address>
Address restore(const sockaddr_storage& storage) {
  Address address{};
  static_assert(sizeof(address) <= sizeof(storage));
  std::memcpy(&address, &storage, sizeof(address));
  return address;
}

/// Where the socket is bound, as a listed address.
std::optional<ListenAddress> read_address(int descriptor) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return std::nullopt;
  }
  const auto transport = read_transport(descriptor);
  if (!transport) {
    return std::nullopt;
  }
  ListenAddress address;
  address.transport = *transport;
  if (storage.ss_family == AF_INET) {
    const auto ipv4 = restore<sockaddr_in>(storage);
    address.host = HostKind::kIpv4;
    address.port = ntohs(ipv4.sin_port);
    std::memcpy(address.bytes.data(), &ipv4.sin_addr, sizeof(ipv4.sin_addr));
    return address;
  }
  if (storage.ss_family != AF_INET6) {
    return std::nullopt;
  }
  const auto ipv6 = restore<sockaddr_in6>(storage);
  address.port = ntohs(ipv6.sin6_port);
  std::copy(std::begin(ipv6.sin6_addr.s6_addr), std::end(ipv6.sin6_addr.s6_addr),
            address.bytes.begin());
  const bool is_dual_stack = IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr) &&
                             read_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
  address.host = is_dual_stack ? HostKind::kEvery : HostKind::kIpv6;
  std::array<char, IF_NAMESIZE> interface {};
  if (ipv6.sin6_scope_id != 0 && if_indextoname(ipv6.sin6_scope_id, interface.data()) != nullptr) {
    address.interface = interface.data();
  }
  return address;
}

}  // namespace

std::optional<int> find_inherited_socket(const ListenAddress& address) {
  auto descriptors = list_numbers("/proc/self/fd").numbers;
  std::sort(descriptors.begin(), descriptors.end());
  for (const int descriptor : descriptors) {
    const auto held = is_callers(descriptor) ? read_address(descriptor) : std::nullopt;
    if (held && overlaps(*held, address) && !is_connected(descriptor)) {
      return descriptor;
    }
  }
  return std::nullopt;
}

}  // namespace lowport
