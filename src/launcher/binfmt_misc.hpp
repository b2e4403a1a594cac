// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lowport {

/// A program that binfmt_misc starts in the place of a file, such as qemu-user for the programs of
/// another machine.
struct RegisteredInterpreter {
  std::string path;
  /// Flag F: it was opened when it was registered, and need not be at that path here.
  bool is_open = false;
  /// Flag C: the set-id bits and file capabilities of the file count, not its own.
  bool uses_files_rights = false;
};

/// The interpreter that is registered for a file with this beginning, as execve(2) looks for it:
/// before any other format is tried, by the first 256 bytes or by the extension (kernel:
/// admin-guide/binfmt-misc). Of several that match, any. Nothing where /proc/sys/fs/binfmt_misc is
/// not mounted, as in most containers, where the host's are in force unseen.
std::optional<RegisteredInterpreter> find_registered_interpreter(const std::string& file,
                                                                 std::string_view beginning);

}  // namespace lowport
