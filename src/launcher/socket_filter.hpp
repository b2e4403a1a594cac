// SPDX-License-Identifier: MIT
#pragma once

namespace lowport {

/// Installs a seccomp filter (seccomp(2)) against sockets that Landlock does not see: MPTCP, SCTP,
/// DCCP, UDP-Lite, SMC, RxRPC, io_uring, and the system calls of a foreign ABI. It passes on to
/// every child and cannot be taken off again. Needs no_new_privs or CAP_SYS_ADMIN. Throws Error.
void install_socket_filter();

}  // namespace lowport
