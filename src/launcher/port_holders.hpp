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
  std::string address;  ///< one that it has the port on; empty where that is a wildcard
};

/// Who has a port on this address or on one that contains it or is contained in it; nothing where
/// this process may not see that, or nobody has it. Reads /proc/net/tcp and its like for the socket
/// and /proc/PID/fd for its owner (proc_net(5), proc_pid_fd(5)), which takes CAP_SYS_PTRACE, or
/// CAP_SETUID and CAP_SETGID, for the processes of others. Of several, one that has a wildcard is
/// named: it leaves the least to others. Throws nothing: it helps to explain a failure, and must
/// not add one.
std::optional<PortHolder> find_port_holder(const ListenAddress& address);

}  // namespace lowport
