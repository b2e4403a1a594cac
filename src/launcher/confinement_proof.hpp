// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/plan.hpp"

namespace lowport {

/// Proves both halves of what confine() did, without taking a port. For TCP, and for UDP where that
/// is confined: a bind to the unlisted ports on either side of the lowest listed one and to the
/// highest unlisted one must be refused; a bind to each listed port and to port 0 must not be. And
/// a protocol that only the filter refuses must be refused. Throws Error.
void verify_confinement(const ConfinementPlan& plan);

}  // namespace lowport
