// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/account.hpp"
#include "launcher/host.hpp"
#include "launcher/options.hpp"

namespace lowport {

/// Checks that the launcher has what it takes to become the account and to give it the listed
/// ports. Pure. Throws Error, whose hint says how it gets what it lacks: capabilities(7).
void check_rights(const Options& options, const Account& account, const Host& host);

}  // namespace lowport
