// SPDX-License-Identifier: MIT
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

/// Shared by the tests that launch under a foreign filter, such as a container engine's.
namespace support {

struct RefusedCall {
  long number;
  int error;  ///< 0: the call claims success and does nothing
};

/// For in_child: these system calls give this answer from here on.
inline void refuse_calls(const std::vector<RefusedCall>& calls) {
  std::vector<sock_filter> filter{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)}};
  for (const auto& call : calls) {
    const auto answer = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(call.error);
    filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(call.number)});
    filter.push_back({BPF_RET | BPF_K, 0, 0, answer});
  }
  filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
    _exit(122);
  }
}

}  // namespace support
