// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowport {

/// The daemon's environment as changes to the launcher's.
struct EnvironmentPlan {
  /// Keep only the variables in `keep` and those that --clear-env always keeps.
  bool clear = false;
  std::vector<std::string> keep;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> unset;  ///< names; "EINHORN_FD*" is every name with that prefix
};

/// The variables that `--user` sets, or removes if passwd(5) has no value for them.
constexpr std::array<const char*, 4> kFollowsAccount{"HOME", "USER", "LOGNAME", "SHELL"};
bool follows_account(std::string_view name);

/// The variables that `--clear-env` always keeps: those that a shell started by the daemon cannot
/// do without, and none that may carry a secret.
bool is_always_kept(std::string_view name);

/// The variables that tell a program which of its descriptors are sockets, or a channel, from
/// whoever started it, in the form of EnvironmentPlan::unset: sd_listen_fds(3) and the crate
/// listenfd, nginx, Server::Starter, Einhorn, php-fpm, gunicorn (which takes GUNICORN_PID to mean
/// that GUNICORN_FD is set), unicorn, puma, Upstart, and node's channel to its parent. The
/// launcher's own are stale in the daemon, which has other descriptors.
inline constexpr std::array kAnnouncesDescriptors{
    "LISTEN_FDS",          "LISTEN_PID",      "LISTEN_FDNAMES", "LISTEN_PIDFDID",
    "LISTEN_FDS_FIRST_FD", "NGINX",           "FPM_SOCKETS",    "GUNICORN_FD",
    "GUNICORN_PID",        "UNICORN_FD",      "UPSTART_FDS",    "SERVER_STARTER_PORT",
    "EINHORN_FD*",         "EINHORN_SOCK_FD", "PUMA_INHERIT_*", "NODE_CHANNEL_FD"};
bool announces_descriptors(std::string_view name);

/// A list of NAME=VALUE entries as in environ(7). Entries that no option mentions stay as they are,
/// in their order, duplicates and entries without "=" included.
using Environment = std::vector<std::string>;

/// The entries of the calling process: views, valid until it changes its environment.
std::vector<std::string_view> read_environment();

/// `inherited` with the changes of the plan: setting or removing a variable removes every copy of
/// it. Pure.
Environment build_environment(const EnvironmentPlan& plan,
                              const std::vector<std::string_view>& inherited);

/// The value of the first entry with that name. Pure.
std::optional<std::string_view> find_variable(const Environment& environment,
                                              std::string_view name);

}  // namespace lowport
