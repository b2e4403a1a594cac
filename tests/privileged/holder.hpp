// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "check.hpp"

/// Shared by the tests of ports in use: a process that holds one, and what the messages report
/// about it.
namespace check {

struct Held {
  std::string name = "holder";
  int type = SOCK_STREAM;
  int port = 80;
  std::string host = "0.0.0.0";
  uid_t uid = 0;
  bool reuse_address = false;
  bool dumpable = true;
};

/// A process of this name that holds a port until the end of the test.
class Holder {
 public:
  explicit Holder(const Held& held) {
    std::array<int, 2> ready{};
    if (pipe(ready.data()) != 0) {
      throw std::runtime_error("pipe");
    }
    pid_ = fork();
    if (pid_ == 0) {
      hold(held, ready[1]);
    }
    close(ready[1]);
    char byte = 0;
    const bool holds = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (!holds) {
      throw std::runtime_error("the holder does not hold the port");
    }
  }
  ~Holder() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  [[nodiscard]] std::string pid() const { return std::to_string(pid_); }

 private:
  [[noreturn]] static void hold(const Held& held, int ready) {
    const int family = held.host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    const int descriptor = socket(family, held.type, 0);
    const int reuse = held.reuse_address ? 1 : 0;
    const int only = held.host == "::" || held.host == "::1" ? 1 : 0;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
    if (family == AF_INET6) {
      setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    }
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(static_cast<std::uint16_t>(held.port));
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = ipv4.sin_port;
    if (family == AF_INET) {
      inet_pton(family, held.host.c_str(), &ipv4.sin_addr);
    }
    if (family == AF_INET6) {
      inet_pton(family, held.host.c_str(), &ipv6.sin6_addr);
    }
    const auto* address = family == AF_INET ? reinterpret_cast<const sockaddr*>(&ipv4)
                                            : reinterpret_cast<const sockaddr*>(&ipv6);
    if (bind(descriptor, address, family == AF_INET ? sizeof(ipv4) : sizeof(ipv6)) != 0) {
      _exit(1);
    }
    if (held.type == SOCK_STREAM && listen(descriptor, 1) != 0) {
      _exit(1);
    }
    prctl(PR_SET_NAME, held.name.c_str());
    // The change of user hides its /proc entries, which an exec would show again. The holder ends
    // with the test.
    if (held.uid != 0) {
      support::become(held.uid, held.uid);
    }
    prctl(PR_SET_DUMPABLE, held.dumpable ? 1 : 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(ready, "x", 1) != 1) {
      _exit(1);
    }
    for (;;) {
      pause();
    }
  }

  pid_t pid_ = -1;
};

inline Obstacle in_use(const std::string& what, const std::string& name, const std::string& pid) {
  return {"cannot bind: " + what + ": Address already in use by " + name + " (pid " + pid + ")",
          "to see what it is: ps -fp " + pid};
}

}  // namespace check
