// SPDX-License-Identifier: MIT
#include "launcher/own_stdio.hpp"

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "base/credentials.hpp"
#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace lowport {
namespace {

constexpr std::string_view kCannotGive = "cannot give the account";

std::string name_of(int descriptor) { return "descriptor " + std::to_string(descriptor); }

/// Whether the descriptor is a pipe or terminal, which changes hands. A device that everybody may
/// open, such as /dev/null or /dev/tty, must not. Anything else cannot be opened again: throws
/// Error.
bool is_to_be_given(const struct stat& status, int descriptor, const Account& account) {
  if (S_ISSOCK(status.st_mode)) {
    throw failure(kCannotGive, name_of(descriptor),
                  "it is a socket, which cannot be opened through /dev/stdout",
                  "systemd: StandardOutput=file:PATH; elsewhere, after the command: 2>&1 | cat");
  }
  if (S_ISCHR(status.st_mode) && (status.st_mode & S_IWOTH) != 0) {
    return false;
  }
  const bool is_terminal = isatty(descriptor) != 0;
  if (!is_terminal && !S_ISFIFO(status.st_mode)) {
    throw failure(kCannotGive, name_of(descriptor), "it is neither a pipe nor a terminal",
                  "change the owner of the file: chown " + std::to_string(account.uid) + " FILE");
  }
  return status.st_uid != account.uid;
}

/// A descriptor whose file changes hands, and its present owner and group.
struct Given {
  int descriptor = -1;
  uid_t owner = 0;
  gid_t group = 0;
};

std::vector<Given> find_given(const Account& account, Mode mode) {
  std::vector<Given> given;
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (descriptor == STDOUT_FILENO && mode == Mode::kInetd) {
      continue;
    }
    const auto status = read_status(descriptor);
    if (is_to_be_given(status, descriptor, account)) {
      given.push_back({descriptor, status.st_uid, status.st_gid});
    }
  }
  return given;
}

bool may_change_owners() { return contains(read_thread_capabilities().effective, CAP_CHOWN); }

Error explain_fchown(int descriptor, int error) {
  const bool refused = error == EPERM || error == EINVAL;
  if (refused && may_change_owners()) {
    return failure(kCannotGive, name_of(descriptor),
                   "its owner is not mapped in this user namespace",
                   "give it a pipe of the container's own: after the command, 2>&1 | cat");
  }
  return system_failure(
      kCannotGive, name_of(descriptor), error,
      error == EPERM ? "this needs CAP_CHOWN; container: docker run --cap-add CHOWN" : "");
}

void change_owner(int descriptor, uid_t owner) {
  if (fchown(descriptor, owner, static_cast<gid_t>(-1)) != 0) {
    throw explain_fchown(descriptor, errno);
  }
}

}  // namespace

void rehearse_giving_stdio(const Account& account, Mode mode) {
  for (const auto& [descriptor, owner, group] : find_given(account, mode)) {
    if (!may_change_owners()) {
      throw explain_fchown(descriptor, EPERM);
    }
    // CAP_CHOWN covers only files whose owner and group are mapped in this user namespace
    // (user_namespaces(7)). An id that is not mapped is shown as kOverflowId, but so is one that
    // really has that number: setting the owner to what it is tells them apart.
    if (owner == kOverflowId || group == kOverflowId) {
      change_owner(descriptor, owner);
    }
  }
}

void give_stdio(const Account& account, Mode mode) {
  std::vector<Given> changed;
  try {
    for (const auto& given : find_given(account, mode)) {
      change_owner(given.descriptor, account.uid);
      changed.push_back(given);
      if (read_status(given.descriptor).st_uid != account.uid) {
        throw failure(kCannotGive, name_of(given.descriptor), "fchown did not take effect");
      }
    }
  } catch (const Error&) {
    // The launch fails: give back what has been given, as far as possible. The first failure is the
    // one to report.
    for (const auto& given : changed) {
      if (fchown(given.descriptor, given.owner, static_cast<gid_t>(-1)) != 0) {
        continue;
      }
    }
    throw;
  }
}

}  // namespace lowport
