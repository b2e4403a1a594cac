// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

/// Shared by the cli tests: the launch of a command that leaves a file behind, which shows whether
/// it ran.
namespace attempt {

struct Attempt {
  support::Result result;
  bool executed = false;
};

/// `--user www-data` for root, who must name an account; nothing for a user.
inline std::vector<std::string> account() {
  return geteuid() == 0 ? std::vector<std::string>{"--user", "www-data"}
                        : std::vector<std::string>{};
}

/// Launches the probe with these options; `separator` comes before it.
inline Attempt launch(std::vector<std::string> options, support::Invocation invocation = {},
                      const std::vector<std::string>& separator = {"--"}) {
  const support::TemporaryDirectory directory;
  if (chmod(directory.path().c_str(), 0777) != 0) {
    return {};
  }
  const auto mark = directory.path("mark");
  options.insert(options.end(), separator.begin(), separator.end());
  options.insert(options.end(), {support::probe(), "to=" + mark, "pid"});
  Attempt attempt;
  attempt.result = support::launch(std::move(options), std::move(invocation));
  attempt.executed = std::filesystem::exists(mark);
  return attempt;
}

/// The account's options, followed by these.
inline std::vector<std::string> with_account(const std::vector<std::string>& options) {
  auto all = account();
  all.insert(all.end(), options.begin(), options.end());
  return all;
}

/// What stderr contains for a message and its hint, which may be empty.
inline std::string lines(const std::string& message, const std::string& hint) {
  std::string text = "lowportbind: ";
  text += message;
  text += '\n';
  if (hint.empty()) {
    return text;
  }
  text += "lowportbind: hint: ";
  text += hint;
  text += '\n';
  return text;
}

}  // namespace attempt
