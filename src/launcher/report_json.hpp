// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "launcher/exit_status.hpp"
#include "launcher/plan.hpp"

namespace lowport {

/// What `--check --json` prints: one JSON object (RFC 8259) in one line, of ASCII alone. Its keys
/// are always the same ones, and what they stand for is in the manual page: a key is added without
/// notice, but changes its meaning or goes only with another "schema". `group_name` may be empty;
/// `file` is the command as it was found, and empty where it was not, or not looked for. Pure.
std::string describe_plan_as_json(const Plan& plan, std::string_view group_name,
                                  std::string_view file, const Obstacle* obstacle);

/// The same where the launch failed before there was a plan: every key of the plan is null. Pure.
std::string describe_obstacle_as_json(const Obstacle& obstacle);

}  // namespace lowport
