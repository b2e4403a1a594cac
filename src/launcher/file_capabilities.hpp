// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/credentials.hpp"

/// What setcap(8) writes to a file, and what keeps execve(2) from counting it (capabilities(7),
/// user_namespaces(7)). Reads only.
namespace lowport {

/// The user namespace that file capabilities are for: the one whose root has the id that is stored
/// with them, and those within it.
enum class CapabilityRoot {
  kOurs,  ///< the root of this user namespace, or of one that is known to be around it
  /// Another id of this user namespace, which is the root of one within, or may be that of one
  /// around it.
  kOther,
  /// An id that has no number in this user namespace: for none that is around it, and not readable.
  kUnknown,
};

struct FileCapabilities {
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  bool effective = false;
  CapabilityRoot root = CapabilityRoot::kOurs;
};

/// The attribute security.capability, or nothing where there is none that would matter: also for a
/// file that is not there or cannot be looked at. Throws Error where the kernel fails to say.
std::optional<FileCapabilities> read_file_capabilities(const std::string& file);

/// False if they surely do not count in this user namespace. Within an inner one it cannot be told
/// whether another id is the root of one around it: there they are taken to count.
bool may_count_here(const FileCapabilities& capabilities);

/// A file system that is mounted nosuid has neither file capabilities nor set-id bits to the kernel
/// (mount(8)).
bool is_nosuid(const std::string& file);

}  // namespace lowport
