// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include "daemon.hpp"

using support::launch_probe;

// Port 8080: the daemon of these modes has no capability with which it could bind a privileged port
// again.

TEST_CASE("with --reuse-port the daemon can bind its port again") {
  support::enter_own_network();
  for (const char* mode : {"listen-fds", "nginx"}) {
    CAPTURE(mode);
    auto field = support::fields(
        launch_probe({"-u", "www-data", "-m", mode, "-p", "0.0.0.0:8080", "--reuse-port"},
                     {"fd=3", "bind=tcp/4/8080/reuseport", "bind=tcp/4/8080"})
            .out);
    CHECK(field["fd=3"] == "tcp 0.0.0.0:8080 listening reuseaddr reuseport blocking");
    CHECK(field["bind=tcp/4/8080/reuseport"] == "ok");
    CHECK(field["bind=tcp/4/8080"] == "EADDRINUSE");
  }
}

TEST_CASE("--reuse-port shares a UDP socket only with its account") {
  support::enter_own_network();
  auto field = support::fields(
      launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "0.0.0.0:8080/udp", "--reuse-port"},
                   {"fd=3", "bind=udp/4/8080/reuseport"})
          .out);
  CHECK(field["fd=3"] == "udp 0.0.0.0:8080 reuseport blocking");
  CHECK(field["bind=udp/4/8080/reuseport"] == "ok");
}

TEST_CASE("the account cannot share a port that root opened") {
  support::enter_own_network();
  const int made_by_root = support::listen_on(8080, true);
  const auto control = support::run_in_child({support::probe(), "bind=tcp/4/8080/reuseport"},
                                             [] { support::become(33, 33); });
  CHECK(support::fields(control.out)["bind=tcp/4/8080/reuseport"] == "EADDRINUSE");
  // The same holds for the launcher: its socket is the account's, and root's blocks it.
  const auto options =
      support::Words{"-u", "www-data", "-m", "listen-fds", "-p", "0.0.0.0:8080", "--reuse-port"};
  support::check_refused(launch_probe(options, {"status"}), 125,
                         {"cannot bind: 0.0.0.0:8080/tcp: Address already"});
  close(made_by_root);
  CHECK(launch_probe(options, {"status"}).status == 0);
}

namespace {

support::Result launch_where_listen_fails(const support::Words& options,
                                          const std::string& command) {
  const support::Words port{support::launcher(), "-u", "www-data", "-m",
                            "listen-fds",        "-p", "8080"};
  return support::trace({"-e", "inject=listen:error=EIO"},
                        support::join({port, options, {"--", command}}))
      .result;
}

}  // namespace

TEST_CASE("--check and failed launches take no shared connections") {
  support::enter_own_network();
  support::require_strace();
  support::check_refused(launch_where_listen_fails({"--reuse-port"}, support::probe()), 125,
                         {"cannot listen on: 8080/tcp"});
  CHECK(launch_where_listen_fails({"--reuse-port", "--check"}, support::probe()).status == 0);
  CHECK(launch_where_listen_fails({"--reuse-port"}, "no-such-command").status == 127);
}

TEST_CASE("--check listens on a port to find out whether it can") {
  support::enter_own_network();
  support::require_strace();
  const auto result = launch_where_listen_fails({"--check"}, support::probe());
  CHECK(result.status == 125);
  CHECK(result.err.find("cannot listen on: 8080/tcp") != std::string::npos);
}

TEST_CASE("without --reuse-port nobody can bind the port again") {
  support::enter_own_network();
  auto field =
      support::fields(launch_probe({"-u", "www-data", "-m", "listen-fds", "-p", "0.0.0.0:8080"},
                                   {"fd=3", "bind=tcp/4/8080/reuseport"})
                          .out);
  CHECK(field["fd=3"] == "tcp 0.0.0.0:8080 listening reuseaddr blocking");
  CHECK(field["bind=tcp/4/8080/reuseport"] == "EADDRINUSE");
}

TEST_CASE("with --reuse-port each repeated address is its own socket") {
  support::enter_own_network();
  const auto launch = [](const support::Words& options, const support::Words& questions) {
    return launch_probe(support::join({{"-u", "www-data", "--reuse-port"}, options}), questions);
  };
  const auto nginx = launch({"-m", "nginx", "-p", "80,80"}, {"status", "fds", "env", "fd=3", "fd=4",
                                                             "fd=5", "fd=6", "reach=4/6/80"});
  auto field = support::check_daemon(nginx, {});
  CHECK(field["fds"] == "0 1 2 3 4 5 6");
  CHECK(support::variable(nginx, "NGINX") == "3;4;5;6;");
  for (const char* number : {"3", "5"}) {
    CHECK(field["fd=" + std::string(number)] ==
          "tcp 0.0.0.0:80 listening reuseaddr reuseport blocking");
  }
  for (const char* number : {"4", "6"}) {
    CHECK(field["fd=" + std::string(number)] ==
          "tcp [::]:80 v6only listening reuseaddr reuseport blocking");
  }
  const auto named = launch({"-m", "listen-fds", "-p", "dns=53/udp,dns=53/udp,80,80"},
                            {"status", "fds", "env", "fd=3", "fd=4", "fd=5", "fd=6"});
  field = support::check_daemon(named, {});
  CHECK(support::variable(named, "LISTEN_FDS") == "4");
  CHECK(support::variable(named, "LISTEN_FDNAMES") == "dns:dns:unknown:unknown");
  CHECK(field["fd=3"] == "udp [::]:53 dual-stack reuseport blocking");
  CHECK(field["fd=4"] == field["fd=3"]);
  CHECK(field["fd=5"] == "tcp [::]:80 dual-stack listening reuseaddr reuseport blocking");
  CHECK(field["fd=6"] == field["fd=5"]);
  support::check_denied("tcp/4/80");
  // Without it, the second one is refused.
  support::check_refused(launch_probe({"-u", "www-data", "-m", "nginx", "-p", "80,80"}, {"status"}),
                         125,
                         {"80/tcp: it is listed twice\nlowportbind: hint: for several sockets on "
                          "one address, add --reuse-port\n"});
}
