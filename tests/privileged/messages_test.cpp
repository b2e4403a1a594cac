#include <doctest/doctest.h>

#include "confinement.hpp"
#include "daemon.hpp"

// What the launcher itself writes.

TEST_CASE("with --verbose every step of the launch is a line of its own in their order") {
  support::require_confinement();
  const auto result = support::launch_probe(
      {"-v", "-u", "www-data", "-p", "80,53/udp", "-m", "listen-fds", "--confine", "listed"}, {"pid"});
  CHECK(result.status == 0);
  CHECK(result.err ==
        "lowportbind: opening 80/tcp\n"
        "lowportbind: opening 53/udp\n"
        "lowportbind: confining TCP ports: listed\n"
        "lowportbind: becoming www-data (uid 33)\n"
        "lowportbind: verifying the privileges\n"
        "lowportbind: executing " +
            support::probe() + "\n");
}

TEST_CASE("a write that a signal interrupts is made again") {
  support::require_root();
  support::require_strace();
  const auto whole = support::launch({"--help"});
  const auto interrupted =
      support::trace({"-e", "inject=write:error=EINTR:when=1"}, {support::launcher(), "--help"}).result;
  CHECK(interrupted.status == 0);
  CHECK(interrupted.err.empty());
  CHECK(interrupted.out == whole.out);
}
