// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "launcher/listen_address.hpp"

namespace lowport {

/// The caller's lowest descriptor that is a bound socket for this address, or for one that contains
/// it or is contained in it; nullopt if there is none, or /proc does not show it. getsockname(2),
/// socket(7). Throws nothing: it helps to explain a failure, and must not add one.
std::optional<int> find_inherited_socket(const ListenAddress& address);

}  // namespace lowport
