// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "confinement.hpp"
#include "daemon.hpp"

// The launcher's own output.

TEST_CASE("--verbose prints every step on its own line and in order") {
  support::require_confinement();
  const auto result =
      support::launch_probe({"-v", "-u", "www-data", "-p", "80,53/udp", "-m", "listen-fds",
                             "--confine", "listed", "--own-stdio", "--new-session"},
                            {"pid"});
  CHECK(result.status == 0);
  CHECK(result.err ==
        "lowportbind: inspecting this process and the kernel\n"
        "lowportbind: looking up the account\n"
        "lowportbind: closing the other descriptors\n"
        "lowportbind: unsharing the working directory and umask\n"
        "lowportbind: opening 80/tcp,53/udp\n"
        "lowportbind: setting no_new_privs\n"
        "lowportbind: confining " +
            std::string(support::has_udp_rules() ? "TCP and UDP ports" : "TCP ports") +
            ": --confine listed\n"
            "lowportbind: becoming www-data (uid 33)\n"
            "lowportbind: verifying the privileges\n"
            "lowportbind: verifying the confinement\n"
            "lowportbind: looking for the command " +
            support::probe() +
            "\n"
            "lowportbind: cutting the rest of the bounding set\n"
            "lowportbind: checking whether stdio can be given to the account\n"
            "lowportbind: leaving the terminal's session\n"
            "lowportbind: handing over the sockets\n"
            "lowportbind: giving stdio to the account\n"
            "lowportbind: executing " +
            support::probe() + "\n");
}

TEST_CASE("an interrupted or blocked write is retried") {
  support::require_root();
  support::require_strace();
  const auto whole = support::launch({"--help"});
  for (const std::string error : {"EINTR", "EAGAIN"}) {
    const auto again = support::trace({"-e", "inject=write:error=" + error + ":when=1"},
                                      {support::launcher(), "--help"})
                           .result;
    CHECK(again.status == 0);
    CHECK(again.err.empty());
    CHECK(again.out == whole.out);
  }
}

TEST_CASE("each step is printed before it is taken") {
  support::require_confinement();
  support::require_strace();
  const auto traced =
      support::trace({"-e", "trace=!landlock_add_rule"},
                     {support::launcher(), "-v", "-u", "www-data", "-p", "80", "-m", "listen-fds",
                      "--confine", "listed", "--new-session", "--reuse-port", "--", "/bin/true"});
  REQUIRE(traced.result.status == 0);
  // The call that a step begins with, and the last message printed by then.
  const std::vector<std::pair<std::string, std::string>> steps{
      {"close_range", "closing"},
      {"bind", "opening"},
      {"landlock_restrict_self", "confining"},
      {"setresgid", "becoming"},
      {"getresuid", "verifying"},
      {"setsid", "leaving"},
      {"listen", "listening"}};
  for (const auto& step : steps) {
    const auto& call = step.first;
    CAPTURE(call);
    std::string said;
    bool found = false;
    for (const auto& text : traced.calls) {
      if (text.starts_with("write(2, \"lowportbind: ")) {
        said = text.substr(23);
      }
      const bool is_call = text.starts_with(call + "(");
      if (is_call && said.starts_with(step.second)) {
        found = true;
      }
    }
    CHECK(found);
  }
}
