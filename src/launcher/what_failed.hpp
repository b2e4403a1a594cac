// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

/// What failed: how messages begin that more than one file prints.
namespace lowport {

constexpr std::string_view kCannotReadCommandLine = "cannot read the command line";
constexpr std::string_view kCannotUseOption = "cannot use the option";
constexpr std::string_view kContradiction = "the options contradict each other";
constexpr std::string_view kNoEffect = "the option has no effect";
constexpr std::string_view kCannotBecome = "cannot become";
constexpr std::string_view kCannotBind = "cannot bind";
constexpr std::string_view kCannotConfine = "cannot confine the daemon to its ports";
constexpr std::string_view kCannotOpenSocketsAs = "cannot open sockets as";
constexpr std::string_view kNotAsPlanned = "refusing to start the daemon";

}  // namespace lowport
