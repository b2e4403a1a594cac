// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/plan.hpp"

namespace lowport {

/// Keeps this process and its children from binding ports that the plan does not allow: Landlock
/// network rules (landlock(7)) for TCP from ABI 4 on and for UDP from ABI 10 on, and a seccomp
/// filter for what Landlock does not see. Neither can be removed, and neither comes without the
/// other: once the first is applied, a failure of the second ends the launch. Needs no_new_privs or
/// CAP_SYS_ADMIN. Below ABI 10, UDP is not confined (if that matters, hand over sockets: --mode
/// listen-fds). A socket passed in from outside (SCM_RIGHTS) never is. Throws Error.
void confine(const ConfinementPlan& plan);

}  // namespace lowport
