// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/account.hpp"
#include "launcher/host.hpp"
#include "launcher/options.hpp"

namespace lowport {

/// Checks that the launcher has the rights to become the account and to grant it the listed ports.
/// Pure. Throws Error, whose hint says how to get the missing right: capabilities(7).
void check_rights(const Options& options, const Account& account, const Host& host);

}  // namespace lowport
