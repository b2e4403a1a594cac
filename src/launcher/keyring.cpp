// SPDX-License-Identifier: MIT
#include "launcher/keyring.hpp"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotLeaveKeyring = "cannot leave the caller's session keyring";

/// EDQUOT: root's own quota is only for uid 0 of the host; see key_alloc() in the kernel's
/// security/keys/key.c.
std::string hint_for_key_quota() {
  const auto map = read_proc_file("/proc/self/uid_map").value_or("");
  const auto words = split_words(map, " \n");
  const bool is_root_of_host =
      getuid() == 0 && words.size() > 1 && words[0] == "0" && words[1] == "0";
  const std::string prefix = is_root_of_host ? "kernel.keys.root_" : "kernel.keys.";
  return "uid " + std::to_string(getuid()) +
         " has reached its key quota, see /proc/key-users; as root" +
         (is_root_of_host ? "" : " of the host") + ", raise what this prints: sysctl " + prefix +
         "maxkeys " + prefix + "maxbytes";
}

}  // namespace

void leave_session_keyring() {
  const auto keyctl = [](int operation, long argument) {
    return syscall(SYS_keyctl, operation, argument, 0L, 0L, 0L);
  };
  // A null pointer asks for a new keyring without a name.
  const auto joined = keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0);
  const int error = joined < 0 ? errno : 0;
  const auto actual = keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING);
  if (joined > 0 && joined == actual) {
    return;
  }
  if ((error == ENOSYS || error == EPERM || error == EACCES) && actual < 0) {
    return;
  }
  if (error == 0) {
    throw failure(kCannotLeaveKeyring, "keyctl", "it did not take effect");
  }
  throw system_failure(kCannotLeaveKeyring, "keyctl", error,
                       error == EDQUOT ? hint_for_key_quota() : "");
}

}  // namespace lowport
