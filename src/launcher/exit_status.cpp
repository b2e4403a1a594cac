// SPDX-License-Identifier: MIT
#include "launcher/exit_status.hpp"

namespace lowport {

CommandError cannot_execute(const std::string& file, std::string_view reason,
                            std::string_view hint) {
  return {failure("cannot execute", file, reason, hint), ExitStatus::kCannotExecute};
}

CommandError cannot_find(const std::string& command, std::string_view reason,
                         std::string_view hint) {
  return {failure("cannot find the command", command, reason, hint), ExitStatus::kNotFound};
}

ExitStatus exit_status_of(const Error& error) {
  const auto* of_command = dynamic_cast<const CommandError*>(&error);
  return of_command == nullptr ? ExitStatus::kLauncherFailed : of_command->status();
}

}  // namespace lowport
