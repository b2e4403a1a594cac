// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// Installs a seccomp filter (seccomp(2)) against sockets that Landlock does not see: MPTCP, SCTP,
/// DCCP, UDP-Lite, SMC, RxRPC, io_uring, and the system calls of a foreign ABI. Every child
/// inherits it, and it cannot be removed. Needs no_new_privs or CAP_SYS_ADMIN. Throws Error.
void install_socket_filter();

}  // namespace lowport
