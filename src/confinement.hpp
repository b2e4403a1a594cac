#pragma once

#include "plan.hpp"

namespace lowportbind {

/// Keeps this process and its children from binding TCP ports that the plan does not allow: Landlock network rules
/// (landlock(7), ABI 4) for TCP, and a seccomp filter (seccomp(2)) against sockets that Landlock does not see: MPTCP,
/// SCTP, UDP-Lite, SMC, io_uring, and the system calls of a foreign ABI. Neither can be taken off again, and neither
/// comes without the other: once the first is applied, a failure of the second ends the launch.
/// Needs no_new_privs or CAP_SYS_ADMIN. UDP is not confined (where that matters, hand the sockets over: --mode
/// listen-fds), and neither is a socket that somebody outside passes in (SCM_RIGHTS). Throws Error.
void confine(const ConfinementPlan& plan);

/// Proves both halves: a bind to a TCP port that is not allowed must be refused, one to a listed port must not be, and
/// a protocol must be refused that only the filter refuses. Throws Error.
void verify_confinement(const ConfinementPlan& plan);

}  // namespace lowportbind
