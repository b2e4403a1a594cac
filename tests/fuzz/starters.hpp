#pragma once

#include <string_view>

#include "host.hpp"

namespace fuzz {

/// The host that a text describes: everything that root on a current kernel has, changed by one letter after the other.
/// Letters without a meaning are passed over.
lowportbind::Host host_from(std::string_view letters);

}  // namespace fuzz
