// SPDX-License-Identifier: MIT
#include "launcher/confinement_proof.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

using Ports = std::vector<std::uint16_t>;

std::string name_port(Transport transport, int port) {
  return std::string(transport == Transport::kTcp ? "TCP" : "UDP") + " port " +
         std::to_string(port);
}

/// Ports that the rules must refuse: the highest one, then the nearest ones to the lowest listed
/// port, which would expose a rule for a neighbour or a range. Empty if all are listed.
std::vector<int> choose_refused_ports(const ConfinementPlan& plan, const Ports& ports) {
  const int end =
      plan.kind == Confinement::kPrivileged ? plan.unprivileged_port_start : kHighestPort + 1;
  std::vector<bool> listed(static_cast<std::size_t>(kHighestPort) + 1);
  for (const auto port : ports) {
    listed[port] = true;
  }
  const auto nearest = [&](int port, int step) {
    while (port > 0 && port < end && listed[static_cast<std::size_t>(port)]) {
      port += step;
    }
    return port > 0 && port < end ? port : 0;
  };
  std::vector<int> refused{nearest(end - 1, -1)};
  if (!ports.empty()) {
    const int lowest = *std::min_element(ports.begin(), ports.end());
    refused.push_back(nearest(lowest, -1));
    refused.push_back(nearest(lowest, 1));
  }
  std::erase(refused, 0);
  return refused;
}

/// 0 or the errno of bind(2).
template <typename Address>
int try_to_bind(const UniqueFd& socket, const Address& address) {
  if (!socket.valid()) {
    throw system_failure(kNotAsPlanned, "a socket to prove the confinement", errno);
  }
  return bind(socket.value(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0
             ? 0
             : errno;
}

UniqueFd open_socket(int family, Transport transport) {
  const bool is_tcp = transport == Transport::kTcp;
  return UniqueFd(::socket(family, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC,
                           is_tcp ? IPPROTO_TCP : IPPROTO_UDP));
}

/// Uses a documentation address, which no host should have: 192.0.2.1 (RFC 5737), or 2001:db8::1
/// (RFC 3849) if RestrictAddressFamilies= of systemd.exec(5) leaves no IPv4.
int try_to_bind_documentation_address(Transport transport, int port) {
  const auto port_in_network_order = htons(static_cast<std::uint16_t>(port));
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = port_in_network_order;
  ipv4.sin_addr.s_addr = htonl(0xc0000201);
  const auto socket = open_socket(AF_INET, transport);
  if (socket.valid() || errno != EAFNOSUPPORT) {
    return try_to_bind(socket, ipv4);
  }
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = port_in_network_order;
  ipv6.sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
  return try_to_bind(open_socket(AF_INET6, transport), ipv6);
}

enum class Wanted { kRefused, kAllowed };

/// Whether Landlock refuses this port, which it does (EACCES) before anything else is checked. A
/// port that it allows fails with EADDRNOTAVAIL, and is not taken. For a port that must be allowed,
/// EPERM comes from a later check, such as the BPF program of SocketBindDeny=
/// (systemd.resource-control(5)).
bool is_refused(Transport transport, int port, Wanted wanted) {
  const int error = try_to_bind_documentation_address(transport, port);
  if (error == EACCES) {
    return true;
  }
  if (error == 0 || error == EADDRNOTAVAIL || error == EADDRINUSE) {
    return false;
  }
  if (error == EPERM && wanted == Wanted::kAllowed) {
    return false;
  }
  throw system_failure(kNotAsPlanned, name_port(transport, port), error);
}

void verify_ports(const ConfinementPlan& plan, Transport transport, const Ports& ports) {
  const auto refuse = [&](int port, std::string_view fact) {
    throw failure(kNotAsPlanned, name_port(transport, port), fact,
                  "lowportbind itself may be confined");
  };
  for (const int port : choose_refused_ports(plan, ports)) {
    if (is_refused(transport, port, Wanted::kRefused)) {
      continue;
    }
    throw failure(kNotAsPlanned, name_port(transport, port),
                  "it is not listed, yet it can be bound");
  }
  if (is_refused(transport, 0, Wanted::kAllowed)) {
    refuse(0, "a port chosen by the kernel is refused");
  }
  for (const int port : ports) {
    // If net.ipv4.ip_nonlocal_bind is set, the kernel goes on to check the capability.
    const bool bindable = plan.privileged_granted || port >= plan.unprivileged_port_start;
    if (bindable && is_refused(transport, port, Wanted::kAllowed)) {
      refuse(port, "it is listed, yet it is refused");
    }
  }
}

/// The kernel's own answer to a protocol number this high is EINVAL; only the filter answers
/// EPROTONOSUPPORT.
void verify_filter() {
  constexpr int kNoProtocol = 0xffff;
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kNoProtocol));
  if (socket.valid() || errno != EPROTONOSUPPORT) {
    throw failure(kNotAsPlanned, "confinement", "the seccomp filter is not in force");
  }
}

}  // namespace

void verify_confinement(const ConfinementPlan& plan) {
  verify_ports(plan, Transport::kTcp, plan.ports);
  if (confines_udp(plan)) {
    verify_ports(plan, Transport::kUdp, plan.udp_ports);
  }
  verify_filter();
}

}  // namespace lowport
