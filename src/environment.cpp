#include "environment.hpp"

#include <unistd.h>

#include <algorithm>

namespace lowportbind {
namespace {

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

bool survives_clearing(std::string_view name, const EnvironmentPlan& plan) {
  return is_always_kept(name) || std::find(plan.keep.begin(), plan.keep.end(), name) != plan.keep.end();
}

}  // namespace

bool follows_account(std::string_view name) {
  return std::find(kFollowsAccount.begin(), kFollowsAccount.end(), name) != kFollowsAccount.end();
}

bool is_always_kept(std::string_view name) {
  constexpr std::array<std::string_view, 4> kAlways{"PATH", "TERM", "LANG", "TZ"};
  return name.starts_with("LC_") || std::find(kAlways.begin(), kAlways.end(), name) != kAlways.end();
}

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

Environment build_environment(const EnvironmentPlan& plan, Environment inherited) {
  const auto is_set = [&](std::string_view name) {
    return std::any_of(plan.set.begin(), plan.set.end(), [&](const auto& change) { return change.first == name; });
  };
  std::erase_if(inherited, [&](const std::string& entry) {
    const auto name = name_of(entry);
    if (plan.clear && !survives_clearing(name, plan)) return true;
    return is_set(name) || std::find(plan.unset.begin(), plan.unset.end(), name) != plan.unset.end();
  });
  for (auto change = plan.set.begin(); change != plan.set.end(); ++change) {
    const bool is_last =
        std::none_of(change + 1, plan.set.end(), [&](const auto& later) { return later.first == change->first; });
    if (is_last) inherited.push_back(change->first + "=" + change->second);
  }
  return inherited;
}

std::optional<std::string_view> find_variable(const Environment& environment, std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

}  // namespace lowportbind
