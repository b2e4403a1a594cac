// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include "daemon.hpp"

using support::check_daemon;
using support::check_denied;
using support::launch_probe;
using support::variable;

namespace {

/// The daemon of inetd mode writes to its socket when it writes to stdout, so that the probe
/// answers into a file.
support::Result ask_inetd_daemon(const support::Words& options, const support::Words& questions) {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  auto result = launch_probe(support::join({{"-u", "www-data", "-m", "inetd"}, options}),
                             support::join({{"to=" + file}, questions}));
  result.out = support::read_file(file);
  return result;
}

}  // namespace

TEST_CASE("inetd mode hands over only the socket as descriptors 0 and 1") {
  support::enter_own_network();
  const auto result = ask_inetd_daemon({"-p", "80"}, {"status", "fds", "fd=0", "fd=1", "fd=2",
                                                      "env", "reach=0/4/80", "reach=1/6/80"});
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2");
  CHECK(field["fd=0"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  CHECK(field["fd=1"] == field["fd=0"]);
  CHECK(field["fd=2"].starts_with("pipe:"));
  CHECK(field["reach=0/4/80"] == "ok");
  CHECK(field["reach=1/6/80"] == "ok");
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NGINX"}) {
    CHECK(variable(result, name) == "(unset)");
  }
  check_denied("tcp/4/80");
}

TEST_CASE("a UDP socket in inetd mode works like an inetd wait service") {
  support::enter_own_network();
  auto field = check_daemon(
      ask_inetd_daemon({"-p", "127.0.0.1:69/udp"}, {"status", "fds", "fd=0", "reach=0/4/69"}), {});
  CHECK(field["fds"] == "0 1 2");
  CHECK(field["fd=0"] == "udp 127.0.0.1:69 blocking");
  CHECK(field["reach=0/4/69"] == "ok");
  check_denied("udp/4/69");
}

TEST_CASE("inetd mode accepts --keep-fd and --reuse-port") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const auto result =
      launch_probe({"-u", "www-data", "-m", "inetd", "-p", "80", "--reuse-port", "--keep-fd", "9"},
                   {"to=" + file, "fds", "fd=0"}, [] { dup2(STDERR_FILENO, 9); });
  REQUIRE(result.status == 0);
  auto field = support::fields(support::read_file(file));
  CHECK(field["fds"] == "0 1 2 9");
  CHECK(field["fd=0"] == "tcp [::]:80 dual-stack listening reuseaddr reuseport blocking");
}

TEST_CASE("in nginx mode a port is two sockets announced in NGINX") {
  support::enter_own_network();
  const auto result =
      launch_probe({"-u", "www-data", "-m", "nginx", "-p", "80"},
                   {"status", "fds", "fd=3", "fd=4", "env", "reach=3/4/80", "reach=4/6/80"});
  auto field = check_daemon(result, {});
  CHECK(field["fds"] == "0 1 2 3 4");
  CHECK(field["fd=3"] == "tcp 0.0.0.0:80 listening reuseaddr blocking");
  CHECK(field["fd=4"] == "tcp [::]:80 v6only listening reuseaddr blocking");
  CHECK(field["reach=3/4/80"] == "ok");
  CHECK(field["reach=4/6/80"] == "ok");
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
    CHECK(variable(result, name) == "(unset)");
  }
  check_denied("tcp/4/80");
  check_denied("tcp/6/80");
}

TEST_CASE("every number in NGINX is followed by a semicolon") {
  support::enter_own_network();
  const auto options = support::Words{"-u", "www-data", "-m", "nginx", "-p"};
  const auto launch = [&](const char* ports) {
    return launch_probe(support::join({options, {ports}}), {"env", "fd=3", "fd=4", "fd=5", "fd=6"});
  };
  CHECK(variable(launch("80"), "NGINX") == "3;4;");
  CHECK(variable(launch("127.0.0.1:80"), "NGINX") == "3;");
  const auto result = launch("80,[::1]:443,443/udp");
  CHECK(variable(result, "NGINX") == "3;4;5;6;7;");
  auto field = support::fields(result.out);
  CHECK(field["fd=5"] == "tcp [::1]:443 v6only listening reuseaddr blocking");
  CHECK(field["fd=6"] == "udp 0.0.0.0:443 blocking");
}
