// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/plan.hpp"

namespace lowport {

enum class Colour { kNone, kTerminal };

/// What `--check` prints once the launch has come as far as the exec, or failed on the way with
/// `obstacle`: one line for each fact, for a person to read. `group_name` may be empty. `file` is
/// the command as found; if it is empty, the command is shown as given. Pure.
std::string describe_plan(const Plan& plan, std::string_view group_name, std::string_view file,
                          const Error* obstacle, Colour colour);

/// The warnings that a launch of this plan prints on stderr before going on: one line each, without
/// the program's name. Pure.
std::vector<std::string> warnings_of(const Plan& plan);

/// The ports as "80,443,8000-8100". Pure.
std::string describe_port_list(const std::vector<std::uint16_t>& listed);

/// The addresses as `--port` takes them: "80/tcp,127.0.0.1:53/udp". Pure.
std::string describe_addresses(const std::vector<ListenAddress>& addresses);

/// What `--help` prints: at most 80 columns wide and 40 lines long. Pure.
std::string help_text();

/// What `--version` prints. Pure.
std::string version_text(std::string_view name_source);

}  // namespace lowport
