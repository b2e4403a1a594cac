#include <doctest/doctest.h>
#include <unistd.h>

#include "daemon.hpp"

using support::launch_probe;

// Port 8080: the daemon of these modes has no capability with which it could bind a privileged port once more.

TEST_CASE("pitfall 15: the daemon can bind a port again that was opened for it with --reuse-port") {
  support::enter_own_network();
  for (const char* mode : {"listen-fds", "nginx"}) {
    CAPTURE(mode);
    auto field = support::fields(launch_probe({"-u", "www-data", "-m", mode, "-p", "0.0.0.0:8080", "--reuse-port"},
                                              {"fd=3", "bind=tcp/4/8080/reuseport", "bind=tcp/4/8080"})
                                     .out);
    CHECK(field["fd=3"] == "tcp 0.0.0.0:8080 listening reuseaddr reuseport blocking");
    CHECK(field["bind=tcp/4/8080/reuseport"] == "ok");
    CHECK(field["bind=tcp/4/8080"] == "EADDRINUSE");
  }
}

TEST_CASE("pitfall 15: a UDP socket with --reuse-port is shared with its account alone") {
  support::enter_own_network();
  auto field =
      support::fields(launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "0.0.0.0:8080/udp", "--reuse-port"},
                                   {"fd=3", "bind=udp/4/8080/reuseport"})
                          .out);
  CHECK(field["fd=3"] == "udp 0.0.0.0:8080 reuseport blocking");
  CHECK(field["bind=udp/4/8080/reuseport"] == "ok");
}

TEST_CASE("pitfall 15: what root has made the account cannot share") {
  support::enter_own_network();
  const int made_by_root = support::listen_on(8080, true);
  const auto control =
      support::run_in_child({support::probe(), "bind=tcp/4/8080/reuseport"}, [] { support::become(33, 33); });
  CHECK(support::fields(control.out)["bind=tcp/4/8080/reuseport"] == "EADDRINUSE");
  // The same holds for the launcher: its socket is the account's, and root's is in the way.
  const auto options = support::Words{"-u", "www-data", "-m", "listen-fds", "-p", "0.0.0.0:8080", "--reuse-port"};
  support::check_refused(launch_probe(options, {"status"}), 125, {"cannot bind: 0.0.0.0:8080/tcp: Address already"});
  close(made_by_root);
  CHECK(launch_probe(options, {"status"}).status == 0);
}

TEST_CASE("without --reuse-port nobody can bind the port again") {
  support::enter_own_network();
  auto field = support::fields(
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "0.0.0.0:8080"}, {"fd=3", "bind=tcp/4/8080/reuseport"})
          .out);
  CHECK(field["fd=3"] == "tcp 0.0.0.0:8080 listening reuseaddr blocking");
  CHECK(field["bind=tcp/4/8080/reuseport"] == "EADDRINUSE");
}
