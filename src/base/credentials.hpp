// SPDX-License-Identifier: MIT
#pragma once

#include <linux/capability.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <vector>

/// The ids of credentials(7) and the sets of capabilities(7), as the kernel reports them for this
/// process. Reads only, and with raw system calls: what libcap-ng was told to change is verified
/// without libcap-ng.
namespace lowport {

/// Real, effective and saved.
struct ProcessIds {
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
};

/// Who runs this program, whose real, effective and saved ids are equal.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< sorted, without duplicates

  [[nodiscard]] bool is_root() const { return uid == 0; }
};

/// What the kernel shows for an id that is not mapped in this user namespace: the default of
/// /proc/sys/kernel/overflowuid and overflowgid.
constexpr id_t kOverflowId = 65534;

/// getresuid(2) and getresgid(2). Throws Error.
ProcessIds read_ids();

/// getgroups(2): the supplementary groups, sorted, without duplicates. Throws Error.
std::vector<gid_t> read_groups();

/// Bit N is capability N, as in CapPrm of proc_pid_status(5).
using CapabilitySet = std::uint64_t;

constexpr CapabilitySet bit(unsigned capability) { return CapabilitySet{1} << capability; }
constexpr bool contains(CapabilitySet set, unsigned capability) {
  return (set & bit(capability)) != 0;
}

constexpr CapabilitySet kNoCapability = 0;
constexpr CapabilitySet kNetBindService = bit(CAP_NET_BIND_SERVICE);

struct ThreadCapabilities {
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  CapabilitySet effective = 0;
};

/// capget(2) of the calling thread. Throws Error.
ThreadCapabilities read_thread_capabilities();

/// Whether the running kernel is sure to know a capability, so that EINVAL for it must not be
/// believed: CAP_AUDIT_READ is the last of Linux 3.16, every kernel with the ambient set (4.3)
/// knows at least as many, and it knows each one up to the highest that this process was `seen` to
/// hold. Beyond those, the kernel's answer decides. Pure.
constexpr bool is_surely_known(unsigned capability, CapabilitySet seen) {
  return capability <= CAP_AUDIT_READ || (seen >> capability) != 0;
}

/// PR_CAPBSET_READ for every capability that the running kernel knows; for `seen`, see
/// is_surely_known(). Throws Error.
CapabilitySet read_bounding_set(CapabilitySet seen);

/// PR_CAPBSET_READ and PR_CAP_AMBIENT_IS_SET for one capability. Each throws Error.
bool is_in_bounding_set(unsigned capability);
bool is_in_ambient_set(unsigned capability);

/// PR_GET_NO_NEW_PRIVS. Throws Error.
bool has_no_new_privs();

}  // namespace lowport
