// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "launcher/exit_status.hpp"
#include "launcher/plan.hpp"

namespace lowport {

/// What `--check --json` prints: one JSON object (RFC 8259) on one line, in ASCII only. Its keys
/// are always the same, and the manual page explains them. A key may be added without notice, but
/// is changed or removed only with a new "schema". `group_name` may be empty; `file` is the command
/// as found, or empty if it was not found or not looked for. Pure.
std::string describe_plan_as_json(const Plan& plan, std::string_view group_name,
                                  std::string_view file, const Obstacle* obstacle);

/// The same for a launch that failed before there was a plan: every key of the plan is null. Pure.
std::string describe_obstacle_as_json(const Obstacle& obstacle);

}  // namespace lowport
