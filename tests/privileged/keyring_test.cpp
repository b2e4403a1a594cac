// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "daemon.hpp"
#include "spoiled_call.hpp"

// A key in the caller's session keyring is usable by whoever possesses it, and possession survives
// a change of user and an exec: only another session keyring ends it.

using support::launch_probe;

namespace {

const std::string kQuestion = "key=of-the-caller";

/// For in_child: a session of root's with a key, as a login creates it.
void take_session_with_key() {
  constexpr char kSecret[] = "secret";
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 ||
      syscall(SYS_add_key, "user", "of-the-caller", kSecret, sizeof(kSecret),
              KEY_SPEC_SESSION_KEYRING) < 0) {
    _exit(122);
  }
}

void require_keys() {
  support::require_root();
  if (support::run_in_child({"/bin/true"}, take_session_with_key).status != 0) {
    support::skip("keys are not available here");
  }
}

std::string answer_of(const support::Result& result) {
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return support::fields(result.out)[kQuestion];
}

}  // namespace

TEST_CASE("the daemon does not possess the caller's keys") {
  require_keys();
  for (const support::Words& options :
       {support::Words{"-u", "www-data"}, {"-u", "www-data", "--clear-env"}}) {
    CHECK(answer_of(launch_probe(options, {kQuestion}, take_session_with_key)) == "ENOKEY");
  }
  // The same account without the launcher.
  CHECK(answer_of(support::run_in_child({support::probe(), kQuestion}, [] {
          take_session_with_key();
          support::become(33, 33);
        })) == "ok");
}

TEST_CASE("an account at its key quota can still be used") {
  require_keys();
  constexpr uid_t kNobodyElses = 54321;  // whose key count starts at zero
  const support::Words options{"-u", "+54321:54321"};
  const auto most = std::stoi(support::read_file("/proc/sys/kernel/keys/maxkeys"));
  // Held by a process that lives as long as the launch does, since keys disappear with their last
  // holder.
  const auto result = launch_probe(options, {kQuestion}, [most] {
    std::array<int, 2> ready{};
    std::array<int, 2> ended{};
    if (pipe2(ready.data(), O_CLOEXEC) != 0 || pipe(ended.data()) != 0) {
      _exit(122);
    }
    if (fork() == 0) {
      close(ended[1]);
      support::become(kNobodyElses, kNobodyElses);
      int made = 0;
      while (made <= most && syscall(SYS_add_key, "user", std::to_string(made).c_str(), "x", 1,
                                     KEY_SPEC_PROCESS_KEYRING) >= 0) {
        ++made;
      }
      const bool full = errno == EDQUOT;
      char byte = 0;
      if (write(ready[1], full ? "y" : "n", 1) == 1 && read(ended[0], &byte, 1) < 0) {
        _exit(1);
      }
      _exit(0);
    }
    char answer = 0;
    if (read(ready[0], &answer, 1) != 1 || answer != 'y') {
      _exit(122);
    }
  });
  CHECK(answer_of(result) == "ENOKEY");
}

TEST_CASE("a launch that keeps the user keeps the session keyring") {
  require_keys();
  CHECK(answer_of(launch_probe({}, {kQuestion}, [] {
          support::become(33, 33);
          take_session_with_key();
        })) == "ok");
}

TEST_CASE("a session keyring that cannot be left ends the launch") {
  require_keys();
  support::require_strace();
  const std::string cannot = "cannot leave the caller's session keyring: keyctl: ";
  const std::string join = "keyctl(KEYCTL_JOIN_SESSION_KEYRING";
  spoiled_call::check(
      {}, {
              {join, "error=EDQUOT",
               cannot + "Disk quota exceeded\nlowportbind: hint: uid 0 has reached its key quota, "
                        "see /proc/key-users; as root, raise what this prints: sysctl "
                        "kernel.keys.root_maxkeys kernel.keys.root_maxbytes\n"},
              {join, "error=EPERM", cannot + "Operation not permitted"},
              {join, "error=ENOSYS", cannot + "Function not implemented"},
              {join, "error=EINVAL", cannot + "Invalid argument", 1},
              {join, "retval=0", cannot + "it did not take effect"},
              {join, "retval=1", cannot + "it did not take effect"},
              {join, "retval=0", cannot + "it did not take effect", 1},
              {"keyctl(KEYCTL_GET_KEYRING_ID", "error=EPERM", cannot + "it did not take effect"},
              {"keyctl(KEYCTL_GET_KEYRING_ID", "retval=1", cannot + "it did not take effect"},
          });
}

TEST_CASE("a kernel or filter without keyrings does not block a launch") {
  require_keys();
  support::require_strace();
  for (const char* error : {"EPERM", "EACCES", "ENOSYS"}) {
    CAPTURE(error);
    const auto traced = support::trace(
        {"-e", std::string("inject=keyctl:error=") + error},
        {support::launcher(), "-u", "www-data", "--", support::probe(), "status", kQuestion});
    CHECK(traced.result.status == 0);
    CHECK(support::fields(traced.result.out)[kQuestion] == error);
  }
}
