#include <doctest/doctest.h>

#include "daemon.hpp"

// One system call fails: the launch ends with 125 and a message that names the step, and the daemon never runs.

namespace {

struct Row {
  std::string call;      ///< the beginning of the call that fails, as strace prints it
  std::string error;     ///< the errno that it is given
  support::Words texts;  ///< of the message
};

/// The number, among the calls of that name, of the last one that begins like this. The last: a library may make the
/// same call for itself when the program starts.
int find_last(const support::Words& calls, const std::string& name, const std::string& beginning) {
  int count = 0;
  int found = 0;
  for (const auto& call : calls) {
    if (call.starts_with(name + "(")) ++count;
    if (call.starts_with(beginning)) found = count;
  }
  return found;
}

void check_failures(const support::Words& options, const std::vector<Row>& rows) {
  const auto argv = support::join(
      {{support::launcher(), "-u", "www-data", "--confine", "off"}, options, {"--", support::probe(), "status"}});
  const auto calls = support::trace({}, argv).calls;
  for (const auto& row : rows) {
    CAPTURE(row.call);
    CAPTURE(row.error);
    const auto name = row.call.substr(0, row.call.find('('));
    const int occurrence = find_last(calls, name, row.call);
    CHECK(occurrence > 0);
    if (occurrence == 0) continue;
    const auto inject = "inject=" + name + ":error=" + row.error + ":when=" + std::to_string(occurrence);
    support::check_refused(support::trace({"-e", inject}, argv).result, 125, row.texts);
  }
}

}  // namespace

TEST_CASE("a system call that fails ends the launch in ambient mode with the name of the step") {
  support::enter_own_network();
  support::require_strace();
  check_failures(
      {"-p", "80"},
      {
          {"setresuid(33",
           "EAGAIN",
           {"cannot become: www-data (uid 33): setresuid: Resource temporarily unavailable", "RLIMIT_NPROC"}},
          {"setresuid(33", "EPERM", {"cannot become: www-data (uid 33): setresuid: Operation not permitted"}},
          {"setresgid(33", "EPERM", {"cannot become: www-data (uid 33): setresgid: Operation not permitted"}},
          {"setgroups(", "EPERM", {"cannot become: www-data (uid 33): setgroups: Operation not permitted"}},
          {"setgroups(", "ENOMEM", {"cannot become: www-data (uid 33): setgroups: Cannot allocate memory"}},
          {"capset(", "EPERM", {"cannot set the capabilities: capset: Operation not permitted"}},
          {"close_range(", "ENOSYS", {"cannot close the descriptors from: 3: ", "Linux 5.9"}},
          {"close_range(", "EPERM", {"cannot close the descriptors from: 3: Operation not permitted"}},
          {"prctl(PR_SET_NO_NEW_PRIVS", "EPERM", {"cannot set: no_new_privs: Operation not permitted"}},
          {"prctl(PR_SET_NO_NEW_PRIVS", "EINVAL", {"cannot set: no_new_privs: "}},
          {"prctl(PR_CAPBSET_DROP, CAP_CHOWN", "EPERM", {"cannot cut the bounding set: 0: Operation not permitted"}},
          {"prctl(PR_CAPBSET_DROP, CAP_CHOWN", "EINVAL", {"bounding set"}},
          {"prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN", "EPERM", {"bounding set"}},
          {"prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN", "EINVAL", {"bounding set"}},
          {"prctl(PR_SET_KEEPCAPS", "EPERM", {"PR_SET_KEEPCAPS: Operation not permitted"}},
          {"prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE", "EPERM", {"PR_CAP_AMBIENT: Operation not permitted"}},
          {"prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET", "EINVAL", {"ambient"}},
          {"prctl(PR_GET_NO_NEW_PRIVS", "EINVAL", {"no_new_privs"}},
          {"capget(", "EPERM", {"cannot read the capabilities: capget: Operation not permitted"}},
          {"getresuid(", "EPERM", {"user ids: getresuid: Operation not permitted"}},
          {"getgroups(", "EPERM", {"supplementary groups: getgroups: Operation not permitted"}},
      });
}

TEST_CASE("a system call that fails ends the launch in listen-fds mode with the name of the step") {
  support::enter_own_network();
  support::require_strace();
  check_failures(
      {"-p", "80", "-m", "listen-fds", "--reuse-port"},
      {
          {"socket(AF_INET6",
           "EMFILE",
           {"cannot open a socket for: 80/tcp (IPv4 and IPv6): Too many open files", "ulimit -n"}},
          {"bind(", "EADDRINUSE", {"cannot bind: 80/tcp (IPv4 and IPv6): Address already in use", "ss -ltnp"}},
          {"bind(", "ENOMEM", {"cannot bind: 80/tcp (IPv4 and IPv6): Cannot allocate memory"}},
          {"listen(", "EADDRINUSE", {"cannot bind: 80/tcp (IPv4 and IPv6): Address already in use", "ss -ltnp"}},
          {"setsockopt(", "ENOMEM", {"cannot set a socket option of: 80/tcp (IPv4 and IPv6): Cannot allocate memory"}},
          {"setfsuid(33", "EPERM", {"cannot open sockets as: uid 33"}},
          {"setresuid(33", "ENOMEM", {"setresuid: Cannot allocate memory"}},
          {"setgroups(", "EPERM", {"setgroups: Operation not permitted"}},
          {"capset(", "EPERM", {"capset: Operation not permitted"}},
          {"fcntl(3, F_SETFD, 0", "EPERM", {"cannot hand over: descriptor 3: Operation not permitted"}},
      });
}

TEST_CASE("an exec that fails is 126 or 127 with its reason") {
  support::require_root();
  support::require_strace();
  // strace does not count the execve by which it starts the launcher itself.
  const auto launch = [](const std::string& error) {
    return support::trace({"-e", "inject=execve:error=" + error + ":when=1"},
                          {support::launcher(), "-u", "www-data", "--", support::probe(), "status"})
        .result;
  };
  support::check_refused(launch("EPERM"), 126, {"cannot execute: " + support::probe() + ": Operation not permitted"});
  support::check_refused(launch("EAGAIN"), 126,
                         {"cannot execute: " + support::probe() + ": the account has as many processes"});
  support::check_refused(launch("ENOMEM"), 126, {"cannot execute: " + support::probe() + ": Cannot allocate memory"});
  support::check_refused(launch("E2BIG"), 126, {"its arguments and environment are too long"});
  support::check_refused(launch("ENOENT"), 126, {"cannot execute: " + support::probe() + ": "});
}
