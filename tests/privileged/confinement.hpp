// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "daemon.hpp"

/// Shared by the tests of the confinement.
namespace support {

inline long read_landlock_abi() {
  constexpr unsigned kAskForAbi = 1;
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForAbi);
}

/// Whether the kernel's Landlock has network rules.
inline bool has_landlock() { return read_landlock_abi() >= 4; }

/// Whether it has rules for UDP, too.
inline bool has_udp_rules() { return read_landlock_abi() >= 10; }

/// Moves the test into a network of its own. Skips it where the kernel cannot confine.
inline void require_confinement() {
  enter_own_network();
  if (!has_landlock()) {
    skip("this kernel's Landlock has no network rules, which need Linux 6.7");
  }
}

/// The answers of a probe that was launched as www-data, with nothing on stderr.
inline std::map<std::string, std::string> ask_daemon(const Words& options, const Words& questions,
                                                     std::function<void()> in_child = {}) {
  const auto result =
      launch_probe(join({{"-u", "www-data"}, options}), questions, std::move(in_child));
  CAPTURE(result.err);
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  return fields(result.out);
}

/// How many seccomp filters a process that answered `status` has beyond those that the test itself
/// was started with.
inline int count_filters(const std::map<std::string, std::string>& field) {
  return std::stoi(field.at("Seccomp_filters")) - std::stoi(own_status("Seccomp_filters"));
}

/// Checks that exactly one filter is in force.
inline void check_filtered(const std::map<std::string, std::string>& field) {
  CHECK(field.at("Seccomp") == "2");
  CHECK(count_filters(field) == 1);
}

inline void check_unfiltered(const std::map<std::string, std::string>& field) {
  CHECK(field.at("Seccomp") == own_status("Seccomp"));
  CHECK(count_filters(field) == 0);
}

inline const std::string kEveryPort = "ports=tcp/4/0-65535";
inline const std::string kAllOpen = "0-65535 ok";
/// With port 80 listed.
inline const std::string kConfinedToPrivileged =
    "0 ok 1-79 EACCES 80 ok 81-1023 EACCES 1024-65535 ok";
inline const std::string kConfinedToListed = "0 ok 1-79 EACCES 80 ok 81-65535 EACCES";

}  // namespace support
