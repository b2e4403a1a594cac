// SPDX-License-Identifier: MIT
#include "launcher/socket_filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_X86_64;
// __X32_SYSCALL_BIT: x32 shares the architecture's number.
constexpr std::uint32_t kFirstForeignCall = 0x40000000;
#elif defined(__aarch64__)
constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kFirstForeignCall = 0xffffffff;
#else
#error "the seccomp filter knows x86-64 and arm64 only"
#endif

constexpr sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}
/// The low half of an argument. socket(2) takes ints and ignores the high half: comparing all 64
/// bits would let 0x100000106 pass, which is MPTCP too.
constexpr sock_filter load_argument(std::size_t index) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return load(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}
constexpr sock_filter keep_bits(std::uint32_t mask) {
  return {BPF_ALU | BPF_AND | BPF_K, 0, 0, mask};
}
/// Skips `count` instructions if what was loaded equals `value`; skip_unless() skips them if it
/// does not.
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

// SOCK_TYPE_MASK of the kernel: above it are SOCK_CLOEXEC and SOCK_NONBLOCK.
constexpr std::uint32_t kTypeMask = 0xf;

constexpr auto kFilter = std::to_array<sock_filter>({
    // The calls of a foreign ABI: i386 has socketcall, whose arguments are in memory, where a
    // filter cannot look.
    load(offsetof(seccomp_data, arch)),
    skip_if(kNativeArchitecture, 1),
    fail_with(ENOSYS),
    load(offsetof(seccomp_data, nr)),
    skip_if_below(kFirstForeignCall, 1),
    fail_with(ENOSYS),
    // io_uring opens and binds sockets without any system call that a filter would see; an
    // inherited ring needs no io_uring_setup.
    skip_if(SYS_io_uring_setup, 2),
    skip_if(SYS_io_uring_enter, 1),
    skip_unless(SYS_io_uring_register, 1),
    fail_with(EPERM),
    skip_if(SYS_socket, 7),
    // setsockopt(socket, IPPROTO_TCP, TCP_ULP, "smc") turns a TCP socket into an SMC one, from
    // Linux 5.17 on. The name is in memory, so every such protocol is refused, with the errno of
    // one that does not exist; TLS stays in user space.
    skip_unless(SYS_setsockopt, 5),
    load_argument(1),
    skip_unless(IPPROTO_TCP, 3),
    load_argument(2),
    skip_unless(TCP_ULP, 1),
    fail_with(ENOENT),
    allow(),
    // socket(domain, type, protocol). SMC uses TCP underneath, and RxRPC UDP: the kernel binds that
    // socket itself, without asking Landlock (rxrpc_open_socket() in net/rxrpc/local_object.c).
    load_argument(0),
    skip_if(AF_SMC, 1),
    skip_unless(AF_RXRPC, 1),
    fail_with(EAFNOSUPPORT),
    skip_if(AF_INET, 2),
    skip_if(AF_INET6, 1),
    allow(),
    // With protocol 0, SOCK_SEQPACKET is SCTP and SOCK_DCCP is DCCP: other port spaces, for which
    // Landlock has no rules.
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
    fail_with(EPROTONOSUPPORT),  // at this errno Go falls back from MPTCP to TCP
    allow(),
});

}  // namespace

void install_socket_filter() {
  auto instructions = kFilter;  // the kernel's structure has a non-const pointer
  const sock_fprog program{instructions.size(), instructions.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0) {
    throw system_failure(
        kCannotConfine, "seccomp", errno,
        "a container engine may refuse it; to leave every privileged port open: --confine off");
  }
}

}  // namespace lowport
