// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

/// The exit statuses of env(1), nohup(1) and docker(1): every other one is the daemon's own.
namespace lowport {

enum class ExitStatus { kLauncherFailed = 125, kCannotExecute = 126, kNotFound = 127 };

/// A failure of the command and not of the launch.
class CommandError : public Error {
 public:
  CommandError(const Error& error, ExitStatus status) : Error(error), status_(status) {}

  [[nodiscard]] ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

/// The command is there, and cannot be executed.
CommandError cannot_execute(const std::string& file, std::string_view reason,
                            std::string_view hint = {});

CommandError cannot_find(const std::string& command, std::string_view reason,
                         std::string_view hint = {});

/// A failure that was caught, and the status that a launch would have ended with.
struct Obstacle {
  Error error;
  ExitStatus status = ExitStatus::kLauncherFailed;
};

/// The status that the launcher ends with.
ExitStatus exit_status_of(const Error& error);

}  // namespace lowport
