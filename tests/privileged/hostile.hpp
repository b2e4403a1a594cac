// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon.hpp"

/// Shared by the hostile_*_test.cpp: the same launch in every mode, and the whole state of its
/// daemon.
namespace hostile {

/// What the daemon of `-p 80` has in a mode, except descriptors 0 to 2, which are the caller's.
struct Mode {
  std::string name;
  std::string capabilities;
  std::string open;                            ///< the probe's answer to `fds`
  std::map<std::string, std::string> sockets;  ///< and to `fd=N`
};

const std::vector<Mode>& modes();

/// The options of a launch in a mode, before `--`.
support::Words options_of(const Mode& mode, const support::Words& more = {});

/// Asks the probe for the whole state. The answers go to a file: an inetd server has a socket as
/// stdout, and a descriptor that was closed is the null device.
support::Words questions_to(const std::string& file, const support::Words& more = {});
/// The command line of the probe that answers this.
support::Words ask_for_state(const std::string& file, const support::Words& more = {});

/// Runs a command line whose probe writes to `file`, whose content becomes the result's `out`.
support::Result run_to(const std::string& file, const support::Words& argv,
                       std::function<void()> in_child);

/// Launches the probe in a mode, with further options, and asks it for its state and more.
support::Result launch(const Mode& mode, std::function<void()> in_child,
                       const support::Words& options = {}, const support::Words& questions = {});

/// Checks that the daemon is as planned, in everything that it was asked for. Returns its answers.
std::map<std::string, std::string> check_as_planned(const Mode& mode, const support::Result& result,
                                                    support::Expected expected = {});

/// Whether the launcher under test is the static one, which needs no dynamic loader.
bool launcher_is_static();

/// For in_child: these capabilities and no others are permitted, inheritable, effective and
/// ambient, also for a user.
void hold_ambient(std::uint64_t set, uid_t uid);

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

}  // namespace hostile
