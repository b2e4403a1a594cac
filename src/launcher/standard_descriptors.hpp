// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// Makes descriptors 0 to 2 fit for a daemon. One that is closed is opened as /dev/null before any
/// other descriptor is opened: a socket that landed on number 2 would be sent error messages. So is
/// one that a C library has opened as an unusable placeholder. A directory, a block device or a
/// kernel object without a file, such as an io_uring, is refused: no option named it, and it can be
/// a way around the account's rights or the confinement. Throws Error. fstat(2), fcntl(2), null(4).
void reserve_standard_descriptors();

}  // namespace lowport
