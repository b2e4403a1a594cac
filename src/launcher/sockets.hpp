// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "base/unique_fd.hpp"
#include "launcher/plan.hpp"

namespace lowport {

/// Opens the planned sockets in their order: bound, close-on-exec and blocking (O_NONBLOCK belongs
/// to the open file, which the daemon's other processes share, and so is the daemon's to set). The
/// TCP ones listen, but for those with SO_REUSEPORT. Throws Error that names the address, who has
/// it as far as that can be seen, and a hint for what a user can mend. socket(7), ip(7), ipv6(7),
/// listen(2).
std::vector<UniqueFd> open_sockets(const SocketPlan& plan);

/// Makes the TCP ones of open_sockets(plan) listen whose ports SO_REUSEPORT shares. Not before all
/// else has succeeded: a listening socket gets some of the port's connections, and resets them when
/// it is closed again. Throws Error.
void listen_on_shared_ports(const std::vector<UniqueFd>& sockets, const SocketPlan& plan);

/// Binds each of the planned sockets and closes it again, to see whether a daemon with this
/// process's rights could have it. Throws the same Error as open_sockets().
void probe_sockets(const SocketPlan& plan);

}  // namespace lowport
