#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan.hpp"

namespace lowportbind {

/// A list of NAME=VALUE entries as environ(7) has it. Entries that nothing was said about stay as they are, in their
/// order, duplicates and entries without "=" included.
using Environment = std::vector<std::string>;

/// The environment of the calling process.
Environment read_environment();

/// `inherited` with the changes of the plan: a variable that is set or removed is gone in every copy of it. Pure.
Environment build_environment(const EnvironmentPlan& plan, Environment inherited);

/// The value of the first entry of that name. Pure.
std::optional<std::string_view> find_variable(const Environment& environment, std::string_view name);

}  // namespace lowportbind
