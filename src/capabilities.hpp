#pragma once

#include <linux/capability.h>

#include <cstdint>

/// The sets of capabilities(7) as the kernel reports them for this process: reads only, and by raw system calls, so
/// that what libcap-ng was told to change is proved by something other than libcap-ng.
namespace lowportbind {

/// Bit N is capability N, as in CapPrm of proc_pid_status(5).
using CapabilitySet = std::uint64_t;

constexpr CapabilitySet only(unsigned capability) { return CapabilitySet{1} << capability; }
constexpr bool contains(CapabilitySet set, unsigned capability) { return (set & only(capability)) != 0; }

constexpr CapabilitySet kNoCapability = 0;
constexpr CapabilitySet kNetBindService = only(CAP_NET_BIND_SERVICE);

struct ThreadCapabilities {
  CapabilitySet permitted = 0;
  CapabilitySet inheritable = 0;
  CapabilitySet effective = 0;
};

/// capget(2) of the calling thread. Throws Error.
ThreadCapabilities read_thread_capabilities();

/// PR_CAPBSET_READ for every capability that the running kernel knows. Throws Error.
CapabilitySet read_bounding_set();

/// PR_CAPBSET_READ and PR_CAP_AMBIENT_IS_SET for one capability. Each throws Error.
bool is_in_bounding_set(unsigned capability);
bool is_in_ambient_set(unsigned capability);

}  // namespace lowportbind
