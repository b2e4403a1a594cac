// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"
#include "launcher/listen_address.hpp"

namespace lowport {

/// Why socket(2) failed with this errno. `descriptors` is how many the daemon will have, the
/// standard ones included.
Error explain_socket(const std::string& object, int error, std::size_t descriptors);

/// Who binds in the end. If it is the daemon, ours was a probe, and the daemon may choose another
/// address.
enum class Binder { kLauncher, kDaemon };

/// Why bind(2) failed with this errno: who has the port, as far as that can be seen, and the
/// command that shows or fixes the cause. `object` is the address as the message names it. The
/// launch ends with this error, so the fsuid is set back to the euid: the account may not see who
/// has the port.
Error explain_bind(const std::string& object, const ListenAddress& address, int error,
                   Binder binder);

}  // namespace lowport
