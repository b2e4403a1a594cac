// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "arguments.hpp"
#include "situations.hpp"

using lowport::make_plan;
using lowport::Mode;
using lowport::Plan;
using lowport::SocketFamily;

namespace {

/// "80/tcp=dual 443/tcp=4": each planned socket and its family.
std::string sockets_of(const Plan& plan) {
  std::string text;
  for (const auto& planned : plan.sockets.sockets) {
    if (!text.empty()) {
      text += ' ';
    }
    text += format_address(planned.address);
    if (planned.family == SocketFamily::kIpv4) {
      text += "=4";
    }
    if (planned.family == SocketFamily::kIpv6Only) {
      text += "=6";
    }
    if (planned.family == SocketFamily::kDualStack) {
      text += "=dual";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("the mode and the host decide the sockets of an address") {
  struct Row {
    std::string ports;
    Mode mode;
    bool has_ipv6;
    std::string sockets;
  };
  const Row rows[] = {
      {"80", Mode::kAmbient, true, ""},
      {"80", Mode::kListenFds, true, "80/tcp=dual"},
      {"80", Mode::kListenFds, false, "80/tcp=4"},
      {"*:80", Mode::kInetd, true, "80/tcp=dual"},
      {"80", Mode::kNginx, true, "80/tcp=4 80/tcp=6"},
      {"80", Mode::kNginx, false, "80/tcp=4"},
      {"0.0.0.0:80", Mode::kNginx, true, "0.0.0.0:80/tcp=4"},
      {"[::]:80", Mode::kNginx, true, "[::]:80/tcp=6"},
      {"[::]:80", Mode::kListenFds, true, "[::]:80/tcp=6"},
      {"[::]:80", Mode::kListenFds, false, "[::]:80/tcp=6"},
      {"443,80,127.0.0.1:53/udp", Mode::kListenFds, true,
       "443/tcp=dual 80/tcp=dual 127.0.0.1:53/udp=4"},
      {"443,[::1]:80", Mode::kNginx, true, "443/tcp=4 443/tcp=6 [::1]:80/tcp=6"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    auto host = situation::started_by_root();
    host.has_ipv6 = row.has_ipv6;
    const auto plan =
        make_plan(situation::for_www_data(row.ports, row.mode), situation::www_data(), host);
    CHECK(sockets_of(plan) == row.sockets);
    CHECK(plan.descriptors.first == 3);
    CHECK(plan.descriptors.count == static_cast<int>(plan.sockets.sockets.size()));
    CHECK(plan.mode == row.mode);
  }
}

TEST_CASE("sockets are opened as the account with the given options") {
  auto options = situation::for_www_data("80", Mode::kListenFds);
  const auto by_default = situation::plan_for_root(options);
  CHECK(by_default.sockets.backlog == 4096);
  CHECK_FALSE(by_default.sockets.reuse_port);
  CHECK(by_default.sockets.fsuid == 33);

  options.backlog = 7;
  options.reuse_port = true;
  const auto changed = situation::plan_for_root(options);
  CHECK(changed.sockets.backlog == 7);
  CHECK(changed.sockets.reuse_port);

  const auto by_user = make_plan(situation::for_the_caller("8080", Mode::kListenFds),
                                 situation::the_caller(), situation::started_by_user());
  CHECK_FALSE(by_user.sockets.fsuid.has_value());
}

TEST_CASE("without setfsuid sockets belong to the launcher's user") {
  auto host = situation::started_by_root();
  host.has_fsuid = false;
  auto options = situation::for_www_data("80", Mode::kListenFds);
  const auto plan = make_plan(options, situation::www_data(), host);
  CHECK_FALSE(plan.sockets.fsuid.has_value());
  CHECK(plan.sockets.lacks_fsuid);
  CHECK_FALSE(situation::plan_for_root(options).sockets.lacks_fsuid);

  options.reuse_port = true;
  const auto refusal = refusal_of([&] { make_plan(options, situation::www_data(), host); });
  CHECK(refusal.message ==
        "cannot open sockets as: www-data (uid 33): setfsuid is not available, and --reuse-port "
        "shares a port only within one user's sockets");
  CHECK(refusal.hint == "leave --reuse-port out");

  auto users = situation::started_by_user();
  users.has_fsuid = false;
  auto own = situation::for_the_caller("8080", Mode::kListenFds);
  own.reuse_port = true;
  CHECK_FALSE(make_plan(own, situation::the_caller(), users).sockets.lacks_fsuid);
}

TEST_CASE("the daemon's descriptors count towards the open-file limit") {
  auto options = situation::for_www_data("80,443", Mode::kNginx);
  options.keep_fds = {9, 100};
  CHECK(situation::plan_for_root(options).sockets.descriptors == 9);
  CHECK(situation::plan_for_root(situation::for_www_data("80", Mode::kInetd)).sockets.descriptors ==
        4);
}

TEST_CASE("--check tries ambient mode's sockets and hands none over") {
  auto options = situation::for_www_data("80,53/udp,8080");
  const auto launch = situation::plan_for_root(options);
  CHECK(launch.sockets.sockets.empty());
  CHECK(launch.sockets.only_probe);

  options.action = lowport::Action::kCheck;
  const auto check = situation::plan_for_root(options);
  CHECK(sockets_of(check) == "80/tcp=dual 53/udp=dual 8080/tcp=dual");
  CHECK(check.sockets.only_probe);
  CHECK(check.descriptors.count == 0);
  CHECK(check.privileges.capabilities == launch.privileges.capabilities);
  CHECK(situation::variable(check, "LISTEN_FDS") == "unset");

  auto host = situation::started_by_root();
  host.has_ipv6 = false;
  CHECK(sockets_of(make_plan(options, situation::www_data(), host)) ==
        "80/tcp=4 53/udp=4 8080/tcp=4");
}

TEST_CASE("--check plans the same sockets as a launch in other modes") {
  for (const auto mode : {Mode::kListenFds, Mode::kInetd, Mode::kNginx}) {
    auto options = situation::for_www_data("80", mode);
    const auto launch = situation::plan_for_root(options);
    options.action = lowport::Action::kCheck;
    const auto check = situation::plan_for_root(options);
    CHECK(sockets_of(check) == sockets_of(launch));
    CHECK_FALSE(check.sockets.only_probe);
    CHECK(check.descriptors.count == launch.descriptors.count);
  }
}

TEST_CASE("--check raises a file capability to try a privileged port") {
  auto options = situation::for_the_caller("80");
  const auto host = situation::started_from_capable_file();
  CHECK_FALSE(make_plan(options, situation::the_caller(), host).sockets.raise_capability);
  options.action = lowport::Action::kCheck;
  CHECK(make_plan(options, situation::the_caller(), host).sockets.raise_capability);
  options.listen = parse_known("8080");
  CHECK_FALSE(make_plan(options, situation::the_caller(), host).sockets.raise_capability);
}

TEST_CASE("each mode announces its sockets in its own variables") {
  struct Row {
    std::string ports;
    Mode mode;
    std::string fds;
    std::string pid;
    std::string names;
    std::string nginx;
  };
  const Row rows[] = {
      {"80", Mode::kAmbient, "unset", "unset", "unset", "unset"},
      {"80", Mode::kInetd, "unset", "unset", "unset", "unset"},
      {"80", Mode::kListenFds, "1", "4242", "unset", "unset"},
      {"80-82,53/udp", Mode::kListenFds, "4", "4242", "unset", "unset"},
      {"web=80", Mode::kListenFds, "1", "4242", "web", "unset"},
      {"web=80,443", Mode::kListenFds, "2", "4242", "web:unknown", "unset"},
      {"80,dns=53/udp", Mode::kListenFds, "2", "4242", "unknown:dns", "unset"},
      {"web=80-81,x=9", Mode::kListenFds, "3", "4242", "web:web:x", "unset"},
      {"80", Mode::kNginx, "unset", "unset", "unset", "3;4;"},
      {"0.0.0.0:80", Mode::kNginx, "unset", "unset", "unset", "3;"},
      {"80,443", Mode::kNginx, "unset", "unset", "unset", "3;4;5;6;"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    const auto plan = situation::plan_for_root(situation::for_www_data(row.ports, row.mode));
    CHECK(situation::variable(plan, "LISTEN_FDS") == row.fds);
    CHECK(situation::variable(plan, "LISTEN_PID") == row.pid);
    CHECK(situation::variable(plan, "LISTEN_FDNAMES") == row.names);
    CHECK(situation::variable(plan, "NGINX") == row.nginx);
  }
}

TEST_CASE("inherited sockets come first") {
  struct Row {
    std::vector<std::string> inherited;
    std::string ports;
    std::string fds;
    std::string names;
    int first;
  };
  const Row rows[] = {
      {{""}, "", "1", "unset", 4},
      {{"", ""}, "80", "3", "unset", 5},
      {{"a", "b"}, "", "2", "a:b", 5},
      {{"a", ""}, "c=80", "3", "a:unknown:c", 5},
      {{"", ""}, "c=80-81", "4", "unknown:unknown:c:c", 5},
      {{"a"}, "80", "2", "a:unknown", 4},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    CAPTURE(row.names);
    const auto host = situation::with_inherited(situation::started_by_root(), row.inherited);
    const auto plan = make_plan(situation::for_www_data(row.ports, Mode::kListenFds),
                                situation::www_data(), host);
    CHECK(situation::variable(plan, "LISTEN_FDS") == row.fds);
    CHECK(situation::variable(plan, "LISTEN_FDNAMES") == row.names);
    CHECK(plan.descriptors.inherited == static_cast<int>(row.inherited.size()));
    CHECK(plan.descriptors.first == row.first);
  }
}

TEST_CASE("the command line reaches the plan as typed") {
  auto options = situation::for_www_data("443,80");
  options.own_stdio = true;
  options.new_session = true;
  const Arguments arguments({"--flag"});
  options.command = arguments.span();
  const auto plan = situation::plan_for_root(options);
  CHECK(plan.own_stdio);
  CHECK(plan.new_session);
  CHECK(plan.listen == parse_known("443,80"));
  CHECK(plan.command.size() == 2);
  CHECK(plan.command.data() == arguments.span().data());
}
