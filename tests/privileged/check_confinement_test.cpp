// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.hpp"

// What `--check` reports about the confinement. strace answers in place of a kernel that lacks
// something.

namespace {

long read_landlock_abi() {
  constexpr unsigned kAskForAbi = 1;
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForAbi);
}

void require_landlock_with_network() {
  if (read_landlock_abi() < 4) {
    support::skip("this kernel's Landlock has no network rules");
  }
}

/// Runs the launcher under strace, which makes system calls fail.
support::Result run_where(const std::string& inject, const support::Words& options) {
  return support::trace({"-e", "inject=" + inject},
                        support::join({{support::launcher(), "-u", "www-data", "-p", "80"},
                                       options,
                                       {"--", support::probe(), "pid"}}))
      .result;
}

const std::string kOpen = "every privileged port is open to the daemon: ";

struct Row {
  std::string inject;
  std::string reason;
};

/// Checks that the default continues without confinement and reports it, and that a confinement
/// requested by name does not.
void check_missing(const Row& row) {
  CAPTURE(row.inject);
  const auto line = "lowportbind: " + kOpen + row.reason + "; --confine off silences this\n";
  auto result = run_where(row.inject, {"--check"});
  CAPTURE(result.out);
  CHECK(result.status == 0);
  CHECK(result.err == line);
  CHECK(check::line(result, "confinement") == "none, so " + kOpen + row.reason);
  CHECK(check::line(result, "mode") == "ambient: CAP_NET_BIND_SERVICE");
  CHECK(result.out.ends_with("\nverdict      ready\n"));

  result = run_where(row.inject, {});
  CHECK(result.status == 0);
  CHECK(result.err == line);
  CHECK(result.out.starts_with("pid:\t"));

  result = run_where(row.inject, {"--check", "--confine", "off"});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK(check::line(result, "confinement") ==
        "off, so every privileged port is open to the daemon");

  for (const std::string kind : {"privileged", "listed"}) {
    for (const support::Words& more : {support::Words{}, support::Words{"--check"}}) {
      result = run_where(row.inject, support::join({more, {"--confine", kind}}));
      CAPTURE(result.err);
      CHECK(result.status == 125);
      CHECK(result.out.empty());
      CHECK(
          result.err.starts_with("lowportbind: cannot confine the daemon to its ports: --confine " +
                                 kind + ": " + row.reason + "\nlowportbind: hint: "));
      CHECK(result.err.find("--confine off") != std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("--check is ready without Landlock and reports open ports") {
  support::enter_own_network();
  support::require_strace();
  const Row rows[] = {
      {"landlock_create_ruleset:error=ENOSYS", "this kernel has no Landlock"},
      {"landlock_create_ruleset:error=EOPNOTSUPP", "Landlock is disabled in this kernel"},
      {"landlock_create_ruleset:error=EPERM", "Landlock cannot be used: Operation not permitted"},
      {"landlock_create_ruleset:retval=3",
       "this kernel's Landlock has no network rules, which came with Linux 6.7"},
      {"landlock_create_ruleset:retval=1",
       "this kernel's Landlock has no network rules, which came with Linux 6.7"},
  };
  for (const auto& row : rows) {
    check_missing(row);
  }
}

TEST_CASE("--check is ready without seccomp and reports open ports") {
  require_landlock_with_network();
  support::enter_own_network();
  support::require_strace();
  check_missing(
      {"seccomp:error=EINVAL:when=1", "seccomp filters cannot be used: Invalid argument"});
  check_missing(
      {"seccomp:error=ENOSYS:when=1", "seccomp filters cannot be used: Function not implemented"});
}

TEST_CASE("--check finds a confinement that unexpectedly fails") {
  require_landlock_with_network();
  support::enter_own_network();
  support::require_strace();
  const Row rows[] = {
      {"landlock_create_ruleset:error=ENOMEM:when=2",
       "landlock_create_ruleset: Cannot allocate memory"},
      {"landlock_restrict_self:error=E2BIG",
       "landlock_restrict_self: lowportbind itself is already confined 16 times, the most that "
       "Landlock allows"},
      {"seccomp:error=ENOMEM:when=2", "seccomp: Cannot allocate memory"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.inject);
    const auto sentence = "cannot confine the daemon to its ports: " + row.reason;
    const auto launched = run_where(row.inject, {});
    CHECK(launched.status == 125);
    CHECK(launched.out.empty());
    CHECK(launched.err.starts_with("lowportbind: " + sentence + "\n"));
    const auto checked = run_where(row.inject, {"--check"});
    CHECK(checked.status == 125);
    CHECK(checked.err == launched.err);
    CHECK(check::line(checked, "verdict") == "not ready: " + sentence);
  }
}

TEST_CASE("--check reports that confinement lacks CAP_SYS_ADMIN") {
  require_landlock_with_network();
  support::enter_own_network();
  const std::string reason = "with --allow-new-privs the confinement needs CAP_SYS_ADMIN";
  const check::Setting setting{.options = {"-u", "www-data", "-p", "80", "--allow-new-privs"},
                               .in_child = [] { support::drop_capabilities({CAP_SYS_ADMIN}); }};
  const auto result = check::ready(setting);
  CHECK(check::line(result, "confinement") == "none, so " + kOpen + reason);
  CHECK(result.err == "lowportbind: " + kOpen + reason + "; --confine off silences this\n");
  auto named = setting;
  named.options.insert(named.options.end(), {"--confine", "listed"});
  const auto refused = check::run(named, {"--check"});
  CHECK(refused.status == 125);
  CHECK(refused.err.starts_with(
      "lowportbind: cannot confine the daemon to its ports: --confine listed: " + reason));
  named.in_child = {};
  check::ready(named);
}

TEST_CASE("--check reports which ports the daemon can bind") {
  require_landlock_with_network();
  support::enter_own_network();
  const bool udp = read_landlock_abi() >= 10;
  const auto by = " (Landlock ABI " + std::to_string(read_landlock_abi()) + " and seccomp)" +
                  (udp ? "" : "; UDP not confined");
  const auto ports = [&](const std::string& tcp, const std::string& of_udp) {
    return "TCP: " + tcp + (udp ? "; UDP: " + of_udp : "") + by;
  };
  const auto line_of = [](const support::Words& options) {
    const auto result = check::ready({.options = support::join({{"-u", "www-data"}, options})});
    CHECK(result.err.empty());
    return check::line(result, "confinement");
  };
  CHECK(line_of({"-p", "443,80,53/udp"}) ==
        ports("80,443 and unprivileged ports", "53 and unprivileged ports"));
  CHECK(line_of({"-p", "80", "--confine", "privileged"}) ==
        ports("80 and unprivileged ports", "unprivileged ports"));
  CHECK(line_of({"-p", "80-82,8080", "--confine", "listed"}) == ports("80-82,8080", "no port"));
  CHECK(line_of({"-p", "80", "-m", "listen-fds", "--confine", "listed"}) == ports("80", "no port"));
  CHECK(line_of({"--confine", "listed"}) == ports("no port", "no port"));
  CHECK(line_of({"-p", "80", "--confine", "off"}) ==
        "off, so every privileged port is open to the daemon");
  CHECK(line_of({"-p", "80", "-m", "listen-fds"}) == "off");
  CHECK(line_of({"-p", "8080"}) == "off");
}
