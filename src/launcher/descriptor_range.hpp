// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// Closes every descriptor from `first` to `last`, and proves it: by close_range(2), which came
/// with Linux 5.9, or by what /proc/self/fd lists, where the kernel has no such call or a container
/// engine's filter refuses it. Throws Error, also where neither can be had: a descriptor may be
/// above the limit that holds now (RLIMIT_NOFILE), so that counting up to it proves nothing.
void close_descriptors(int first, int last);

}  // namespace lowport
