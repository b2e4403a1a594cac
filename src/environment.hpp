#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowportbind {

/// The daemon's environment as changes to the launcher's.
struct EnvironmentPlan {
  bool clear = false;  ///< keep only the variables in `keep` and those that --clear-env always keeps
  std::vector<std::string> keep;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> unset;
};

/// The variables that `--user` sets, or removes where passwd(5) does not say what to set.
constexpr std::array<const char*, 4> kFollowsAccount{"HOME", "USER", "LOGNAME", "SHELL"};
bool follows_account(std::string_view name);

/// The variables that `--clear-env` keeps without being told: what a shell of the daemon's could not do without, and
/// nothing that may carry a secret.
bool is_always_kept(std::string_view name);

/// A list of NAME=VALUE entries as environ(7) has it. Entries that nothing was said about stay as they are, in their
/// order, duplicates and entries without "=" included.
using Environment = std::vector<std::string>;

/// The entries of the calling process: views, good until it changes its environment.
std::vector<std::string_view> read_environment();

/// `inherited` with the changes of the plan: a variable that is set or removed is gone in every copy of it. Pure.
Environment build_environment(const EnvironmentPlan& plan, const std::vector<std::string_view>& inherited);

/// The value of the first entry of that name. Pure.
std::optional<std::string_view> find_variable(const Environment& environment, std::string_view name);

}  // namespace lowportbind
