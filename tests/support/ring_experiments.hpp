// SPDX-License-Identifier: MIT
#pragma once

#include <linux/io_uring.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "socket_experiments.hpp"

/// An io_uring whose kernel thread takes what is written into its memory, without a system call:
/// the test sets it up, and the probe inherits the descriptor.
namespace experiments {

/// io_uring_setup(2): a ring with a kernel thread that looks for work for ten seconds after the
/// last. -1 with errno.
inline int set_up_polled_ring(io_uring_params& parameters) {
  constexpr unsigned kMilliseconds = 10000;
  parameters = {};
  parameters.flags = IORING_SETUP_SQPOLL;
  parameters.sq_thread_idle = kMilliseconds;
  return static_cast<int>(syscall(SYS_io_uring_setup, 1U, &parameters));
}

/// Has the thread look for work from now on: at first it sleeps.
inline void wake_ring(int descriptor) {
  syscall(SYS_io_uring_enter, descriptor, 0U, 0U, IORING_ENTER_SQ_WAKEUP, nullptr, 0);
}

/// The question for try_ring(): the descriptor, where its parts lie in its memory, and the numbers
/// of socket(2).
inline std::string ask_ring(int descriptor, const io_uring_params& parameters,
                            const std::string& socket) {
  std::string text = "ring=" + std::to_string(descriptor);
  for (const auto offset : {parameters.sq_off.tail, parameters.sq_off.array, parameters.cq_off.tail,
                            parameters.cq_off.cqes}) {
    text += "/" + std::to_string(offset);
  }
  return text + "/" + socket;
}

/// DESCRIPTOR/TAIL/ARRAY/CQ-TAIL/CQES/DOMAIN/TYPE/PROTOCOL: has the thread of a ring of one entry
/// make a socket. "ok", or what failed.
inline std::string try_ring(const std::string& what) {
  constexpr std::size_t kBytes = 4096;
  constexpr int kAttempts = 5000;  // of a millisecond
  const auto number = numbers(what);
  const auto map = [&](std::uint64_t part) {
    return mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(number.at(0)),
                static_cast<off_t>(part));
  };
  void* const rings = map(IORING_OFF_SQ_RING);
  void* const entries = map(IORING_OFF_SQES);
  if (rings == MAP_FAILED || entries == MAP_FAILED) {
    return "mmap " + errno_name();
  }
  auto* const bytes = static_cast<char*>(rings);
  const auto word = [&](std::size_t index) {
    return reinterpret_cast<std::uint32_t*>(bytes + number.at(index));
  };
  io_uring_sqe entry{};
  entry.opcode = IORING_OP_SOCKET;
  entry.fd = static_cast<std::int32_t>(number.at(5));
  entry.off = number.at(6);
  entry.len = static_cast<std::uint32_t>(number.at(7));
  std::memcpy(entries, &entry, sizeof(entry));
  *word(2) = 0;
  const auto done = __atomic_load_n(word(3), __ATOMIC_ACQUIRE);
  __atomic_fetch_add(word(1), 1, __ATOMIC_RELEASE);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (__atomic_load_n(word(3), __ATOMIC_ACQUIRE) == done) {
      poll(nullptr, 0, 1);
      continue;
    }
    io_uring_cqe result{};
    std::memcpy(&result, bytes + number.at(4), sizeof(result));
    errno = -result.res;
    return result.res >= 0 ? "ok" : errno_name();
  }
  return "nothing happened";
}

}  // namespace experiments
