// SPDX-License-Identifier: MIT
#include "launcher/privileges.hpp"

#include <cap-ng.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "launcher/keyring.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotSetCapabilities = "cannot set the capabilities";
constexpr std::string_view kHintForSecurebits =
    "use --mode listen-fds; or start it without those securebits: capsh --print shows them";
constexpr unsigned kBitsOfSet = 64;

/// Whether this securebit is why a call was refused with `error`. Others may be set, among them
/// SECBIT_KEEP_CAPS by the launcher itself, and have nothing to do with it.
bool is_due_to_securebit(int error, unsigned bit) {
  const int securebits = error == EPERM ? prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) : 0;
  return securebits > 0 && (static_cast<unsigned>(securebits) & bit) != 0;
}

/// libcap-ng 0.8 returns bare negative codes, and errno is what the first of its system calls to
/// fail left there. The very first call is the one by which capng_clear() asks for the kernel's
/// version.
void check_capng(int result, std::string_view step) {
  if (result < 0) {
    throw system_failure(kCannotSetCapabilities, step, errno);
  }
}

void stage(capng_type_t type, CapabilitySet set) {
  for (unsigned capability = 0; capability < kBitsOfSet; ++capability) {
    if (!contains(set, capability)) {
      continue;
    }
    check_capng(capng_update(CAPNG_ADD, type, capability), "capng_update");
  }
}

void apply_thread_capabilities(const ThreadCapabilities& wanted) {
  errno = 0;
  capng_clear(CAPNG_SELECT_ALL);
  stage(CAPNG_PERMITTED, wanted.permitted);
  stage(CAPNG_INHERITABLE, wanted.inheritable);
  stage(CAPNG_EFFECTIVE, wanted.effective);
  check_capng(capng_apply(CAPNG_SELECT_CAPS), "capset");
}

/// Clears the ambient set, then raises the capabilities in `set`.
void apply_ambient_set(CapabilitySet set) {
  errno = 0;
  stage(CAPNG_AMBIENT, set);
  if (capng_apply(CAPNG_SELECT_AMBIENT) >= 0) {
    return;
  }
  const int error = errno;
  if (is_due_to_securebit(error, SECBIT_NO_CAP_AMBIENT_RAISE)) {
    throw failure(kCannotSetCapabilities, "PR_CAP_AMBIENT",
                  "securebits forbid raising the ambient set (no_cap_ambient_raise)",
                  kHintForSecurebits);
  }
  throw system_failure(kCannotSetCapabilities, "PR_CAP_AMBIENT", error);
}

/// Our own loop: capng_apply(CAPNG_SELECT_BOUNDS) of libcap-ng 0.8.3 returns 0 if a drop fails.
void cut_bounding_set(CapabilitySet kept, CapabilitySet seen) {
  for (unsigned capability = 0; capability < kBitsOfSet; ++capability) {
    if (contains(kept, capability)) {
      continue;
    }
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) {
      continue;
    }
    // Past the kernel's last capability; the read-back proves it.
    if (errno == EINVAL && !is_surely_known(capability, seen)) {
      return;
    }
    throw system_failure("cannot cut the bounding set", std::to_string(capability), errno);
  }
}

/// In a user namespace, setgroups(2) fails with EPERM if the `setgroups` file says deny. EINVAL
/// means that an id is not mapped. EPERM means that it is, but that the process's own id, which
/// looks the same, is not. (EAGAIN is a lack of memory: since Linux 3.1, the process limit is
/// enforced by the execve(2) that follows.)
std::string hint_for_ids(std::string_view step, int error) {
  if (error == EPERM && step == "setgroups") {
    return "in a user namespace, /proc/self/setgroups must say allow; or try --groups keep";
  }
  if (error == EINVAL || error == EPERM) {
    return "in a user namespace, /proc/self/uid_map and gid_map must map these ids, "
           "and the launcher's own";
  }
  return {};
}

void change_ids(const PrivilegePlan& plan, const Account& account) {
  const auto check = [&](int result, const char* step) {
    if (result == 0) {
      return;
    }
    const int error = errno;
    throw system_failure(kCannotBecome, describe_account(account) + ": " + step, error,
                         hint_for_ids(step, error));
  };
  if (plan.keep_capabilities && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {
    const int error = errno;
    const auto hint = plan.capabilities == kNoCapability
                          ? "leave --own-stdio out; or start it without those securebits: "
                            "capsh --print shows them"
                          : kHintForSecurebits;
    throw system_failure("cannot keep the capability across the change of user", "PR_SET_KEEPCAPS",
                         error, is_due_to_securebit(error, SECBIT_KEEP_CAPS_LOCKED) ? hint : "");
  }
  if (plan.change_groups) {
    check(setgroups(account.groups.size(), account.groups.data()), "setgroups");
  }
  // Called even if they already seem to be the account's, which needs no capability: an id that is
  // not mapped in this user namespace, such as root's own, is shown as 65534 (user_namespaces(7)),
  // and only setting it tells the two apart.
  check(setresgid(account.gid, account.gid, account.gid), "setresgid");
  check(setresuid(account.uid, account.uid, account.uid), "setresuid");
}

/// If the parent died between the change of ids and this call, no signal was sent: it is delivered
/// here instead.
void restore_parent_death(const ParentDeath& wanted) {
  if (wanted.signal == 0) {
    return;
  }
  if (prctl(PR_SET_PDEATHSIG, wanted.signal, 0, 0, 0) != 0) {
    throw system_failure("cannot set the parent-death signal", std::to_string(wanted.signal),
                         errno);
  }
  int signal = 0;
  if (prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) != 0) {
    throw system_failure(kNotAsPlanned, "the parent-death signal", errno);
  }
  if (signal != wanted.signal) {
    throw failure(kNotAsPlanned, "the parent-death signal",
                  "it was not restored after the change of user");
  }
  if (getppid() != wanted.parent && raise(wanted.signal) != 0) {
    throw system_failure("cannot deliver the parent-death signal", std::to_string(wanted.signal),
                         errno);
  }
}

[[noreturn]] void refuse(std::string_view object, const std::string& found,
                         const std::string& planned) {
  throw failure(kNotAsPlanned, object, "the kernel reports " + found + ", expected " + planned);
}

void verify_ids(const Account& account) {
  const auto [uids, gids] = read_ids();
  for (const uid_t uid : uids) {
    if (uid != account.uid) {
      refuse("user id", std::to_string(uid), std::to_string(account.uid));
    }
  }
  for (const gid_t gid : gids) {
    if (gid != account.gid) {
      refuse("group id", std::to_string(gid), std::to_string(account.gid));
    }
  }
  if (read_groups() != account.groups) {
    throw failure(kNotAsPlanned, "supplementary groups",
                  "the kernel's list is not the planned one");
  }
}

void expect(std::string_view set_name, CapabilitySet found, CapabilitySet planned) {
  if (found != planned) {
    refuse(set_name, "0x" + hexadecimal(found), "0x" + hexadecimal(planned));
  }
}

void verify_thread_capabilities(const ThreadCapabilities& planned) {
  const auto found = read_thread_capabilities();
  expect("permitted capabilities", found.permitted, planned.permitted);
  expect("inheritable capabilities", found.inheritable, planned.inheritable);
  expect("effective capabilities", found.effective, planned.effective);
}

void verify_other_sets(const PrivilegePlan& plan, CapabilitySet bounding) {
  const auto planned = plan.capabilities;
  // The kernel keeps the ambient set within permitted and inheritable, so no other bit can be set.
  if (planned != kNoCapability) {
    expect("ambient capabilities",
           is_in_ambient_set(CAP_NET_BIND_SERVICE) ? kNetBindService : kNoCapability, planned);
  }
  // A container may have removed the planned capability from it: less than planned is fine.
  if (plan.cut_bounding_set) {
    expect("bounding set", read_bounding_set(plan.seen_capabilities) | bounding, bounding);
  }
}

/// The daemon's capabilities, and those that a last step needs as well.
ThreadCapabilities daemons_and(CapabilitySet kept, const PrivilegePlan& plan) {
  return {plan.capabilities | kept, plan.capabilities, plan.capabilities | kept};
}

ThreadCapabilities capabilities_after_drop(const PrivilegePlan& plan) {
  const bool is_decided = plan.undecided_bounding == kNoCapability;
  return daemons_and(plan.kept_for_stdio | (is_decided ? kNoCapability : bit(CAP_SETPCAP)), plan);
}

}  // namespace

void raise_bind_capability() {
  auto wanted = read_thread_capabilities();
  wanted.effective |= kNetBindService;
  apply_thread_capabilities(wanted);
}

void set_no_new_privs() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    throw system_failure("cannot set", "no_new_privs", errno);
  }
}

void drop_privileges(const PrivilegePlan& plan, const Account& account) {
  if (plan.cut_bounding_set) {
    cut_bounding_set(plan.capabilities | plan.undecided_bounding, plan.seen_capabilities);
  }
  if (plan.leave_keyring) {
    leave_session_keyring();
  }
  change_ids(plan, account);
  apply_thread_capabilities(capabilities_after_drop(plan));
  apply_ambient_set(plan.capabilities);
  restore_parent_death(plan.parent_death);
}

void verify_privileges(const PrivilegePlan& plan, const Account& account) {
  verify_ids(account);
  verify_thread_capabilities(capabilities_after_drop(plan));
  verify_other_sets(plan, plan.capabilities | plan.undecided_bounding);
  if (plan.set_no_new_privs && !has_no_new_privs()) {
    throw failure(kNotAsPlanned, "no_new_privs", "it is not set");
  }
  if (setresuid(0, 0, 0) == 0) {
    throw failure(kNotAsPlanned, describe_account(account), "it can become root again");
  }
}

void settle_bounding_set(const PrivilegePlan& plan, CapabilitySet needed) {
  cut_bounding_set(~plan.undecided_bounding | needed, plan.seen_capabilities);
  apply_thread_capabilities(daemons_and(plan.kept_for_stdio, plan));
  verify_thread_capabilities(daemons_and(plan.kept_for_stdio, plan));
  verify_other_sets(plan, plan.capabilities | (plan.undecided_bounding & needed));
}

void drop_what_stdio_needed(const PrivilegePlan& plan) {
  if (plan.kept_for_stdio == kNoCapability) {
    return;
  }
  apply_thread_capabilities(daemons_and(kNoCapability, plan));
  verify_thread_capabilities(daemons_and(kNoCapability, plan));
  verify_other_sets(plan, plan.capabilities | plan.undecided_bounding);
}

}  // namespace lowport
