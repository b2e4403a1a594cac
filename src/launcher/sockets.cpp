// SPDX-License-Identifier: MIT
#include "launcher/sockets.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.hpp"
#include "launcher/bind_failure.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

/// A socket address of either family, with the length that bind(2) wants.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

template <typename Address>
SocketAddress store(const Address& address) {
  SocketAddress stored;
  static_assert(sizeof(address) <= sizeof(stored.storage));
  const auto* bytes = reinterpret_cast<const unsigned char*>(&address);
  std::copy(bytes, bytes + sizeof(address), reinterpret_cast<unsigned char*>(&stored.storage));
  stored.length = sizeof(address);
  return stored;
}

SocketAddress to_socket_address(const PlannedSocket& planned) {
  const auto& address = planned.address;
  if (planned.family == SocketFamily::kIpv4) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(address.port);
    std::copy_n(address.bytes.begin(), sizeof(ipv4.sin_addr),
                reinterpret_cast<unsigned char*>(&ipv4.sin_addr));
    return store(ipv4);
  }
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(address.port);
  std::copy(address.bytes.begin(), address.bytes.end(), std::begin(ipv6.sin6_addr.s6_addr));
  if (!address.interface.empty()) {
    ipv6.sin6_scope_id = if_nametoindex(address.interface.c_str());
    if (ipv6.sin6_scope_id == 0) {
      throw system_failure("cannot find the interface of", format_address(address), errno,
                           "`ip link` lists the interfaces");
    }
  }
  return store(ipv6);
}

std::string describe(const PlannedSocket& planned) {
  if (planned.address.host != HostKind::kEvery) {
    return format_address(planned.address);
  }
  const auto port = format_address(planned.address);
  if (planned.family == SocketFamily::kDualStack) {
    return port + " (IPv4 and IPv6)";
  }
  return port + (planned.family == SocketFamily::kIpv4 ? " (IPv4)" : " (IPv6)");
}

/// The address of this one socket: if every address was asked for, there may be a socket for each
/// family.
ListenAddress address_of(const PlannedSocket& planned) {
  auto address = planned.address;
  if (address.host != HostKind::kEvery || planned.family == SocketFamily::kDualStack) {
    return address;
  }
  address.host = planned.family == SocketFamily::kIpv4 ? HostKind::kIpv4 : HostKind::kIpv6;
  return address;
}

int read_option(const UniqueFd& socket, int level, int option, const PlannedSocket& planned) {
  int value = -1;
  socklen_t size = sizeof(value);
  if (getsockopt(socket.value(), level, option, &value, &size) != 0) {
    throw system_failure("cannot read a socket option of", describe(planned), errno);
  }
  return value;
}

void set_option(const UniqueFd& socket, int level, int option, int value,
                const PlannedSocket& planned) {
  if (setsockopt(socket.value(), level, option, &value, sizeof(value)) != 0) {
    throw system_failure("cannot set a socket option on", describe(planned), errno);
  }
  if (read_option(socket, level, option, planned) != value) {
    throw failure("cannot set a socket option on", describe(planned),
                  "setsockopt did not take effect");
  }
}

/// Compares the socket's address with what was asked for: listen(2) on an unbound socket would
/// choose a port.
void verify_address(const UniqueFd& socket, const SocketAddress& wanted,
                    const PlannedSocket& planned) {
  SocketAddress actual;
  actual.length = sizeof(actual.storage);
  if (getsockname(socket.value(), reinterpret_cast<sockaddr*>(&actual.storage), &actual.length) !=
      0) {
    throw system_failure("cannot read the address of", describe(planned), errno);
  }
  const bool same = actual.length == wanted.length &&
                    std::memcmp(&actual.storage, &wanted.storage, wanted.length) == 0;
  if (!same) {
    throw failure(kCannotBind, describe(planned),
                  "bind succeeded, but the address is not the planned one");
  }
}

Binder binder_of(const SocketPlan& plan) {
  return plan.only_probe ? Binder::kDaemon : Binder::kLauncher;
}

UniqueFd bind_socket(const PlannedSocket& planned, const SocketPlan& plan,
                     const SocketAddress& address) {
  const bool is_tcp = planned.address.transport == Transport::kTcp;
  const int domain = planned.family == SocketFamily::kIpv4 ? AF_INET : AF_INET6;
  UniqueFd socket(::socket(domain, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
  if (!socket.valid()) {
    throw explain_socket(describe(planned), errno, plan.descriptors);
  }
  // Set either way, before bind(2): the default is a sysctl, and a bound socket refuses the change.
  if (domain == AF_INET6) {
    set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, planned.family == SocketFamily::kIpv6Only ? 1 : 0,
               planned);
  }
  if (is_tcp) {
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, planned);
  }
  if (plan.reuse_port) {
    set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1, planned);
  }
  if (bind(socket.value(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) !=
      0) {
    throw explain_bind(describe(planned), address_of(planned), errno, binder_of(plan));
  }
  return socket;
}

void listen_on(const UniqueFd& socket, const PlannedSocket& planned, const SocketPlan& plan) {
  if (planned.address.transport != Transport::kTcp) {
    return;
  }
  if (listen(socket.value(), plan.backlog) != 0) {
    if (errno == EADDRINUSE) {
      throw explain_bind(describe(planned), address_of(planned), errno, binder_of(plan));
    }
    throw system_failure("cannot listen on", describe(planned), errno);
  }
  if (read_option(socket, SOL_SOCKET, SO_ACCEPTCONN, planned) != 1) {
    throw failure("cannot listen on", describe(planned), "listen did not take effect");
  }
}

UniqueFd open_socket(const PlannedSocket& planned, const SocketPlan& plan) {
  const auto address = to_socket_address(planned);
  auto socket = bind_socket(planned, plan, address);
  verify_address(socket, address, planned);
  // If the port cannot be shared, there are no connections to take from another daemon, and
  // listening now reveals another holder at once.
  if (!plan.reuse_port) {
    listen_on(socket, planned, plan);
  }
  return socket;
}

/// setfsuid(2) reports no failure. It returns the previous id, so a second, invalid call reads it
/// back.
void set_fsuid(uid_t uid) {
  setfsuid(uid);
  if (static_cast<uid_t>(setfsuid(static_cast<uid_t>(-1))) != uid) {
    throw failure(kCannotOpenSocketsAs, "uid " + std::to_string(uid),
                  "setfsuid did not take effect",
                  "in a user namespace, /proc/self/uid_map must map this uid");
  }
}

}  // namespace

std::vector<UniqueFd> open_sockets(const SocketPlan& plan) {
  std::vector<UniqueFd> sockets;
  if (plan.sockets.empty()) {
    return sockets;
  }
  sockets.reserve(plan.sockets.size());
  if (plan.fsuid) {
    set_fsuid(*plan.fsuid);
  }
  for (const auto& planned : plan.sockets) {
    sockets.push_back(open_socket(planned, plan));
  }
  // An exception above ends the launch, so the fsuid need not be restored then.
  if (plan.fsuid) {
    set_fsuid(plan.own_fsuid);
  }
  return sockets;
}

void listen_on_shared_ports(const std::vector<UniqueFd>& sockets, const SocketPlan& plan) {
  for (std::size_t index = 0; index < sockets.size(); ++index) {
    listen_on(sockets[index], plan.sockets.at(index), plan);
  }
}

void probe_sockets(const SocketPlan& plan) {
  for (const auto& planned : plan.sockets) {
    bind_socket(planned, plan, to_socket_address(planned));
  }
}

}  // namespace lowport
