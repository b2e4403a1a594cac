// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "launcher/plan.hpp"
#include "refusal.hpp"
#include "services.hpp"

/// The situations that the plan's tests start from: who starts the launcher, the account and the
/// ports.
namespace situation {

constexpr lowport::CapabilitySet kEveryCapability = (lowport::CapabilitySet{1} << 41U) - 1;
constexpr int kLandlockAbi = 4;

inline lowport::Host on_usual_kernel(lowport::Host host) {
  host.pid = 4242;
  host.unprivileged_port_start = 1024;
  host.has_ipv6 = true;
  host.has_fsuid = true;
  host.confinement = lowport::ConfinementSupport{kLandlockAbi, {}};
  host.no_new_privs = false;
  return host;
}

inline lowport::Host started_by_root() {
  lowport::Host host;
  host.identity = {0, 0, {0}};
  host.capabilities = {kEveryCapability, 0, kEveryCapability};
  host.longest_backlog = 4096;
  host.may_keep_capabilities = false;
  return on_usual_kernel(std::move(host));
}

inline lowport::Host started_by_user() {
  lowport::Host host;
  host.identity = {1000, 1000, {27, 1000}};
  host.lacked =
      lowport::LackedCapability{true, lowport::Uncounted::kHasNone, "/usr/sbin/lowportbind"};
  return on_usual_kernel(std::move(host));
}

/// A file with `cap_net_bind_service=p`: permitted, not yet effective.
inline lowport::Host started_from_capable_file() {
  auto host = started_by_user();
  host.capabilities = {lowport::kNetBindService, 0, 0};
  return host;
}

inline lowport::Account www_data() {
  return {33, 33, {33}, "www-data", "/var/www", "/usr/sbin/nologin"};
}

/// What resolve_account() returns for a caller without --user.
inline lowport::Account the_caller() { return {1000, 1000, {27, 1000}, {}, {}, {}}; }

/// As root types it: --user www-data -p PORTS.
inline lowport::Options for_www_data(const std::string& ports,
                                     lowport::Mode mode = lowport::Mode::kAmbient) {
  lowport::Options options;
  options.user = "www-data";
  options.mode = mode;
  if (!ports.empty()) {
    options.listen = parse_known(ports);
  }
  return options;
}

/// As a user types it: -p PORTS.
inline lowport::Options for_the_caller(const std::string& ports,
                                       lowport::Mode mode = lowport::Mode::kAmbient) {
  auto options = for_www_data(ports, mode);
  options.user.reset();
  return options;
}

inline lowport::Host with_inherited(lowport::Host host, std::vector<std::string> names) {
  host.inherited = lowport::InheritedSockets{std::move(names)};
  return host;
}

inline lowport::Plan plan_for_root(const lowport::Options& options) {
  return make_plan(options, www_data(), started_by_root());
}

/// A kernel that cannot confine, for this reason.
inline lowport::Host without_confinement(lowport::Host host, const std::string& why_not) {
  host.confinement = lowport::ConfinementSupport{0, why_not};
  return host;
}

inline lowport::Host without(lowport::Host host, unsigned capability) {
  host.capabilities.permitted &= ~lowport::bit(capability);
  host.capabilities.effective &= ~lowport::bit(capability);
  if (capability == CAP_NET_BIND_SERVICE) {
    host.lacked = lowport::LackedCapability{};
  }
  return host;
}

/// The value that the plan gives a variable; "unset" if it gives none.
inline std::string variable(const lowport::Plan& plan, const std::string& name) {
  std::string value = "unset";
  for (const auto& [set_name, set_value] : plan.environment.set) {
    if (set_name == name) {
      value = set_value;
    }
  }
  return value;
}

}  // namespace situation
