// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "daemon.hpp"

// The file system id, which is the account's while the launcher opens the sockets.

namespace {

/// An ordinary user with ambient capabilities to change ids and to bind.
void be_capable_user() {
  constexpr int kCapabilities[] = {CAP_SETUID, CAP_SETGID, CAP_NET_BIND_SERVICE};
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  support::become(1000, 1000);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (const int capability : kCapabilities) {
    data[0].permitted |= 1U << static_cast<unsigned>(capability);
  }
  data[0].effective = data[0].inheritable = data[0].permitted;
  if (syscall(SYS_capset, &header, data) != 0) {
    _exit(122);
  }
  for (const int capability : kCapabilities) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) {
      _exit(122);
    }
  }
}

support::Words file_system_ids(const support::Words& options,
                               const std::function<void()>& in_child = {}) {
  const auto argv = support::join({{support::launcher(), "-u", "www-data", "-p", "80"},
                                   options,
                                   {"--", support::probe(), "pid"}});
  const auto traced = support::trace({}, argv, in_child);
  CAPTURE(traced.result.err);
  REQUIRE(traced.result.status == 0);
  support::Words calls;
  for (const auto& call : traced.calls) {
    if (call.starts_with("setfsuid(")) {
      calls.push_back(call.substr(0, call.find(')') + 1));
    }
  }
  return calls;
}

}  // namespace

TEST_CASE("sockets are opened with the account's file system id") {
  support::enter_own_network();
  support::require_strace();
  const auto ids_of = [](const std::string& caller) {
    return support::Words{"setfsuid(-1)", "setfsuid(33)", "setfsuid(-1)",
                          "setfsuid(" + caller + ")", "setfsuid(-1)"};
  };
  CHECK(file_system_ids({"-m", "listen-fds"}) == ids_of("0"));
  CHECK(file_system_ids({"-m", "listen-fds"}, be_capable_user) == ids_of("1000"));
}

TEST_CASE("without sockets the file system id is left alone") {
  support::enter_own_network();
  support::require_strace();
  CHECK(file_system_ids({"--confine", "off"}).empty());
}

TEST_CASE("sockets are opened without setfsuid if it is refused") {
  support::enter_own_network();
  support::require_strace();
  for (const char* error : {"ENOSYS", "EPERM", "EACCES"}) {
    CAPTURE(error);
    const auto inject = std::string("inject=setfsuid:error=") + error;
    const auto launch = [&](const support::Words& options) {
      return support::trace({"-e", inject},
                            support::join({{support::launcher(), "-u", "www-data", "-p", "80"},
                                           options,
                                           {"--", support::probe(), "status", "fd=3"}}))
          .result;
    };
    const auto silent = launch({"-m", "listen-fds"});
    CHECK(silent.err.empty());
    auto field = support::check_daemon(silent, {});
    CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
    const auto verbose = launch({"-m", "listen-fds", "-v"});
    CHECK(verbose.status == 0);
    CHECK(verbose.err.find("lowportbind: setfsuid is not available: the sockets will belong to the "
                           "launcher, not the account\n") != std::string::npos);
    support::check_refused(
        launch({"-m", "listen-fds", "--reuse-port"}), 125,
        {"cannot open sockets as: www-data (uid 33): setfsuid is not available, and --reuse-port "
         "shares a port only within one user's sockets\nlowportbind: hint: leave --reuse-port "
         "out\n"});
  }
}

TEST_CASE("a file system id other than the effective uid is refused") {
  support::enter_own_network();
  support::require_strace();
  for (const char* effect : {"retval=7", "error=EINVAL"}) {
    CAPTURE(effect);
    const auto inject = std::string("inject=setfsuid:") + effect + ":when=1";
    const auto traced =
        support::trace({"-e", inject}, {support::launcher(), "-u", "www-data", "-p", "80", "-m",
                                        "nginx", "--", support::probe(), "status"});
    support::check_refused(
        traced.result, 125,
        {"cannot read the file system id: setfsuid: it is not the effective user id\n"});
  }
}
