// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

/// The exit statuses are those of env(1), nohup(1) and docker(1); any other is the daemon's own.
namespace lowport {

enum class ExitStatus { kLauncherFailed = 125, kCannotExecute = 126, kNotFound = 127 };

/// A failure of the command, not of the launch.
class CommandError : public Error {
 public:
  CommandError(const Error& error, ExitStatus status) : Error(error), status_(status) {}

  [[nodiscard]] ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

/// The command exists, but cannot be executed.
CommandError cannot_execute(const std::string& file, std::string_view reason,
                            std::string_view hint = {});

CommandError cannot_find(const std::string& command, std::string_view reason,
                         std::string_view hint = {});

/// A failure that was caught, and the status with which a launch would have ended.
struct Obstacle {
  Error error;
  ExitStatus status = ExitStatus::kLauncherFailed;
};

/// The status with which the launcher ends.
ExitStatus exit_status_of(const Error& error);

}  // namespace lowport
