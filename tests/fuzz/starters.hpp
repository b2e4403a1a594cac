// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "launcher/host.hpp"

namespace fuzz {

/// The host that a text describes: everything that root on a current kernel has, changed by one
/// letter after another. Letters without a meaning are skipped.
lowport::Host host_from(std::string_view letters);

}  // namespace fuzz
