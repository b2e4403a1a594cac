// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "base/credentials.hpp"

/// What setcap(8) writes to a file, and what keeps execve(2) from honouring it (capabilities(7),
/// user_namespaces(7)). Reads only.
namespace lowport {

/// The user namespace that file capabilities are for: the one whose root has the id stored with
/// them, and those within it.
enum class CapabilityRoot {
  kOurs,  ///< the root of this user namespace, or of one known to be around it
  /// Another id in this user namespace: the root of an inner one, or perhaps of one around it.
  kOther,
  /// An id that is not mapped in this user namespace: not readable, and not the root of any that is
  /// around it.
  kUnknown,
};

struct FileCapabilities {
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  bool effective = false;
  CapabilityRoot root = CapabilityRoot::kOurs;
};

/// The attribute security.capability, or nullopt if there is none that would matter, also for a
/// file that does not exist or cannot be examined. Throws Error if the kernel fails to answer.
std::optional<FileCapabilities> read_file_capabilities(const std::string& file);

/// False if they are sure not to count in this user namespace. In an inner one, another id may be
/// the root of one around it; there they are assumed to count.
bool may_count_here(const FileCapabilities& capabilities);

/// Whether the file system is mounted nosuid: the kernel then ignores file capabilities and set-id
/// bits (mount(8)).
bool is_nosuid(const std::string& file);

}  // namespace lowport
