// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"
#include "launcher/listen_address.hpp"

namespace lowport {

/// Why socket(2) failed with this errno. `descriptors`: how many the daemon is to have, the
/// standard ones included.
Error explain_socket(const std::string& object, int error, std::size_t descriptors);

/// Who is to have the socket: where it is the daemon that binds, ours was a probe, and the daemon
/// may take another address.
enum class Binder { kLauncher, kDaemon };

/// Why bind(2) was refused with this errno: who has the port, as far as that can be seen, and the
/// command that shows or mends the cause. `object` is the address as the message is to name it. The
/// launch ends with it: the fsuid is put back to the euid, since the account may not see who has
/// the port.
Error explain_bind(const std::string& object, const ListenAddress& address, int error,
                   Binder binder);

}  // namespace lowport
