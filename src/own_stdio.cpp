#include "own_stdio.hpp"

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "credentials.hpp"
#include "error.hpp"
#include "unique_fd.hpp"

namespace lowportbind {
namespace {

constexpr std::string_view kCannotGive = "cannot give the account";

/// Whether a pipe or terminal is behind the descriptor, which changes hands. A device that everybody may open, such as
/// /dev/null or /dev/tty, must not: it is everybody's. Anything else cannot be opened again. Throws Error for that.
bool is_to_be_given(const struct stat& status, int descriptor, const Account& account) {
  const auto object = "descriptor " + std::to_string(descriptor);
  if (S_ISSOCK(status.st_mode)) {
    throw failure(kCannotGive, object, "it is a socket, which nobody can open through /dev/stdout",
                  "systemd: StandardOutput=file:PATH; elsewhere, behind the command: 2>&1 | cat");
  }
  if (S_ISCHR(status.st_mode) && (status.st_mode & S_IWOTH) != 0) return false;
  const bool is_terminal = isatty(descriptor) != 0;
  if (!is_terminal && !S_ISFIFO(status.st_mode)) {
    throw failure(kCannotGive, object, "it is neither a pipe nor a terminal",
                  "change the owner of the file: chown " + std::to_string(account.uid) + " FILE");
  }
  return status.st_uid != account.uid;
}

/// With Action::kCheck, all but the change itself.
void give_descriptor(int descriptor, const Account& account, Action action) {
  const auto object = "descriptor " + std::to_string(descriptor);
  const auto explain = [&](int error) {
    return system_failure(kCannotGive, object, error,
                          error == EPERM ? "this needs CAP_CHOWN; container: docker run --cap-add CHOWN" : "");
  };
  if (action == Action::kCheck) {
    if (!contains(read_thread_capabilities().effective, CAP_CHOWN)) throw explain(EPERM);
    return;
  }
  if (fchown(descriptor, account.uid, static_cast<gid_t>(-1)) != 0) throw explain(errno);
  if (read_status(descriptor).st_uid != account.uid) {
    throw failure(kCannotGive, object, "it has another owner all the same");
  }
}

}  // namespace

void give_stdio(const Account& account, Mode mode, Action action) {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (descriptor == STDOUT_FILENO && mode == Mode::kInetd) continue;
    if (is_to_be_given(read_status(descriptor), descriptor, account)) give_descriptor(descriptor, account, action);
  }
}

}  // namespace lowportbind
