// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "launcher/account.hpp"
#include "launcher/listen_address.hpp"

namespace lowport {

/// How the daemon gets its ports.
enum class Mode { kAmbient, kListenFds, kInetd, kNginx };

/// Whether the launcher opens the sockets; in ambient mode the daemon does.
constexpr bool opens_sockets(Mode mode) { return mode != Mode::kAmbient; }

/// `--confine`: which ports the daemon can bind (TCP, and UDP from Linux 7.2 on): all that its
/// capabilities allow, the listed and the unprivileged ones, or only the listed ones.
enum class Confinement { kOff, kPrivileged, kListed };

/// `--env` and `--clear-env`.
struct EnvironmentChoice {
  bool clear = false;
  std::vector<std::string> keep;
  std::vector<std::pair<std::string, std::string>> set;
};

enum class Action { kLaunch, kCheck, kShowHelp, kShowVersion };

/// The command line as typed, each value parsed and range-checked on its own. How the values fit
/// together, with each other and with the host, is decided by the plan.
struct Options {
  Action action = Action::kLaunch;
  std::optional<std::string> user;
  std::optional<GroupsChoice> groups;
  std::vector<ListenAddress> listen;
  Mode mode = Mode::kAmbient;
  std::optional<Confinement> confinement;
  std::optional<int> backlog;
  bool reuse_port = false;
  EnvironmentChoice environment;
  std::vector<int> keep_fds;
  bool own_stdio = false;
  bool new_session = false;
  bool allow_new_privs = false;
  bool json = false;  ///< print the report of `--check` as JSON
  bool verbose = false;
  std::span<char* const> command;  ///< argv after `--`; the null pointer that ends argv follows it
};

/// Reads argv up to the first `--`, which is required unless help or the version is asked for.
/// Touches nothing outside argv, but asks `find_service` about ports given by name. Throws Error.
Options parse_options(std::span<char* const> arguments, const FindService& find_service);

/// The value of `--confine`; without it, privileged in ambient mode, otherwise off. Pure.
Confinement confinement_of(const Options& options);

/// The value as spelled on the command line.
std::string_view mode_name(Mode mode);
std::string_view confinement_name(Confinement confinement);

}  // namespace lowport
