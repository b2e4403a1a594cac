// SPDX-License-Identifier: MIT
#include "launcher/report.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "base/output.hpp"
#include "report_lines.hpp"
#include "situations.hpp"

using lowport::Colour;
using lowport::describe_plan;
using lowport::make_plan;
using lowport::Mode;
using lowport::Plan;

TEST_CASE("the report shows who the daemon runs as") {
  struct Row {
    lowport::Account account;
    std::string group_name;
    std::string line;
  };
  const Row rows[] = {
      {{33, 33, {33}, "www-data", "/", "/"},
       "www-data",
       "www-data (uid 33), group www-data (33), groups 33"},
      {{33, 33, {4, 27, 33}, "www-data", "/", "/"},
       "www-data",
       "www-data (uid 33), group www-data (33), groups 4,27,33"},
      {{33, 0, {}, "www-data", "/", "/"}, "root", "www-data (uid 33), group root (0), groups none"},
      {{4000, 4001, {4001}, "", "", ""}, "", "uid 4000, group 4001, groups 4001"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto plan =
        make_plan(situation::for_www_data("80"), row.account, situation::started_by_root());
    CHECK(entries(describe_plan(plan, row.group_name, "/bin/true", nullptr, Colour::kNone),
                  "account") == Lines{row.line});
  }
}

TEST_CASE("the report shows each port and whether it is privileged") {
  const auto report = [](const std::string& ports, Mode mode, int port_start) {
    auto host = situation::started_by_root();
    host.unprivileged_port_start = port_start;
    const auto plan = make_plan(situation::for_www_data(ports, mode), situation::www_data(), host);
    return describe_plan(plan, "www-data", "/bin/true", nullptr, Colour::kNone);
  };
  CHECK(entries(report("", Mode::kAmbient, 1024), "ports") == Lines{"none"});
  CHECK(entries(report("80", Mode::kAmbient, 1024), "ports") ==
        Lines{"80/tcp          privileged here (< 1024), free"});
  CHECK(entries(report("443,53/udp,8080", Mode::kAmbient, 1024), "ports") ==
        Lines{"443/tcp         privileged here (< 1024), free",
              "53/udp          privileged here (< 1024), free",
              "8080/tcp        not privileged here (>= 1024), free"});
  CHECK(entries(report("80", Mode::kAmbient, 0), "ports") ==
        Lines{"80/tcp          not privileged here (>= 0), free"});
  CHECK(entries(report("web=[::1]:80", Mode::kListenFds, 1024), "ports") ==
        Lines{"web=[::1]:80/tcp  privileged here (< 1024), free"});
}

TEST_CASE("the report shows what the mode gives the daemon") {
  const auto mode_line = [](const std::string& ports, Mode mode) {
    const auto plan = situation::plan_for_root(situation::for_www_data(ports, mode));
    return entries(describe_plan(plan, "www-data", "/bin/true", nullptr, Colour::kNone), "mode");
  };
  CHECK(mode_line("80", Mode::kAmbient) == Lines{"ambient: CAP_NET_BIND_SERVICE"});
  CHECK(mode_line("8080", Mode::kAmbient) ==
        Lines{"ambient: no capability, since no listed port needs one here"});
  CHECK(mode_line("", Mode::kAmbient) == Lines{"ambient: no capability"});
  CHECK(mode_line("80", Mode::kNginx) == Lines{"nginx: 2 open sockets, no capability"});
  CHECK(mode_line("80-82", Mode::kListenFds) == Lines{"listen-fds: 3 open sockets, no capability"});
}

TEST_CASE("the report counts one socket in the singular") {
  const auto plan = situation::plan_for_root(situation::for_www_data("80", Mode::kInetd));
  CHECK(entries(describe_plan(plan, "", "/bin/true", nullptr, Colour::kNone), "mode") ==
        Lines{"inetd: 1 open socket, no capability"});
}

TEST_CASE("the report names inherited sockets") {
  const auto host = situation::with_inherited(situation::started_by_root(), {"a", "b"});
  const auto plan =
      make_plan(situation::for_www_data("", Mode::kListenFds), situation::www_data(), host);
  const auto report = describe_plan(plan, "www-data", "/bin/true", nullptr, Colour::kNone);
  CHECK(entries(report, "ports") == Lines{"inherited only"});
  CHECK(entries(report, "mode") == Lines{"listen-fds: 2 open sockets, no capability"});
}

TEST_CASE("the report names the command and cannot be forged by it") {
  const auto plan = situation::plan_for_root(situation::for_www_data("80"));
  const auto report =
      describe_plan(plan, "www-data", "/x\nverdict      forged\x1b[0m", nullptr, Colour::kNone);
  REQUIRE(entries(report, "command").size() == 1);
  CHECK(entries(report, "command").front().starts_with("/x\\x0averdict      forged\\x1b[0m"));
  CHECK(entries(report, "verdict") == Lines{"ready"});
  CHECK(report.ends_with("verdict      ready\n"));
}

TEST_CASE("the version names the program and its source of names") {
  const auto text = lowport::version_text("names: a test");
  CHECK(text.starts_with("lowportbind "));
  CHECK(text.ends_with(" (names: a test)\n"));
  CHECK(text.find_first_of("0123456789") == std::string("lowportbind ").size());
}

TEST_CASE("the help fits in 80 columns and 40 lines") {
  std::istringstream lines(lowport::help_text());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
    CHECK(line.find('\t') == std::string::npos);
  }
  CHECK(count <= 40);
}

TEST_CASE("the help names every option") {
  const auto help = lowport::help_text();
  for (const std::string option : {"-u, --user",
                                   "--groups",
                                   "-p, --port",
                                   "-m, --mode",
                                   "--confine",
                                   "--backlog",
                                   "--reuse-port",
                                   "--env",
                                   "--clear-env",
                                   "--keep-fd",
                                   "--own-stdio",
                                   "--new-session",
                                   "--allow-new-privs",
                                   "-n, --check",
                                   "--json",
                                   "-v, --verbose",
                                   "-h, --help",
                                   "-V, --version",
                                   "ambient",
                                   "listen-fds",
                                   "inetd",
                                   "nginx",
                                   "125",
                                   "126",
                                   "127"}) {
    CAPTURE(option);
    CHECK(help.find(option) != std::string::npos);
  }
}
