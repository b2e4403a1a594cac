// SPDX-License-Identifier: MIT
#include "base/credentials.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/sorted.hpp"

namespace lowport {
namespace {

/// 1, 0, or -1 with errno set.
int read_bounding_bit(unsigned capability) { return prctl(PR_CAPBSET_READ, capability, 0, 0, 0); }

}  // namespace

ProcessIds read_ids() {
  ProcessIds ids;
  auto& [real_uid, effective_uid, saved_uid] = ids.uids;
  auto& [real_gid, effective_gid, saved_gid] = ids.gids;
  if (getresuid(&real_uid, &effective_uid, &saved_uid) != 0) {
    throw system_failure("cannot read the user ids", "getresuid", errno);
  }
  if (getresgid(&real_gid, &effective_gid, &saved_gid) != 0) {
    throw system_failure("cannot read the group ids", "getresgid", errno);
  }
  return ids;
}

std::vector<gid_t> read_groups() {
  const int count = getgroups(0, nullptr);
  std::vector<gid_t> groups(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count < 0 || (count > 0 && getgroups(count, groups.data()) != count)) {
    throw system_failure("cannot read the supplementary groups", "getgroups", errno);
  }
  return sorted_once(std::move(groups));
}

ThreadCapabilities read_thread_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> halves{};
  if (syscall(SYS_capget, &header, halves.data()) != 0) {
    throw system_failure("cannot read the capabilities", "capget", errno);
  }
  const auto join = [](std::uint32_t low, std::uint32_t high) {
    return CapabilitySet{high} << 32U | low;
  };
  return {join(halves[0].permitted, halves[1].permitted),
          join(halves[0].inheritable, halves[1].inheritable),
          join(halves[0].effective, halves[1].effective)};
}

// The kernel answers EINVAL past its last capability. A fault or a filter could answer the same,
// and stopping there would leave the rest unread. So EINVAL is not believed for a capability that
// the kernel is sure to know, and past those it takes two in a row.
CapabilitySet read_bounding_set(CapabilitySet seen) {
  constexpr unsigned kBitsOfSet = 64;
  CapabilitySet set = kNoCapability;
  for (unsigned capability = 0; capability < kBitsOfSet; ++capability) {
    const int present = read_bounding_bit(capability);
    if (present > 0) {
      set |= bit(capability);
    }
    if (present >= 0) {
      continue;
    }
    const int error = errno;
    const bool may_be_the_end = error == EINVAL && !is_surely_known(capability, seen);
    if (may_be_the_end && read_bounding_bit(capability + 1) < 0 && errno == EINVAL) {
      break;
    }
    throw system_failure("cannot read the bounding set", std::to_string(capability), error);
  }
  return set;
}

bool is_in_bounding_set(unsigned capability) {
  const int present = read_bounding_bit(capability);
  if (present < 0) {
    throw system_failure("cannot read the bounding set", std::to_string(capability), errno);
  }
  return present > 0;
}

bool has_no_new_privs() {
  const int set = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  if (set < 0) {
    throw system_failure("cannot read no_new_privs", "prctl", errno);
  }
  return set == 1;
}

bool is_in_ambient_set(unsigned capability) {
  const int present = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0);
  if (present < 0) {
    throw system_failure("cannot read the ambient set", std::to_string(capability), errno,
                         "on a kernel without one, hand over sockets: --mode listen-fds; "
                         "where no port is privileged, as in gVisor, leave -p out");
  }
  return present > 0;
}

}  // namespace lowport
