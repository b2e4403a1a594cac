// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "base/unique_fd.hpp"
#include "launcher/plan.hpp"

namespace lowport {

/// Closes every descriptor from 3 up that is neither inherited nor kept. Whatever is opened
/// afterwards is close-on-exec and takes the lowest free number: sockets that are opened one after
/// the other land where the plan wants them. Throws Error.
void close_other_descriptors(const DescriptorPlan& plan);

/// The caller's descriptors that the daemon will hold: 0 to 2, except those that become an inetd
/// server's socket, the inherited ones and the kept ones. Pure.
std::vector<int> find_held_descriptors(const DescriptorPlan& plan, Mode mode);

/// Clears close-on-exec on the sockets and checks their numbers; an inetd server gets its socket as
/// 0 and 1. Comes at the very end: nothing that can be done earlier may fail after it. Throws
/// Error.
void hand_over(Mode mode, const DescriptorPlan& plan, std::vector<UniqueFd> sockets);

}  // namespace lowport
