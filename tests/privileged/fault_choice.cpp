// SPDX-License-Identifier: MIT
#include <algorithm>

#include "fault_sweep.hpp"

namespace fault_sweep {
namespace {

/// Calls that begin like this, and how they fail. The first row that fits counts.
struct Row {
  support::Words beginnings;
  support::Words errors;
};

const support::Words kEvery{"EPERM", "ENOMEM", "EAGAIN", "EINTR", "EIO"};
const support::Words kMakesDescriptors{"EPERM", "ENOMEM", "EAGAIN", "EINTR", "EIO", "EMFILE"};

const Row kRows[] = {
    // They cannot fail, and the C library has no way to report it.
    {{"getpid(", "getppid(", "gettid(", "getuid(", "geteuid(", "getgid(", "getegid(", "getpgrp(",
      "rt_sigprocmask(", "exit_group("},
     {}},
    // Nor can a wake-up without a waiter; if it still fails, the C library aborts.
    {{"futex("}, {}},
    // The memory that the C library asks for.
    {{"brk(", "mmap(", "munmap(", "mprotect(", "mremap(", "madvise("}, {"ENOMEM"}},
    // What close(2) can answer for a descriptor that is open. strace leaves it open.
    {{"close("}, {"EINTR", "EIO"}},
    // Eighty of them: one of the five errnos, and the one with which the kernel ends the list.
    {{"prctl(PR_CAPBSET_"}, {"EPERM", "EINVAL"}},
    {{"open(", "openat(", "socket(", "fcntl(", "dup2(", "dup3(", "landlock_create_ruleset(",
      "execve("},
     kMakesDescriptors},
};

/// Calls that claim success and do nothing: those that set the account and the confinement, and
/// those that create what is handed over. Not landlock_add_rule: only the rules for listed ports
/// are proved, and a missing rule opens nothing.
const support::Words kLiars{
    "setresuid(", "setresgid(",   "setgroups(", "capset(", "prctl(",   "landlock_restrict_self(",
    "seccomp(",   "close_range(", "setfsuid(",  "bind(",   "listen(",  "setsockopt(",
    "dup2(",      "dup3(",        "fchown(",    "setsid(", "setpgid(", "unshare("};

bool begins(const std::string& call, const support::Words& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const std::string& beginning) { return call.starts_with(beginning); });
}

support::Words effects_for(const std::string& call) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& candidate) {
    return begins(call, candidate.beginnings);
  });
  support::Words effects;
  for (const auto& error : row == std::end(kRows) ? kEvery : row->errors) {
    effects.push_back("error=" + error);
  }
  // The other commands of fcntl(2) answer with a descriptor or its flags, and 0 is a valid answer.
  const bool sets_flag = call.starts_with("fcntl(") && call.find("F_SETFD") != std::string::npos;
  if (begins(call, kLiars) || sets_flag) {
    effects.emplace_back("retval=0");
  }
  return effects;
}

}  // namespace

std::vector<Fault> choose_faults(const support::Words& calls) {
  std::map<std::string, int> counts;
  std::vector<Fault> faults;
  bool in_main = false;
  for (const auto& call : calls) {
    const auto name = call.substr(0, call.find('('));
    if (name == call) {
      continue;  // a signal, or the exit
    }
    const int occurrence = ++counts[name];
    in_main = in_main || call.starts_with("fstat(0") || call.starts_with("newfstatat(0");
    if (!in_main) {
      continue;
    }
    for (const auto& effect : effects_for(call)) {
      faults.push_back({call, name, occurrence, effect});
    }
  }
  return faults;
}

}  // namespace fault_sweep
