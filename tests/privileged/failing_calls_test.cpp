// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "spoiled_call.hpp"

// One system call fails: the launch ends with 125 and a message that names the step, and the daemon
// never runs.

TEST_CASE("a failing system call in ambient mode names its step") {
  support::enter_own_network();
  support::require_strace();
  spoiled_call::check(
      {.options = {"--confine", "off", "-p", "80"}},
      {
          {"setresuid(33", "error=EAGAIN",
           "cannot become: www-data (uid 33): setresuid: Resource temporarily unavailable\n"},
          {"setresuid(33", "error=EPERM",
           "cannot become: www-data (uid 33): setresuid: Operation not permitted"},
          {"setresgid(33", "error=EPERM",
           "cannot become: www-data (uid 33): setresgid: Operation not permitted"},
          {"setgroups(", "error=EPERM",
           "cannot become: www-data (uid 33): setgroups: Operation not permitted"},
          {"setgroups(", "error=ENOMEM",
           "cannot become: www-data (uid 33): setgroups: Cannot allocate memory"},
          {"capset(", "error=EPERM",
           "cannot set the capabilities: capset: Operation not permitted"},
          {"close_range(", "error=ENOMEM",
           "cannot close the descriptors from: 3: Cannot allocate memory"},
          {"unshare(", "error=ENOMEM",
           "cannot detach from the caller's working directory and umask: unshare: Cannot allocate "
           "memory"},
          {"kcmp(", "retval=0",
           "cannot detach from the caller's working directory and umask: unshare: it did not take "
           "effect"},
          {"prctl(PR_SET_NO_NEW_PRIVS", "error=EPERM",
           "cannot set: no_new_privs: Operation not permitted"},
          {"prctl(PR_SET_NO_NEW_PRIVS", "error=EINVAL",
           "cannot set: no_new_privs: Invalid argument"},
          {"prctl(PR_CAPBSET_DROP, CAP_CHOWN", "error=EPERM",
           "cannot cut the bounding set: 0: Operation not permitted"},
          {"prctl(PR_CAPBSET_DROP, CAP_CHOWN", "error=EINVAL",
           "cannot cut the bounding set: 0: Invalid argument"},
          {"prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN", "error=EPERM",
           "cannot cut the bounding set: 21: Operation not permitted"},
          {"prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN", "error=EINVAL",
           "cannot cut the bounding set: 21: Invalid argument"},
          {"prctl(PR_CAPBSET_DROP, CAP_CHECKPOINT_RESTORE", "error=EINVAL",
           "cannot cut the bounding set: 40: Invalid argument"},
          {"prctl(PR_SET_KEEPCAPS", "error=EPERM",
           "cannot keep the capability across the change of user: PR_SET_KEEPCAPS: Operation not "
           "permitted"},
          {"prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE", "error=EPERM",
           "cannot set the capabilities: PR_CAP_AMBIENT: Operation not permitted"},
          {"prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET", "error=EINVAL",
           "cannot read the ambient set: 10: Invalid argument"},
          {"prctl(PR_GET_NO_NEW_PRIVS", "error=EINVAL",
           "cannot read no_new_privs: prctl: Invalid argument"},
          {"capget(", "error=EPERM",
           "cannot read the capabilities: capget: Operation not permitted"},
          {"getresuid(", "error=EPERM",
           "cannot read the user ids: getresuid: Operation not permitted"},
          {"getgroups(", "error=EPERM",
           "cannot read the supplementary groups: getgroups: Operation not permitted"},
      });
}

TEST_CASE("securebits are named only if they are the reason") {
  support::enter_own_network();
  support::require_strace();
  // The launcher itself has set SECBIT_KEEP_CAPS by then, which forbids neither.
  for (const char* call :
       {"capset(", "prctl(PR_SET_KEEPCAPS", "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE"}) {
    const auto result =
        spoiled_call::run({.options = {"--confine", "off", "-p", "80"}}, {call, "error=EPERM", {}});
    support::check_refused(result, 125, {": Operation not permitted\n"});
    CHECK(result.err.find("hint: ") == std::string::npos);
  }
}

TEST_CASE("a failing system call in listen-fds mode names its step") {
  support::enter_own_network();
  support::require_strace();
  spoiled_call::check(
      {.options = {"--confine", "off", "-p", "80", "-m", "listen-fds", "--reuse-port"}},
      {
          {"socket(AF_INET6", "error=EMFILE",
           "cannot open a socket for: 80/tcp (IPv4 and IPv6): Too many open files\nlowportbind: "
           "hint: raise the limit "
           "before the launch: ulimit -n 1028 (for these sockets and 1024 files for the daemon)"},
          {"socket(AF_INET6", "error=ENFILE",
           "cannot open a socket for: 80/tcp (IPv4 and IPv6): Too many open files in "
           "system\nlowportbind: hint: the whole system has too many open files; as root: sysctl "
           "fs.file-nr fs.file-max"},
          {"socket(AF_INET6", "error=EAFNOSUPPORT",
           "cannot open a socket for: 80/tcp (IPv4 and IPv6): Address family not supported by "
           "protocol\nlowportbind: "
           "hint: this host has no IPv6: list an IPv4 address, or the port alone"},
          {"bind(", "error=EADDRINUSE",
           "cannot bind: 80/tcp (IPv4 and IPv6): Address already in use\nlowportbind: hint: no "
           "process visible here has it; to see who does, on the host or in another container of "
           "the pod: ss -ltnp"},
          {"bind(", "error=ENOMEM", "cannot bind: 80/tcp (IPv4 and IPv6): Cannot allocate memory"},
          {"listen(", "error=EADDRINUSE",
           "cannot bind: 80/tcp (IPv4 and IPv6): Address already in use\nlowportbind: hint: to see "
           "who has it, as root: ss -ltnp 'sport = :80'"},
          {"setsockopt(", "error=ENOMEM",
           "cannot set a socket option on: 80/tcp (IPv4 and IPv6): Cannot allocate memory"},
          {"setfsuid(33", "error=EPERM",
           "cannot open sockets as: uid 33: setfsuid did not take effect"},
          {"setresuid(33", "error=ENOMEM",
           "cannot become: www-data (uid 33): setresuid: Cannot allocate memory"},
          {"setgroups(", "error=EPERM",
           "cannot become: www-data (uid 33): setgroups: Operation not permitted"},
          {"capset(", "error=EPERM",
           "cannot set the capabilities: capset: Operation not permitted"},
          {"fcntl(3, F_SETFD, 0", "error=EPERM",
           "cannot hand over: descriptor 3: Operation not permitted"},
      });
}

TEST_CASE("a failing exec exits 126 or 127 with its reason") {
  support::require_root();
  support::require_strace();
  // strace does not count the execve by which it starts the launcher itself.
  const auto launch = [](const std::string& error) {
    return support::trace({"-e", "inject=execve:error=" + error + ":when=1"},
                          {support::launcher(), "-u", "www-data", "--", support::probe(), "status"})
        .result;
  };
  support::check_refused(launch("EPERM"), 126,
                         {"cannot execute: " + support::probe() + ": Operation not permitted"});
  support::check_refused(
      launch("EAGAIN"), 126,
      {"cannot execute: " + support::probe() + ": the account has reached its process limit"});
  support::check_refused(launch("ENOMEM"), 126,
                         {"cannot execute: " + support::probe() + ": Cannot allocate memory"});
  support::check_refused(launch("E2BIG"), 126, {"its arguments and environment are too long"});
  support::check_refused(launch("ENOENT"), 126, {"cannot execute: " + support::probe() + ": "});
}
