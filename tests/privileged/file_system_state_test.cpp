// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>

#include "daemon.hpp"
#include "refused_calls.hpp"

// A launcher that shares the working directory and the umask with the process that made it, by
// CLONE_FS.

namespace {

/// For in_child: the launcher is made by a process that shares these with it, has umask 0027 and is
/// in /usr, and reports both at the end.
void be_made_by_sharer() {
  umask(0027);
  if (chdir("/usr") != 0) {
    _exit(122);
  }
  const auto made = syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
  if (made < 0) {
    _exit(122);
  }
  if (made == 0) {
    return;
  }
  int status = 0;
  waitpid(static_cast<pid_t>(made), &status, 0);
  std::array<char, 64> directory{};
  const char* where = getcwd(directory.data(), directory.size());
  dprintf(STDERR_FILENO, "maker: %04o %s\n", static_cast<unsigned>(umask(0)),
          where == nullptr ? "?" : where);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 123);
}

const std::string kUntouched = "maker: 0027 /usr\n";
const support::Words kDaemon{"/bin/sh", "-c", "umask 0; cd /; umask; pwd"};

support::Result launch(std::function<void()> in_child, const support::Words& options = {}) {
  return support::run_in_child(
      support::join({{support::launcher(), "-u", "www-data"}, options, {"--"}, kDaemon}),
      std::move(in_child));
}

const std::vector<support::RefusedCall> kAsDocker{{SYS_unshare, EPERM}, {SYS_kcmp, EPERM}};

}  // namespace

TEST_CASE("the daemon's chdir and umask do not affect its creator") {
  support::require_root();
  const auto control = support::run_in_child(kDaemon, be_made_by_sharer);
  CHECK(control.err == "maker: 0000 /\n");
  for (const support::Words& options : {support::Words{}, support::Words{"--allow-new-privs"}}) {
    const auto result = launch(be_made_by_sharer, options);
    CHECK(result.status == 0);
    CHECK(result.out == "0000\n/\n");
    CHECK(result.err == kUntouched);
  }
}

TEST_CASE("the working directory and umask keep their values") {
  support::require_root();
  for (const std::vector<support::RefusedCall>& refused :
       {std::vector<support::RefusedCall>{}, kAsDocker}) {
    auto field = support::fields(support::launch_probe({"-u", "www-data"}, {"umask", "cwd"}, [&] {
                                   umask(0137);
                                   if (chdir("/usr") != 0) {
                                     _exit(122);
                                   }
                                   if (!refused.empty()) {
                                     support::refuse_calls(refused);
                                   }
                                 }).out);
    CHECK(field["umask"] == "0137");
    CHECK(field["cwd"] == "/usr");
  }
}

TEST_CASE("an unshare that does nothing is caught") {
  support::require_root();
  const auto result = launch([] {
    support::refuse_calls({{SYS_unshare, 0}});
    be_made_by_sharer();
  });
  CHECK(result.status == 125);
  CHECK(result.out.empty());
  CHECK(result.err ==
        "lowportbind: cannot detach from the caller's working directory and umask: unshare: it did "
        "not "
        "take effect\n" +
            kUntouched);
}

TEST_CASE("an unshare that fails ends the launch") {
  support::require_root();
  const auto result = launch([] { support::refuse_calls({{SYS_unshare, ENOMEM}}); });
  support::check_refused(result, 125,
                         {"cannot detach from the caller's working directory and umask: unshare: "
                          "Cannot allocate memory"});
}

TEST_CASE("a filter like Docker's is accepted if nothing is shared") {
  support::require_root();
  for (const int error : {EPERM, ENOSYS, EACCES}) {
    CAPTURE(error);
    const auto result = launch([=] {
      support::refuse_calls({{SYS_unshare, error}, {SYS_kcmp, error}});
    });
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(result.out == "0000\n/\n");
  }
}

TEST_CASE("a parent that shares is found even if unshare is refused") {
  support::require_root();
  const auto result = launch([] {
    support::refuse_calls({{SYS_unshare, EPERM}});
    be_made_by_sharer();
  });
  CHECK(result.status == 125);
  CHECK(result.out.empty());
  CHECK(result.err ==
        "lowportbind: cannot detach from the caller's working directory and umask: unshare: it is "
        "refused, and the parent "
        "shares them\nlowportbind: hint: start it from a shell, or use a seccomp filter that "
        "allows unshare\n" +
            kUntouched);
}
