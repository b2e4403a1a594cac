// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "spoiled_call.hpp"

// Before the exec everything is read back from the kernel. Here the kernel's answer differs from
// the plan in only one place, so that each comparison has to notice by itself.

namespace {

// CAP_NET_BIND_SERVICE in the low half of a set, as it lies in memory.
constexpr const char* kBinding = "00040000";
constexpr const char* kNothing = "00000000";

/// What capget(2) answers: the low halves of the three sets, and then the high ones.
std::string answer_capget(const std::string& effective, const std::string& permitted,
                          const std::string& inheritable,
                          const std::string& high_halves = "000000000000000000000000") {
  return "poke_exit=@arg2=" + effective + permitted + inheritable + high_halves;
}

template <typename Value>
std::string bytes_of(const Value& value) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::array<unsigned char, sizeof(value)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(value));
  std::string text;
  for (const auto byte : bytes) {
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
  }
  return text;
}

}  // namespace

TEST_CASE("the read-back notices an id that differs from the plan") {
  support::enter_own_network();
  support::require_strace();
  const std::string of_user =
      "refusing to start the daemon: user id: the kernel reports 0, expected 33";
  const std::string of_group =
      "refusing to start the daemon: group id: the kernel reports 0, expected 33";
  const std::string of_groups = "refusing to start the daemon: supplementary groups: ";
  spoiled_call::check({.options = {"-p", "80", "--confine", "off"}},
                      {
                          {"getresuid(", "poke_exit=@arg1=00000000", of_user},
                          {"getresuid(", "poke_exit=@arg2=00000000", of_user},
                          {"getresuid(", "poke_exit=@arg3=00000000", of_user},
                          {"getresgid(", "poke_exit=@arg1=00000000", of_group},
                          {"getresgid(", "poke_exit=@arg2=00000000", of_group},
                          {"getresgid(", "poke_exit=@arg3=00000000", of_group},
                          {"getgroups(1, ", "poke_exit=@arg2=00000000", of_groups},
                          {"getgroups(0, ", "retval=0", of_groups},
                          {"setresuid(0", "retval=0",
                           "refusing to start the daemon: www-data (uid 33): it can become root"},
                      });
}

TEST_CASE("the read-back ignores the order and repetition of groups") {
  support::enter_own_network();
  support::require_strace();
  // A user namespace may show the groups, which the kernel sorts by the ids outside, in any order.
  const auto reversed =
      spoiled_call::run({.options = {"--groups", "7,9", "-p", "80", "--confine", "off"}},
                        {"getgroups(2, ", "poke_exit=@arg2=0900000007000000", ""});
  CAPTURE(reversed.err);
  CHECK(reversed.status == 0);
  support::Invocation invocation;
  invocation.in_child = [] { support::become(33, 33, {7, 7, 33}); };
  const auto twice = support::launch({"--", support::probe(), "status"}, invocation);
  CAPTURE(twice.err);
  CHECK(twice.status == 0);
  CHECK(support::fields(twice.out)["Groups"].starts_with("7 7 33"));
}

TEST_CASE("the read-back notices capabilities that differ from the plan") {
  support::enter_own_network();
  support::require_strace();
  const std::string refusing = "refusing to start the daemon: ";
  const std::string none = ": the kernel reports 0x0, expected 0x400";
  spoiled_call::check(
      {.options = {"-p", "80", "--confine", "off"}},
      {
          {"capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {",
           answer_capget(kNothing, kBinding, kBinding), refusing + "effective capabilities" + none},
          {"capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {",
           answer_capget(kBinding, kNothing, kBinding), refusing + "permitted capabilities" + none},
          {"capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {",
           answer_capget(kBinding, kBinding, kNothing),
           refusing + "inheritable capabilities" + none},
          {"capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {",
           answer_capget(kBinding, kBinding, kBinding, "000000000100000000000000"),
           refusing + "permitted capabilities: the kernel reports 0x100000400, expected 0x400"},
          {"prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET", "retval=0",
           refusing + "ambient capabilities" + none},
          {"prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN", "retval=1",
           refusing + "bounding set: the kernel reports 0x200400, expected 0x400"},
          {"prctl(PR_GET_NO_NEW_PRIVS", "retval=0", refusing + "no_new_privs: it is not set"},
      });
}

TEST_CASE("the read-back notices a lost parent-death signal") {
  support::enter_own_network();
  support::require_strace();
  const std::string refusing =
      "refusing to start the daemon: the parent-death signal: it was not restored";
  spoiled_call::check(
      {.options = {"-p", "80", "--confine", "off"},
       .in_child = [] { prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); },
       .strace_options = {"-D"}},
      {
          {"prctl(PR_SET_PDEATHSIG", "retval=0", refusing},
          {"prctl(PR_GET_PDEATHSIG", "poke_exit=@arg2=00000000", refusing},
          {"prctl(PR_GET_PDEATHSIG", "error=EINVAL",
           "refusing to start the daemon: the parent-death signal: Invalid argument"},
      });
}

TEST_CASE("the read-back notices a socket that differs from the plan") {
  support::enter_own_network();
  support::require_strace();
  const std::string object = ": 80/tcp (IPv4 and IPv6): ";
  const auto another =
      "cannot bind" + object + "bind succeeded, but the address is not the planned one";
  const auto unset = "cannot set a socket option on" + object + "setsockopt did not take effect";
  const auto unread = "cannot read a socket option of" + object + "Input/output error";
  spoiled_call::check(
      {.options = {"-p", "80", "-m", "listen-fds"}},
      {
          {"getsockname(", "error=ENOBUFS",
           "cannot read the address of" + object + "No buffer space"},
          // AF_INET6, port 81.
          {"getsockname(", "poke_exit=@arg2=0a000051", another},
          // As long as an address of IPv4.
          {"getsockname(", "poke_exit=@arg3=10000000", another},
          {"listen(", "error=ENOMEM", "cannot listen on" + object + "Cannot allocate memory"},
          {"fcntl(3, F_SETFD, 0", "retval=0", "cannot hand over: descriptor 3: "},
          {"getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN", "poke_exit=@arg4=00000000",
           "cannot listen on" + object + "listen did not take effect"},
          {"getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN", "error=EIO", unread},
          {"getsockopt(3, SOL_SOCKET, SO_REUSEADDR", "poke_exit=@arg4=00000000", unset},
          {"getsockopt(3, SOL_IPV6, IPV6_V6ONLY", "poke_exit=@arg4=01000000", unset},
          {"getsockopt(3, SOL_IPV6, IPV6_V6ONLY", "error=EIO", unread},
      });
}

TEST_CASE("the read-back notices a wrong descriptor in inetd mode") {
  support::enter_own_network();
  support::require_strace();
  const support::TemporaryDirectory directory;
  const auto answers = directory.write("answers", "", 0666);
  struct stat own {};
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fstat(socket, &own) == 0);
  close(socket);
  // fstat(2) is a call of its own or newfstatat(2), with the answer in another argument.
  const auto calls = support::trace({}, {"/bin/true"}).calls;
  const bool is_own = std::any_of(calls.begin(), calls.end(),
                                  [](const auto& call) { return call.starts_with("fstat("); });
  const std::string name = is_own ? "fstat(" : "newfstatat(";
  const std::string poke = is_own ? "poke_exit=@arg2=" : "poke_exit=@arg3=";
  const auto another_file = bytes_of(own.st_dev) + bytes_of(std::uint64_t{1});
  const auto another_system = bytes_of(own.st_dev + 1);
  std::vector<spoiled_call::Row> rows;
  for (const std::string descriptor : {"0", "1"}) {
    const auto message = "cannot hand over: descriptor " + descriptor + ": it is not the socket";
    rows.push_back({name + descriptor, poke + another_file, message});
    rows.push_back({name + descriptor, poke + another_system, message});
    rows.push_back({name + descriptor, "error=EIO",
                    "cannot read the type of descriptor: " + descriptor + ": Input/output error"});
    rows.push_back({"dup2(3, " + descriptor, "retval=" + descriptor, message});
    rows.push_back({"dup2(3, " + descriptor, "error=EBUSY",
                    "cannot hand over: descriptor " + descriptor + ": Device or resource busy"});
  }
  spoiled_call::check({.options = {"-p", "80", "-m", "inetd"}, .answers_to = answers}, rows);
}
