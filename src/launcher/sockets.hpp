// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "base/unique_fd.hpp"
#include "launcher/plan.hpp"

namespace lowport {

/// Opens the planned sockets in order: bound, close-on-exec and blocking (O_NONBLOCK belongs to the
/// open file, which the daemon's other processes share, so it is the daemon's to set). The TCP ones
/// listen, except those with SO_REUSEPORT. Throws Error, which names the address and, as far as
/// that can be seen, its holder, with a hint if the user can fix it. socket(7), ip(7), ipv6(7),
/// listen(2).
std::vector<UniqueFd> open_sockets(const SocketPlan& plan);

/// Starts listening on the TCP sockets of open_sockets(plan) that share a port (SO_REUSEPORT).
/// Comes after everything else has succeeded: a listening socket gets some of the port's
/// connections, and resets them when it is closed. Throws Error.
void listen_on_shared_ports(const std::vector<UniqueFd>& sockets, const SocketPlan& plan);

/// Binds each of the planned sockets and closes it again, to see whether a daemon with this
/// process's rights could. Throws the same Error as open_sockets().
void probe_sockets(const SocketPlan& plan);

}  // namespace lowport
