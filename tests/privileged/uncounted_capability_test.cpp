// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "daemon.hpp"

// The launcher's file has the capability, but the kernel did not count it: the hint gives the
// reason, and its advice works.

namespace {

void become_www_data() { support::become(33, 33, {33}); }

/// The launcher with the file capability, on a file system of the test's own.
class GrantedLauncher {
 public:
  GrantedLauncher() {
    support::enter_own_network();
    support::enter_own_mounts();
    REQUIRE(mount("none", directory_.path().c_str(), "tmpfs", 0, "mode=0755") == 0);
    path_ = support::copy_program(directory_, support::launcher(), "lowportbind");
    grant();
    check_granted(launch());
  }
  ~GrantedLauncher() { umount2(directory_.path().c_str(), MNT_DETACH); }
  GrantedLauncher(const GrantedLauncher&) = delete;
  GrantedLauncher& operator=(const GrantedLauncher&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const support::TemporaryDirectory& directory() const { return directory_; }
  void grant() const { support::set_file_capabilities(path_, "cap_net_bind_service=p"); }

  [[nodiscard]] support::Words command_line() const {
    return {path_, "-p", "80", "--", support::probe(), "status"};
  }
  [[nodiscard]] support::Result launch() const {
    return support::run_in_child(command_line(), become_www_data);
  }

  static void check_granted(const support::Result& result) {
    CAPTURE(result.err);
    CHECK(result.status == 0);
    CHECK(support::fields(result.out)["CapEff"] == support::kBindCapability);
  }

 private:
  support::TemporaryDirectory directory_;
  std::string path_;
};

void check_hint(const support::Result& result, const std::string& hint) {
  support::check_refused(
      result, 125,
      {"lowportbind: cannot grant the port: 80/tcp: ports below 1024 need CAP_NET_BIND_SERVICE",
       "\nlowportbind: hint: its file has the capability, which " + hint + "\n"});
}

enum class Parent { kOpen, kClosed };

/// Continues in a child that shares the working directory with this process, which waits for its
/// end. A process that has changed its user is closed to kcmp(2) until it opens itself.
void go_on_in_sharing_child(Parent parent) {
  become_www_data();
  if (parent == Parent::kOpen) {
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  }
  const auto child = static_cast<pid_t>(syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0));
  if (child == 0) {
    return;
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    _exit(122);
  }
  _exit(WEXITSTATUS(status));
}

}  // namespace

TEST_CASE("a file capability on a nosuid mount is explained") {
  const GrantedLauncher launcher;
  REQUIRE(mount("none", launcher.directory().path().c_str(), nullptr, MS_REMOUNT | MS_NOSUID,
                nullptr) == 0);
  const auto command = "mount -o remount,suid \"$(findmnt -no TARGET -T " + launcher.path() + ")\"";
  check_hint(
      launcher.launch(),
      "does not count on a file system mounted nosuid: move it to another one; or as root: " +
          command);
  CHECK(support::run({"/bin/sh", "-c", command}).status == 0);
  GrantedLauncher::check_granted(launcher.launch());
}

TEST_CASE("a file capability under a tracer is explained") {
  support::require_root();
  support::require_strace();
  const GrantedLauncher launcher;
  check_hint(support::trace({}, launcher.command_line(), become_www_data).result,
             "does not count while another process traces it; root can trace it: strace -u USER " +
                 launcher.path());
  GrantedLauncher::check_granted(
      support::trace({"-u", "www-data"}, launcher.command_line()).result);
}

TEST_CASE("a file capability for another user namespace is explained") {
  const GrantedLauncher launcher;
  const auto set =
      support::run({"setcap", "-n", "1000", "cap_net_bind_service=p", launcher.path()});
  if (set.status != 0) {
    support::skip("no file capabilities of another user namespace here: " + set.err);
  }
  check_hint(launcher.launch(),
             "is for another user namespace; as root of this one: setcap cap_net_bind_service=p " +
                 launcher.path());
  launcher.grant();
  GrantedLauncher::check_granted(launcher.launch());
  // One for another namespace is not the reason if it is not the one that counts.
  CHECK(support::run({"setcap", "-n", "1000", "cap_net_raw=p", launcher.path()}).status == 0);
  support::check_refused(launcher.launch(), 125,
                         {"hint: start it as root; or, as root, let the group"});
}

TEST_CASE("a file capability under CLONE_FS is explained") {
  const GrantedLauncher launcher;
  const auto share = [] { go_on_in_sharing_child(Parent::kOpen); };
  check_hint(support::run_in_child(launcher.command_line(), share),
             "does not count while it shares its working directory with the process that started "
             "it (CLONE_FS): start it from a shell: sh -c '\"$@\"; exit $?' sh " +
                 launcher.path() + " ...");
  GrantedLauncher::check_granted(support::run_in_child(
      support::join({{"/bin/sh", "-c", "\"$@\"; exit $?", "sh"}, launcher.command_line()}), share));
  // If the two cannot be compared, each remaining reason is named.
  check_hint(support::run_in_child(launcher.command_line(),
                                   [] { go_on_in_sharing_child(Parent::kClosed); }),
             "the kernel did not count: another process may trace it or share its working "
             "directory (CLONE_FS); or file capabilities are switched off: grep no_file_caps "
             "/proc/cmdline");
}
