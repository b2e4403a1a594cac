// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lowport {

/// A program that binfmt_misc starts in place of a file, such as qemu-user for another machine's
/// programs.
struct RegisteredInterpreter {
  std::string path;
  /// Flag F: it was opened at registration, and need not exist at that path here.
  bool is_open = false;
  /// Flag C: the set-id bits and capabilities of the file count, not the interpreter's own.
  bool uses_files_rights = false;
};

/// The interpreter registered for a file with this beginning, as execve(2) looks for it: before
/// trying any other format, by the first 256 bytes or by the extension (kernel:
/// admin-guide/binfmt-misc). If several match, any of them. Returns nullopt if
/// /proc/sys/fs/binfmt_misc is not mounted, as in most containers, where the host's entries apply
/// unseen.
std::optional<RegisteredInterpreter> find_registered_interpreter(const std::string& file,
                                                                 std::string_view beginning);

}  // namespace lowport
