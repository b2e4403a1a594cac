// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include "confinement.hpp"

// What the confinement leaves untouched, and which processes it reaches.

using support::ask_daemon;
using support::Words;

namespace {

const Words kKinds{"off", "privileged", "listed"};

Words options_with(const std::string& kind) { return {"-p", "80", "--confine", kind}; }

}  // namespace

TEST_CASE("outgoing connections are not confined") {
  support::require_confinement();
  // Made by the test: the daemon itself could not bind these.
  const int privileged = support::listen_on(22);
  const int unprivileged = support::listen_on(8080);
  for (const auto& kind : kKinds) {
    CAPTURE(kind);
    auto field = ask_daemon(options_with(kind), {"connect=4/22", "connect=4/8080", "connect=4/23",
                                                 "connect=6/22", "bind=tcp/4/81"});
    CHECK(field["connect=4/22"] == "ok");
    CHECK(field["connect=4/8080"] == "ok");
    for (const int server : {privileged, unprivileged}) {
      CHECK(accept(server, nullptr, nullptr) >= 0);
    }
    CHECK(field["connect=4/23"] == "ECONNREFUSED");
    CHECK(field["connect=6/22"] == "ECONNREFUSED");
    CHECK(field["bind=tcp/4/81"] == (kind == "off" ? "ok" : "EACCES"));
  }
}

TEST_CASE("listen without bind still gets an unprivileged port") {
  support::require_confinement();
  for (const auto& kind : kKinds) {
    CHECK(ask_daemon(options_with(kind), {"listen"}).at("listen") == "ok");
  }
}

TEST_CASE("other sockets behave the same under confinement") {
  support::require_confinement();
  const Words questions{
      "unix",
      "socket=1/1/0",
      "socket=1/2/0",
      "socket=1/5/0",  // UNIX
      "socket=16/3/0",
      "socket=16/3/15",  // netlink
      "socket=17/3/0",
      "socket=17/2/0",  // packet
      "socket=2/3/1",
      "socket=2/3/6",
      "socket=2/3/17",
      "socket=2/3/0",
      "socket=10/3/58",  // raw
      "socket=2/2/1",
      "socket=10/2/58",  // ping
      "socket=2/2/0/0",
      "socket=2/2/17/8053",
      "socket=10/2/17/8053",  // UDP
      "socket=2/1/17",
      "socket=2/2/6",
      "socket=10/1/58",  // a type and a protocol that do not match
      "socket=38/5/0",
      "socket=40/1/0",
      "socket=3/1/0",
      "socket=99/1/0"  // crypto, vsock, and none
  };
  const auto expected = ask_daemon(options_with("off"), questions);
  CHECK(expected.at("unix") == "ok");
  CHECK(expected.at("socket=16/3/0") == "ok");
  CHECK(expected.at("socket=17/3/0") == "socket EPERM");
  CHECK(expected.at("socket=2/3/1") == "socket EPERM");
  for (const char* kind : {"privileged", "listed"}) {
    CAPTURE(kind);
    CHECK(ask_daemon({"-p", "80,8053/udp", "--confine", kind}, questions) == expected);
  }
}

TEST_CASE("the daemon's children inherit its confinement") {
  support::require_confinement();
  const Words questions{"status", support::kEveryPort, "socket=2/1/262/22", "io_uring",
                        "i386=2/1/6/22"};
  // The inner shell does not exec the probe: it has something left to do.
  const std::string script = R"(/bin/sh -c '"$0" "$@"; exit $?' "$0" "$@"; exit $?)";
  for (const auto& kind : kKinds) {
    CAPTURE(kind);
    const auto result =
        support::launch(support::join({{"-u", "www-data"},
                                       options_with(kind),
                                       {"--", "/bin/sh", "-c", script, support::probe()},
                                       questions}));
    CHECK(result.err.empty());
    REQUIRE(result.status == 0);
    auto field = support::fields(result.out);
    CHECK(field["CapEff"] == support::kBindCapability);
    if (kind == "off") {
      CHECK(field[support::kEveryPort] == support::kAllOpen);
      support::check_unfiltered(field);
      continue;
    }
    const bool is_listed = kind == "listed";
    CHECK(field[support::kEveryPort] ==
          (is_listed ? support::kConfinedToListed : support::kConfinedToPrivileged));
    CHECK(field["socket=2/1/262/22"] == "socket EPROTONOSUPPORT");
    CHECK(field["io_uring"] == "EPERM");
    CHECK(field["i386=2/1/6/22"] != "ok");
    support::check_filtered(field);
  }
}

TEST_CASE("a launcher in a confined daemon can only confine further") {
  support::require_confinement();
  const auto launch_twice = [](const Words& outer, const Words& inner) {
    return support::launch(
        support::join({{"-u", "www-data"},
                       outer,
                       {"--", support::launcher()},
                       inner,
                       {"--", support::probe(), "status", support::kEveryPort}}));
  };
  const auto check = [&](const Words& outer, const Words& inner, const std::string& ports,
                         int filters) {
    const auto result = launch_twice(outer, inner);
    CAPTURE(result.err);
    CHECK(result.err.empty());
    REQUIRE(result.status == 0);
    auto field = support::fields(result.out);
    CHECK(field[support::kEveryPort] == ports);
    CHECK(support::count_filters(field) == filters);
  };
  check({"-p", "80,443"}, {"-p", "80"}, support::kConfinedToPrivileged, 2);
  check({"-p", "80,443"}, {"-p", "443,8080", "--confine", "listed"},
        "0 ok 1-442 EACCES 443 ok 444-8079 EACCES 8080 ok 8081-65535 EACCES", 2);
  check({"-p", "80"}, {"-p", "443", "--confine", "off"}, support::kConfinedToPrivileged, 1);
  // It cannot grant what it was not given itself.
  support::check_refused(launch_twice({"-p", "80"}, {"-p", "443"}), 125,
                         {"TCP port 443: it is listed, yet it is refused",
                          "hint: lowportbind itself may be confined"});
}
