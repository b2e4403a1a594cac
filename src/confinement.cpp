#include "confinement.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "error.hpp"
#include "unique_fd.hpp"

namespace lowportbind {
namespace {

constexpr std::string_view kCannotConfine = "cannot confine the daemon to its ports";
constexpr std::string_view kNotAsPlanned = "refusing to start the daemon";
constexpr int kHighestPort = 65535;

// Of <linux/landlock.h>, which knows of the network from Linux 6.7 on: the headers of Debian 12 are older.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
};
struct NetPortAttributes {
  std::uint64_t allowed_access;
  std::uint64_t port;
};
constexpr int kRuleNetPort = 2;  // LANDLOCK_RULE_NET_PORT
constexpr std::uint64_t kAccessNetBindTcp =
    1;  // LANDLOCK_ACCESS_NET_BIND_TCP; connecting is not handled: it stays free
// LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF and LOG_NEW_EXEC_ON: what this program is refused, which is the proof and no
// attack, is not for the audit log; what the daemon is refused, after its exec, is. By default it is the other way
// round.
constexpr unsigned kLogDaemonAlone = 1 | 2;
constexpr int kFirstWithLogging = 7;

UniqueFd create_ruleset() {
  const RulesetAttributes attributes{0, kAccessNetBindTcp};
  UniqueFd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0U)));
  if (!ruleset.valid()) throw system_failure(kCannotConfine, "landlock_create_ruleset", errno);
  return ruleset;
}

void allow_port(const UniqueFd& ruleset, int port) {
  const NetPortAttributes attributes{kAccessNetBindTcp, static_cast<std::uint64_t>(port)};
  if (syscall(SYS_landlock_add_rule, ruleset.value(), kRuleNetPort, &attributes, 0U) != 0) {
    throw system_failure(kCannotConfine, "landlock_add_rule for port " + std::to_string(port), errno);
  }
}

void restrict_ports(const ConfinementPlan& plan) {
  const auto ruleset = create_ruleset();
  allow_port(ruleset,
             0);  // any port the kernel chooses: ip_local_port_range never reaches below ip_unprivileged_port_start
  for (const auto port : plan.ports) allow_port(ruleset, port);
  if (plan.kind == Confinement::kPrivileged) {
    for (int port = std::max(plan.unprivileged_port_start, 1); port <= kHighestPort; ++port) allow_port(ruleset, port);
  }
  const unsigned flags = plan.landlock_abi >= kFirstWithLogging ? kLogDaemonAlone : 0;
  if (syscall(SYS_landlock_restrict_self, ruleset.value(), flags) != 0) {
    const int error = errno;
    if (error != E2BIG) throw system_failure(kCannotConfine, "landlock_restrict_self", error);
    throw failure(kCannotConfine, "landlock_restrict_self",
                  "lowportbind is confined itself, 16 times over, which is as often as Landlock can");
  }
}

#if defined(__x86_64__)
constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kFirstForeignCall = 0x40000000;  // __X32_SYSCALL_BIT: x32 shares the architecture's number
#elif defined(__aarch64__)
constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kFirstForeignCall = 0xffffffff;
#else
#error "the seccomp filter knows x86-64 and arm64 only"
#endif

constexpr sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}
/// The low half of an argument. socket(2) takes ints and ignores the high one, so that comparing all 64 bits would let
/// 0x100000106 pass, which is MPTCP too.
constexpr sock_filter load_argument(std::size_t index) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return load(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}
constexpr sock_filter keep_bits(std::uint32_t mask) { return {BPF_ALU | BPF_AND | BPF_K, 0, 0, mask}; }
/// Skips that many instructions if what was loaded equals `value`, and otherwise none or that many.
constexpr sock_filter skip_if(std::uint32_t value, std::uint8_t count) {
  return {BPF_JMP | BPF_JEQ | BPF_K, count, 0, value};
}
constexpr sock_filter skip_unless(std::uint32_t value, std::uint8_t count) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, count, value};
}
constexpr sock_filter skip_if_below(std::uint32_t value, std::uint8_t count) {
  return {BPF_JMP | BPF_JGE | BPF_K, 0, count, value};
}
constexpr sock_filter allow() { return {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}; }
constexpr sock_filter fail_with(int error) {
  return {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)};
}

constexpr std::uint32_t kTypeMask = 0xf;  // SOCK_TYPE_MASK of the kernel: above it are SOCK_CLOEXEC and SOCK_NONBLOCK

constexpr auto kFilter = std::to_array<sock_filter>({
    // The calls of a foreign ABI: i386 has socketcall, whose arguments are in memory, where a filter cannot look.
    load(offsetof(seccomp_data, arch)),
    skip_if(kNativeArchitecture, 1),
    fail_with(ENOSYS),
    load(offsetof(seccomp_data, nr)),
    skip_if_below(kFirstForeignCall, 1),
    fail_with(ENOSYS),
    // io_uring opens and binds sockets without any system call that a filter would see.
    skip_unless(SYS_io_uring_setup, 1),
    fail_with(EPERM),
    skip_if(SYS_socket, 7),
    // setsockopt(socket, IPPROTO_TCP, TCP_ULP, "smc") makes an SMC socket of a TCP one, from Linux 5.17 on. The name is
    // in memory: every such protocol is refused with the errno of one that is not there, and TLS stays in user space.
    skip_unless(SYS_setsockopt, 5),
    load_argument(1),
    skip_unless(IPPROTO_TCP, 3),
    load_argument(2),
    skip_unless(TCP_ULP, 1),
    fail_with(ENOENT),
    allow(),
    // socket(domain, type, protocol). SMC speaks TCP underneath.
    load_argument(0),
    skip_unless(AF_SMC, 1),
    fail_with(EAFNOSUPPORT),
    skip_if(AF_INET, 2),
    skip_if(AF_INET6, 1),
    allow(),
    // With protocol 0, SOCK_SEQPACKET is SCTP and SOCK_DCCP is DCCP: other port spaces, for which Landlock
    // has no rules.
    load_argument(1),
    keep_bits(kTypeMask),
    skip_if(SOCK_STREAM, 3),
    skip_if(SOCK_DGRAM, 2),
    skip_if(SOCK_RAW, 1),
    fail_with(ESOCKTNOSUPPORT),
    load_argument(2),
    skip_if(0, 5),
    skip_if(IPPROTO_TCP, 4),
    skip_if(IPPROTO_UDP, 3),
    skip_if(IPPROTO_ICMP, 2),
    skip_if(IPPROTO_ICMPV6, 1),
    fail_with(EPROTONOSUPPORT),  // at this errno Go, which asks for MPTCP first, asks for TCP
    allow(),
});

void install_filter() {
  auto instructions = kFilter;  // the kernel's structure has a pointer to what is not const
  const sock_fprog program{instructions.size(), instructions.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0) {
    throw system_failure(kCannotConfine, "seccomp", errno,
                         "a container engine may refuse it; or leave every privileged port open: --confine off");
  }
}

/// A TCP port that the rules must refuse: the highest one that is not listed. 0 if all of them are listed.
int find_refused_port(const ConfinementPlan& plan) {
  const int end = plan.kind == Confinement::kPrivileged ? plan.unprivileged_port_start : kHighestPort + 1;
  std::vector<bool> listed(static_cast<std::size_t>(kHighestPort) + 1);
  for (const auto port : plan.ports) listed[port] = true;
  for (int port = end - 1; port > 0; --port) {
    if (!listed[static_cast<std::size_t>(port)]) return port;
  }
  return 0;
}

/// 0 or the errno of bind(2).
template <typename Address>
int try_to_bind(const UniqueFd& socket, const Address& address) {
  if (!socket.valid()) throw system_failure(kNotAsPlanned, "a socket to prove the confinement with", errno);
  return bind(socket.value(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
}

/// The address is of a network for documentation, and so nobody's: 192.0.2.1 (RFC 5737), or 2001:db8::1 (RFC 3849) for
/// whom RestrictAddressFamilies= of systemd.exec(5) leaves no IPv4.
int try_to_bind_nobodys_address(int port) {
  const auto port_in_network_order = htons(static_cast<std::uint16_t>(port));
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = port_in_network_order;
  ipv4.sin_addr.s_addr = htonl(0xc0000201);
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.valid() || errno != EAFNOSUPPORT) return try_to_bind(socket, ipv4);
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = port_in_network_order;
  ipv6.sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
  return try_to_bind(UniqueFd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP)), ipv6);
}

/// Whether Landlock refuses this port, which it says (EACCES) before anything else is looked at. What it allows is
/// EADDRNOTAVAIL, and takes no port. Of a port that may be allowed, EPERM is somebody else's word, who is asked next:
/// SocketBindDeny= of systemd.resource-control(5), for one.
bool is_refused(int port, bool may_be_allowed) {
  const int error = try_to_bind_nobodys_address(port);
  if (error == EACCES) return true;
  if (error == 0 || error == EADDRNOTAVAIL || error == EADDRINUSE || (error == EPERM && may_be_allowed)) return false;
  throw system_failure(kNotAsPlanned, "TCP port " + std::to_string(port), error);
}

void verify_ports(const ConfinementPlan& plan) {
  const auto refuse = [](int port, std::string_view fact) {
    throw failure(kNotAsPlanned, "TCP port " + std::to_string(port), fact, "lowportbind itself may be confined");
  };
  const int refused = find_refused_port(plan);
  if (refused != 0 && !is_refused(refused, false)) {
    throw failure(kNotAsPlanned, "TCP port " + std::to_string(refused), "it was not listed, and is open all the same");
  }
  if (is_refused(0, true)) refuse(0, "a port of the kernel's choice is refused");
  for (const int port : plan.ports) {
    // Where net.ipv4.ip_nonlocal_bind is set, the kernel goes on to ask for the capability.
    const bool bindable = plan.privileged_granted || port >= plan.unprivileged_port_start;
    if (bindable && is_refused(port, true)) refuse(port, "it was listed, and is refused all the same");
  }
}

/// The kernel's own answer to a protocol number this high is EINVAL; only the filter says EPROTONOSUPPORT.
void verify_filter() {
  constexpr int kNoProtocol = 0xffff;
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, kNoProtocol));
  if (socket.valid() || errno != EPROTONOSUPPORT) {
    throw failure(kNotAsPlanned, "confinement", "the seccomp filter does not answer");
  }
}

}  // namespace

void confine(const ConfinementPlan& plan) {
  restrict_ports(plan);
  install_filter();
}

void verify_confinement(const ConfinementPlan& plan) {
  verify_ports(plan);
  verify_filter();
}

}  // namespace lowportbind
