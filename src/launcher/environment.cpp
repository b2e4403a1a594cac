// SPDX-License-Identifier: MIT
#include "launcher/environment.hpp"

#include <unistd.h>

#include <algorithm>

namespace lowport {
namespace {

/// Whether this is the variable's entry, with a value or without `=`. The cheap test comes first:
/// most entries are for other variables.
bool is_entry_of(std::string_view name, std::string_view entry) {
  return entry.size() >= name.size() &&
         (entry.size() == name.size() || entry[name.size()] == '=') && entry.starts_with(name);
}

/// The same for a name in EnvironmentPlan::unset, which may be a prefix.
bool is_unset_by(std::string_view pattern, std::string_view entry) {
  return pattern.ends_with('*') ? entry.starts_with(pattern.substr(0, pattern.size() - 1))
                                : is_entry_of(pattern, entry);
}

bool survives_clearing(std::string_view entry, const EnvironmentPlan& plan) {
  const auto name = entry.substr(0, entry.find('='));
  return is_always_kept(name) ||
         std::find(plan.keep.begin(), plan.keep.end(), name) != plan.keep.end();
}

}  // namespace

bool follows_account(std::string_view name) {
  return std::find(kFollowsAccount.begin(), kFollowsAccount.end(), name) != kFollowsAccount.end();
}

bool announces_descriptors(std::string_view name) {
  return std::any_of(kAnnouncesDescriptors.begin(), kAnnouncesDescriptors.end(),
                     [name](std::string_view pattern) { return is_unset_by(pattern, name); });
}

bool is_always_kept(std::string_view name) {
  constexpr std::array<std::string_view, 4> kAlways{"PATH", "TERM", "LANG", "TZ"};
  return name.starts_with("LC_") ||
         std::find(kAlways.begin(), kAlways.end(), name) != kAlways.end();
}

std::vector<std::string_view> read_environment() {
  std::vector<std::string_view> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    entries.emplace_back(*entry);
  }
  return entries;
}

Environment build_environment(const EnvironmentPlan& plan,
                              const std::vector<std::string_view>& inherited) {
  const auto is_kept = [&](std::string_view entry) {
    if (plan.clear && !survives_clearing(entry, plan)) {
      return false;
    }
    return std::none_of(plan.set.begin(), plan.set.end(),
                        [&](const auto& change) { return is_entry_of(change.first, entry); }) &&
           std::none_of(plan.unset.begin(), plan.unset.end(),
                        [&](const std::string& name) { return is_unset_by(name, entry); });
  };
  Environment environment;
  environment.reserve(inherited.size() + plan.set.size());
  for (const auto entry : inherited) {
    if (is_kept(entry)) {
      environment.emplace_back(entry);
    }
  }
  for (auto change = plan.set.begin(); change != plan.set.end(); ++change) {
    const bool is_last = std::none_of(change + 1, plan.set.end(), [&](const auto& later) {
      return later.first == change->first;
    });
    if (is_last) {
      environment.push_back(change->first + "=" + change->second);
    }
  }
  return environment;
}

std::optional<std::string_view> find_variable(const Environment& environment,
                                              std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && is_entry_of(name, entry)) {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

}  // namespace lowport
