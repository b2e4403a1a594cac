// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "support.hpp"

/// User namespaces for the tests' children.
namespace user_namespace {

struct Maps {
  std::string uids;
  std::string gids;
  bool deny_setgroups = false;
};

/// For in_child: moves into a new user namespace with a network of its own, and these others
/// (CLONE_NEWNS). Another child writes the maps, which needs rights outside.
inline void enter(const Maps& maps, int others = 0) {
  std::array<int, 2> entered{};
  if (pipe2(entered.data(), O_CLOEXEC) != 0) {
    _exit(122);
  }
  const auto proc = "/proc/" + std::to_string(getpid());
  const pid_t writer = fork();
  if (writer == 0) {
    close(entered[1]);
    char byte = 0;
    if (read(entered[0], &byte, 1) != 1) {
      _exit(1);
    }
    if (maps.deny_setgroups) {
      support::write_file(proc + "/setgroups", "deny");
    }
    if (!maps.uids.empty()) {
      support::write_file(proc + "/uid_map", maps.uids);
    }
    if (!maps.gids.empty()) {
      support::write_file(proc + "/gid_map", maps.gids);
    }
    _exit(0);
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET | others) != 0) {
    _exit(123);
  }
  int status = -1;
  if (write(entered[1], "x", 1) != 1 || waitpid(writer, &status, 0) != writer || status != 0) {
    _exit(122);
  }
}

}  // namespace user_namespace
