// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "launcher/listen_address.hpp"

namespace lowport {

struct PortHolder {
  std::string name;  ///< as in /proc/PID/comm
  std::string pid;
  std::string address;  ///< where it holds the port; empty for a wildcard
};

/// Who holds the port on this address, or on one that contains it or is contained in it; nullopt if
/// nobody does, or this process may not see it. Reads /proc/net/tcp and the like for the socket and
/// /proc/PID/fd for its owner (proc_net(5), proc_pid_fd(5)); for the processes of others, that
/// takes CAP_SYS_PTRACE, or CAP_SETUID and CAP_SETGID. Of several, prefers a wildcard holder, which
/// blocks the most. Throws nothing: it helps to explain a failure, and must not add one.
std::optional<PortHolder> find_port_holder(const ListenAddress& address);

}  // namespace lowport
