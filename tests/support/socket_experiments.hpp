// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

/// What the probe tries with sockets when a test asks for more than a plain bind: every port in
/// turn, and each way to bypass the rules for TCP ports. Every function returns "ok" or what
/// failed.
namespace experiments {

inline std::string errno_name() { return strerrorname_np(errno); }

/// "2/1/0x106" is {2, 1, 0x106}.
inline std::vector<std::uint64_t> numbers(const std::string& text) {
  std::vector<std::uint64_t> list;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, '/');) {
    list.push_back(std::strtoull(part.c_str(), nullptr, 0));
  }
  return list;
}

/// Every address of a family with this port; AF_UNSPEC is what bind(2) takes for AF_INET.
struct Address {
  union {
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
  };
  socklen_t length;

  Address(int family, std::uint64_t port)
      : ipv6{}, length(family == AF_INET6 ? sizeof(ipv6) : sizeof(ipv4)) {
    if (family == AF_INET6) {
      ipv6.sin6_family = AF_INET6;
      ipv6.sin6_port = htons(static_cast<std::uint16_t>(port));
    } else {
      ipv4.sin_family = static_cast<sa_family_t>(family);
      ipv4.sin_port = htons(static_cast<std::uint16_t>(port));
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&ipv6); }
};

/// TRANSPORT/FAMILY/FIRST-LAST, as in tcp/4/0-1023, with the family d for dual stack: what bind(2)
/// answers for each port, as in "0-79 EACCES 80 ok 81-1023 EACCES".
inline std::string try_ports(const std::string& what) {
  const bool is_tcp = what.starts_with("tcp");
  const int family = what.at(4) == '4' ? AF_INET : AF_INET6;
  const int ipv6_only = what.at(4) == '6' ? 1 : 0;
  const int first_of_all = std::atoi(what.c_str() + 6);
  const int last_of_all = std::atoi(what.c_str() + what.find('-') + 1);
  std::string text;
  std::string answer;
  int first = first_of_all;
  const auto finish = [&](int last) {
    text += (text.empty() ? "" : " ") + std::to_string(first);
    if (last != first) {
      text += "-" + std::to_string(last);
    }
    text += " " + answer;
  };
  for (int port = first_of_all; port <= last_of_all; ++port) {
    const int descriptor = socket(family, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (descriptor < 0) {
      return "socket " + errno_name();
    }
    if (family == AF_INET6) {
      setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &ipv6_only, sizeof(ipv6_only));
    }
    const Address address(family, static_cast<std::uint64_t>(port));
    const std::string now =
        bind(descriptor, address.get(), address.length) == 0 ? "ok" : errno_name();
    close(descriptor);
    if (port != first_of_all && now != answer) {
      finish(port - 1);
      first = port;
    }
    answer = now;
  }
  finish(last_of_all);
  return text;
}

/// DOMAIN/TYPE/PROTOCOL[/PORT[/FAMILY]]: makes a socket by the system call itself, with all 64 bits
/// of each number, and binds it to the port. FAMILY is that of the address if it is not DOMAIN.
inline std::string try_socket(const std::string& what) {
  const auto number = numbers(what);
  const auto descriptor =
      static_cast<int>(syscall(SYS_socket, number.at(0), number.at(1), number.at(2)));
  if (descriptor < 0) {
    return "socket " + errno_name();
  }
  std::string text = "ok";
  if (number.size() > 3) {
    const Address address(static_cast<int>(number[number.size() > 4 ? 4 : 0]), number[3]);
    if (bind(descriptor, address.get(), address.length) != 0) {
      text = "bind " + errno_name();
    }
  }
  close(descriptor);
  return text;
}

/// FAMILY/PORT, as in 4/80: connects to it on loopback.
inline std::string try_to_connect(const std::string& what) {
  const bool is_ipv6 = what.front() == '6';
  const int family = is_ipv6 ? AF_INET6 : AF_INET;
  const int descriptor = socket(family, SOCK_STREAM, 0);
  if (descriptor < 0) {
    return "socket " + errno_name();
  }
  Address address(family, numbers(what).at(1));
  if (is_ipv6) {
    address.ipv6.sin6_addr = in6addr_loopback;
  } else {
    address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const std::string text =
      connect(descriptor, address.get(), address.length) == 0 ? "ok" : errno_name();
  close(descriptor);
  return text;
}

/// listen(2) without bind(2): the kernel chooses a port. "ok" if it is not a privileged one.
inline std::string try_to_listen_unbound() {
  constexpr int kFirstUnprivileged = 1024;
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) {
    return "socket " + errno_name();
  }
  if (listen(descriptor, 1) != 0) {
    return "listen " + errno_name();
  }
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  close(descriptor);
  const int port = ntohs(address.sin_port);
  return port >= kFirstUnprivileged ? "ok" : "port " + std::to_string(port);
}

/// TRANSPORT/FIRST-LAST, as in udp/40001-40001: binds port 0 of a socket that must get one of these
/// (IP_LOCAL_PORT_RANGE). "ok" if it is.
inline std::string try_port_range(const std::string& what) {
  constexpr int kLocalPortRange = 51;
  const int descriptor = socket(AF_INET, what.starts_with("tcp") ? SOCK_STREAM : SOCK_DGRAM, 0);
  if (descriptor < 0) {
    return "socket " + errno_name();
  }
  const auto first = static_cast<std::uint32_t>(std::atoi(what.c_str() + 4));
  const auto last = static_cast<std::uint32_t>(std::atoi(what.c_str() + what.find('-') + 1));
  const std::uint32_t range = first | last << 16U;
  if (setsockopt(descriptor, IPPROTO_IP, kLocalPortRange, &range, sizeof(range)) != 0) {
    return "option " + errno_name();
  }
  Address address(AF_INET, 0);
  if (bind(descriptor, address.get(), address.length) != 0) {
    return "bind " + errno_name();
  }
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.ipv4), &address.length);
  close(descriptor);
  const auto port = ntohs(address.ipv4.sin_port);
  return port >= first && port <= last ? "ok" : "another port";
}

/// FAMILY/PORT, as in 4/53: sends a datagram there on loopback from a socket without a port, which
/// the kernel chooses, and another by a connected one.
inline std::string try_to_send(const std::string& what) {
  const bool is_ipv6 = what.front() == '6';
  const int family = is_ipv6 ? AF_INET6 : AF_INET;
  Address address(family, numbers(what).at(1));
  if (is_ipv6) {
    address.ipv6.sin6_addr = in6addr_loopback;
  } else {
    address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const int unbound = socket(family, SOCK_DGRAM, 0);
  const int connected = socket(family, SOCK_DGRAM, 0);
  if (unbound < 0 || connected < 0) {
    return "socket " + errno_name();
  }
  if (sendto(unbound, "x", 1, 0, address.get(), address.length) != 1) {
    return "send " + errno_name();
  }
  if (connect(connected, address.get(), address.length) != 0) {
    return "connect " + errno_name();
  }
  if (send(connected, "x", 1, 0) != 1) {
    return "send " + errno_name();
  }
  close(unbound);
  close(connected);
  return "ok";
}

/// A listening UNIX socket in the abstract name space, and a client of it.
inline std::string try_unix_socket() {
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  const int client = socket(AF_UNIX, SOCK_STREAM, 0);
  if (server < 0 || client < 0) {
    return "socket " + errno_name();
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t length = sizeof(sa_family_t);  // the kernel chooses a name
  if (bind(server, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return "bind " + errno_name();
  }
  if (listen(server, 1) != 0) {
    return "listen " + errno_name();
  }
  length = sizeof(address);
  if (getsockname(server, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return errno_name();
  }
  if (connect(client, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return "connect " + errno_name();
  }
  close(client);
  close(server);
  return "ok";
}

inline std::string try_io_uring() {
  io_uring_params parameters{};
  const auto descriptor = static_cast<int>(syscall(SYS_io_uring_setup, 1U, &parameters));
  if (descriptor < 0) {
    return errno_name();
  }
  close(descriptor);
  return "ok";
}

/// NUMBER/ARGUMENT/...: any system call with numbers as arguments, which default to 0.
inline std::string try_system_call(const std::string& what) {
  auto number = numbers(what);
  number.resize(7);  // with all six arguments: otherwise a register's leftover would be one
  const auto call = static_cast<long>(number[0]);
  const auto result =
      syscall(call, number[1], number[2], number[3], number[4], number[5], number[6]);
  return result < 0 ? errno_name() : "ok";
}

#if defined(__x86_64__)
/// i386's socketcall(2) from a 64-bit process. Its arguments are 32-bit words, below 4 GiB.
inline int socketcall(int call, const std::uint32_t* arguments) {
  constexpr long kSocketcall = 102;
  long result = kSocketcall;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(static_cast<long>(call)), "c"(arguments)
               : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result);
}

/// DOMAIN/TYPE/PROTOCOL/PORT by socketcall(2).
inline std::string try_i386(const std::string& what) {
  constexpr int kSocket = 1;
  constexpr int kBind = 2;
  const auto number = numbers(what);
  void* const low = mmap(nullptr, sizeof(Address) * 2, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) {
    return "mmap " + errno_name();
  }
  auto* const words = static_cast<std::uint32_t*>(low);
  for (std::size_t index = 0; index < 3; ++index) {
    words[index] = static_cast<std::uint32_t>(number.at(index));
  }
  const int descriptor = socketcall(kSocket, words);
  errno = -descriptor;
  if (descriptor < 0) {
    return "socket " + errno_name();
  }
  const Address address(static_cast<int>(number[0]), number.at(3));
  std::memcpy(words + 4, address.get(), address.length);
  words[0] = static_cast<std::uint32_t>(descriptor);
  words[1] = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(words + 4));
  words[2] = address.length;
  const int result = socketcall(kBind, words);
  errno = -result;
  close(descriptor);
  return result == 0 ? "ok" : "bind " + errno_name();
}
#endif

/// i386 calls in a child: a kernel without them may kill the caller.
inline std::string try_i386_in_child(const std::string& what) {
#if defined(__x86_64__)
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    return errno_name();
  }
  const pid_t child = fork();
  if (child == 0) {
    const auto text = try_i386(what);
    _exit(write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, 64> text{};
  const auto count = read(ends[0], text.data(), text.size() - 1);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return count > 0 ? text.data() : "no i386 calls";
#else
  return "no i386 calls " + what;
#endif
}

}  // namespace experiments
