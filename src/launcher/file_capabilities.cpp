// SPDX-License-Identifier: MIT
#include "launcher/file_capabilities.hpp"

#include <linux/capability.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"

namespace lowport {
namespace {

/// Whether this is the outermost user namespace, the only one where every id is its own
/// (user_namespaces(7)). If the map cannot be read, it is assumed not to be.
bool is_outermost_user_namespace() {
  const auto map = read_beginning("/proc/self/uid_map");
  return split_words(map, " \n") == std::vector<std::string_view>{"0", "0", "4294967295"};
}

}  // namespace

// getxattr(2) shows the capabilities of our own root as version 2, which has no id, and fails with
// EOVERFLOW for an id that is not mapped here (cap_inode_getsecurity() in the kernel's
// security/commoncap.c). Version 1 has never been written with effect.
std::optional<FileCapabilities> read_file_capabilities(const std::string& file) {
  constexpr std::array kNone{ENODATA,      ENOTSUP, ENOENT, ENOTDIR, ELOOP,
                             ENAMETOOLONG, EACCES,  EPERM,  ENOSYS,  ERANGE};
  vfs_ns_cap_data data{};
  const auto size = getxattr(file.c_str(), "security.capability", &data, sizeof(data));
  if (size < 0 && errno == EOVERFLOW) {
    return FileCapabilities{.root = CapabilityRoot::kUnknown};
  }
  if (size < 0 && std::find(kNone.begin(), kNone.end(), errno) == kNone.end()) {
    throw system_failure("cannot read the file capabilities of", file, errno);
  }
  if (size < static_cast<ssize_t>(XATTR_CAPS_SZ_2)) {
    return std::nullopt;
  }
  const bool has_root = size >= static_cast<ssize_t>(XATTR_CAPS_SZ_3) && data.rootid != 0;
  const auto join = [](std::uint32_t low, std::uint32_t high) {
    return CapabilitySet{high} << 32U | low;
  };
  return FileCapabilities{join(data.data[0].permitted, data.data[1].permitted),
                          join(data.data[0].inheritable, data.data[1].inheritable),
                          (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE) != 0,
                          has_root ? CapabilityRoot::kOther : CapabilityRoot::kOurs};
}

bool may_count_here(const FileCapabilities& capabilities) {
  if (capabilities.root == CapabilityRoot::kOther) {
    return !is_outermost_user_namespace();
  }
  return capabilities.root == CapabilityRoot::kOurs;
}

bool is_nosuid(const std::string& file) {
  struct statvfs status {};
  return statvfs(file.c_str(), &status) == 0 && (status.f_flag & ST_NOSUID) != 0;
}

}  // namespace lowport
