// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/credentials.hpp"

/// The launcher's own file: where it is, and what it gives to a launcher that is not root's.
namespace lowport {

/// The file's path for a hint, or the program's name if it has none.
std::string read_launcher_path();

/// Why a file capability of the launcher's own file did not count when it was executed.
enum class Uncounted {
  kHasNone,         ///< there is none to count
  kOtherNamespace,  ///< it is for another user namespace
  kNosuid,          ///< the file system is mounted nosuid
  kTraced,          ///< by a process that may not grant it
  kSharesFs,        ///< with the process that started it: clone(2), CLONE_FS
  kUnknown,
};

/// What is known of a launcher that lacks CAP_NET_BIND_SERVICE, for the hint on how to get it.
struct LackedCapability {
  bool can_be_granted = false;  ///< it is in the bounding set
  Uncounted uncounted = Uncounted::kHasNone;
  std::string launcher_path;
};

/// Reads it. Throws Error where the bounding set cannot be read.
LackedCapability read_lacked_capability(bool no_new_privs);

/// Throws Error for a file that has given its user more than CAP_NET_BIND_SERVICE: the daemon's
/// account could then be chosen by whoever may run the file.
void refuse_excessive_file_capabilities(const Identity& caller,
                                        const ThreadCapabilities& capabilities);

}  // namespace lowport
