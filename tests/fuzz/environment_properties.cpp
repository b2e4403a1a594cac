// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "handover.hpp"
#include "launcher/environment.hpp"
#include "properties.hpp"

namespace fuzz {

using lowport::Host;
using lowport::Mode;
using lowport::Options;
using lowport::Plan;

namespace {

/// What a launcher may find in its environment, including a stale announcement of other sockets.
std::vector<std::string_view> inherited_environment() {
  return {"PATH=/bin",          "LISTEN_FDS=9",     "LISTEN_PID=1",
          "LISTEN_FDNAMES=old", "LISTEN_PIDFDID=5", "NGINX=3;4;",
          "NGINX=5;",           "HOME=/root",       "USER=root",
          "LOGNAME=root",       "SHELL=/bin/bash",  "SECRET=1",
          "LC_ALL=C",           "TERM=dumb",        "SERVER_STARTER_PORT=80=3",
          "EINHORN_FD_0=3"};
}

std::string value_of(const lowport::Environment& environment, std::string_view name) {
  return std::string(lowport::find_variable(environment, name).value_or("unset"));
}

/// A value set by the user wins; otherwise it is the account's, and never the launcher's.
void check_follower(const Plan& plan, const Options& options, const std::string& name,
                    const std::string& value) {
  const auto environment = lowport::build_environment(plan.environment, inherited_environment());
  const auto& set = options.environment.set;
  const auto by_user =
      std::find_if(set.begin(), set.end(), [&](const auto& entry) { return entry.first == name; });
  require(value_of(environment, name) == (by_user == set.end() ? value : by_user->second),
          "what follows the account is the account's");
}

}  // namespace

void check_announcement(const Plan& plan, const Host& host) {
  const auto environment = lowport::build_environment(plan.environment, inherited_environment());
  const auto total = static_cast<std::size_t>(plan.descriptors.inherited + plan.descriptors.count);
  std::vector<int> numbers;
  for (std::size_t index = 0; index < total; ++index) {
    numbers.push_back(3 + static_cast<int>(index));
  }
  require(value_of(environment, "LISTEN_PIDFDID") == "unset", "nothing stale reaches the daemon");
  for (const auto* entry : {"SERVER_STARTER_PORT=80=3", "EINHORN_FD_0=3"}) {
    require(std::find(environment.begin(), environment.end(), entry) == environment.end(),
            "nothing stale reaches the daemon");
  }
  if (plan.mode == Mode::kNginx) {
    require(nginx_descriptors(value_of(environment, "NGINX")) == numbers,
            "nginx finds every socket");
  } else {
    require(value_of(environment, "NGINX") == "unset",
            "nginx is told nothing that is not meant for it");
  }
  if (plan.mode != Mode::kListenFds) {
    for (const auto* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
      require(value_of(environment, name) == "unset", "what is not handed over is not announced");
    }
    return;
  }
  const auto announced = listen_fds(environment, host.pid);
  require(announced.has_value(), "sd_listen_fds_with_names(3) reads the announcement");
  require(announced->size() == total, "LISTEN_FDS says how many sockets there are");
  std::size_t index = static_cast<std::size_t>(plan.descriptors.inherited);
  for (const auto& address : plan.listen) {
    require(announced->at(index) == (address.name.empty() ? "unknown" : address.name),
            "each socket has its name");
    ++index;
  }
}

void check_environment(const Plan& plan, const Options& options) {
  const auto environment = lowport::build_environment(plan.environment, inherited_environment());
  std::vector<std::string> names;
  for (const auto& entry : environment) {
    const auto equals = entry.find('=');
    require(equals != std::string::npos && equals != 0, "every variable has a name");
    names.push_back(entry.substr(0, equals));
  }
  std::sort(names.begin(), names.end());
  require(std::adjacent_find(names.begin(), names.end()) == names.end(),
          "every variable is there once");
  for (const auto& [name, value] : options.environment.set) {
    require(value_of(environment, name) == value, "what was set by name is set");
  }
  const auto& keep = options.environment.keep;
  const bool kept =
      !options.environment.clear || std::find(keep.begin(), keep.end(), "SECRET") != keep.end();
  const bool set = std::any_of(options.environment.set.begin(), options.environment.set.end(),
                               [](const auto& entry) { return entry.first == "SECRET"; });
  if (!set) {
    require(value_of(environment, "SECRET") == (kept ? "1" : "unset"),
            "--clear-env clears, and nothing else");
  }
  if (!options.user) {
    return;
  }
  const auto& account = plan.account;
  const bool named = !account.user.empty();
  check_follower(plan, options, "HOME", named ? account.home : "/");
  check_follower(plan, options, "USER", named ? account.user : "unset");
  check_follower(plan, options, "LOGNAME", named ? account.user : "unset");
  check_follower(plan, options, "SHELL",
                 !named                  ? "unset"
                 : account.shell.empty() ? "/bin/sh"
                                         : account.shell);
}

}  // namespace fuzz
