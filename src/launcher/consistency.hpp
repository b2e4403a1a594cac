// SPDX-License-Identifier: MIT
#pragma once

#include "launcher/host.hpp"
#include "launcher/options.hpp"

namespace lowport {

/// Checks the options against each other and against what the launcher was started with. An option
/// that would have no effect is an error, as is a listen address that contains another. Pure.
/// Throws Error.
void check_consistency(const Options& options, const Host& host);

}  // namespace lowport
