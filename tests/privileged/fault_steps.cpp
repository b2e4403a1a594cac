// SPDX-License-Identifier: MIT
#include <algorithm>

#include "fault_sweep.hpp"

namespace fault_sweep {
namespace {

/// Calls that begin like this, and the words that a message names their step with: one of these.
/// The first row that fits counts.
struct Row {
  support::Words beginnings;
  support::Words names;
};

const Row kRows[] = {
    {{"prctl(PR_CAPBSET_"}, {"bounding set"}},
    // Without it, Landlock refuses anyone but root.
    {{"prctl(PR_SET_NO_NEW_PRIVS", "prctl(PR_GET_NO_NEW_PRIVS"},
     {"no_new_privs", "landlock_restrict_self"}},
    {{"prctl(PR_SET_PDEATHSIG", "prctl(PR_GET_PDEATHSIG"}, {"parent-death signal"}},
    {{"keyctl("}, {"session keyring"}},
    {{"prctl(PR_SET_KEEPCAPS"}, {"PR_SET_KEEPCAPS", "cannot set the capabilities"}},
    {{"prctl(PR_CAP_AMBIENT"}, {"PR_CAP_AMBIENT", "ambient"}},
    {{"capget(", "capset("}, {"capabilities"}},
    {{"getresuid(", "setresuid("}, {"resuid", "user id: ", "become root again"}},
    {{"getresgid(", "setresgid("}, {"resgid", "group id: "}},
    {{"getgroups(", "setgroups("}, {"groups"}},
    {{"setfsuid("}, {"setfsuid"}},
    {{"landlock_create_ruleset("}, {"landlock_create_ruleset", "Landlock"}},
    {{"landlock_add_rule("}, {"landlock_add_rule"}},
    {{"landlock_restrict_self("},
     {"landlock_restrict_self", "it is not listed, yet it can be bound"}},
    {{"seccomp("}, {"seccomp"}},
    {{"socket("}, {"socket", "seccomp filter"}},
    {{"bind("}, {"cannot bind", "TCP port", "a port of the kernel's choice"}},
    {{"listen("}, {"cannot listen on"}},
    {{"getsockname("}, {"cannot bind", "cannot read the address of"}},
    {{"setsockopt(", "getsockopt("},
     {"cannot set a socket option", "cannot read a socket option", "cannot bind",
      "cannot listen on"}},
    {{"close_range("}, {"cannot close the descriptors"}},
    {{"unshare(", "kcmp(", "umask("}, {"working directory and umask"}},
    {{"fcntl("}, {"descriptor"}},
    {{"dup2(", "dup3(", "fchown(", "fstat(0", "fstat(1", "fstat(2", "fstat(3<socket",
      "newfstatat(0", "newfstatat(1", "newfstatat(2", "newfstatat(3<socket"},
     {"descriptor"}},
    {{"ioctl(", "setsid(", "getsid(", "setpgid(", "getpgid("}, {"session"}},
    {{"brk(", "mmap(", "munmap(", "mremap(", "mprotect("}, {"emory"}},
    {{"write(1"}, {"standard output"}},
};

/// The file that a call is about: read(3</etc/passwd>, ...) or open("/etc/passwd", ...).
std::string file_of(const std::string& call) {
  const auto quote = call.find("\"/");
  if (quote != std::string::npos) {
    return call.substr(quote + 1, call.find('"', quote + 1) - quote - 1);
  }
  const auto bracket = call.find("</");
  return bracket == std::string::npos
             ? ""
             : call.substr(bracket + 1, call.find('>', bracket) - bracket - 1);
}

}  // namespace

bool names_step(const Fault& fault, const std::string& message) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& candidate) {
    return std::any_of(
        candidate.beginnings.begin(), candidate.beginnings.end(),
        [&](const std::string& beginning) { return fault.call.starts_with(beginning); });
  });
  if (row == std::end(kRows)) {
    // The C library reads the name tables itself, and does not report which one failed.
    const auto file = file_of(fault.call);
    const bool is_table =
        file.starts_with("/etc/") && message.find("cannot look up") != std::string::npos;
    return is_table || (!file.empty() && message.find(file) != std::string::npos);
  }
  return std::any_of(row->names.begin(), row->names.end(), [&](const std::string& name) {
    return message.find(name) != std::string::npos;
  });
}

}  // namespace fault_sweep
