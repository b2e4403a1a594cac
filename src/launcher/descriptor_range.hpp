// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// Closes every descriptor from `first` to `last`, and proves it: with close_range(2), which came
/// with Linux 5.9, or from the list in /proc/self/fd, if the kernel has no such call or a container
/// engine's filter refuses it. Throws Error, even if neither is available: a descriptor may be
/// above the current limit (RLIMIT_NOFILE), so counting up to it proves nothing.
void close_descriptors(int first, int last);

}  // namespace lowport
