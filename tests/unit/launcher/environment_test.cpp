// SPDX-License-Identifier: MIT
#include "launcher/environment.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "situations.hpp"

using lowport::build_environment;
using lowport::Environment;
using lowport::EnvironmentPlan;
using lowport::find_variable;
using lowport::make_plan;
using lowport::Mode;

TEST_CASE("only the planned variables of an environment change") {
  struct Row {
    std::string what;
    EnvironmentPlan plan;
    std::vector<std::string_view> inherited;
    Environment built;
  };
  const Row rows[] = {
      {"nothing to do", {}, {"A=1", "B=2"}, {"A=1", "B=2"}},
      {"duplicates stay", {}, {"A=1", "A=2"}, {"A=1", "A=2"}},
      {"entries without = stay", {}, {"ODD", "", "=x", "A=1"}, {"ODD", "", "=x", "A=1"}},
      {"an empty value is a value", {}, {"A="}, {"A="}},
      {"set, in every copy",
       {false, {}, {{"A", "3"}}, {}},
       {"A=1", "B=2", "A=2", "A"},
       {"B=2", "A=3"}},
      {"set anew", {false, {}, {{"C", "x=y"}}, {}}, {"A=1"}, {"A=1", "C=x=y"}},
      {"set twice, the last wins", {false, {}, {{"A", "1"}, {"A", "2"}}, {}}, {}, {"A=2"}},
      {"unset, in every copy", {false, {}, {}, {"A"}}, {"A=1", "B=2", "A=", "A"}, {"B=2"}},
      {"unset by beginning",
       {false, {}, {}, {"B_*"}},
       {"B_1=1", "B_", "B=2", "AB_1=3", "B_X"},
       {"B=2", "AB_1=3"}},
      {"set wins over unset by beginning",
       {false, {}, {{"B_1", "1"}}, {"B_*"}},
       {"B_1=0", "B_2=0"},
       {"B_1=1"}},
      {"a longer name is another",
       {false, {}, {{"A", "3"}}, {"B"}},
       {"AA=1", "BB=2"},
       {"AA=1", "BB=2", "A=3"}},
      {"set wins over unset", {false, {}, {{"A", "1"}}, {"A"}}, {"A=0"}, {"A=1"}},
      {"cleared",
       {true, {}, {}, {}},
       {"PATH=/bin", "HOME=/root", "TERM=xterm", "LANG=C", "LC_ALL=C", "LC_X=1", "TZ=UTC",
        "SECRET=1", "ODD"},
       {"PATH=/bin", "TERM=xterm", "LANG=C", "LC_ALL=C", "LC_X=1", "TZ=UTC"}},
      {"cleared but for some",
       {true, {"A", "ODD"}, {}, {}},
       {"A=1", "A=2", "B=2", "ODD"},
       {"A=1", "A=2", "ODD"}},
      {"cleared by whole names",
       {true, {"A"}, {}, {}},
       {"PATHS=1", "AA=1", "LANGUAGE=de", "TZDIR=/x", "LC=1"},
       {}},
      {"cleared and set", {true, {}, {{"B", "3"}}, {}}, {"A=1", "B=2"}, {"B=3"}},
      {"kept but unset", {true, {"A"}, {}, {"A"}}, {"A=1"}, {}},
      {"a loader's variables stay", {}, {"LD_PRELOAD=x", "IFS= "}, {"LD_PRELOAD=x", "IFS= "}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(build_environment(row.plan, row.inherited) == row.built);
  }
}

TEST_CASE("no copy of a stale handover variable reaches the daemon") {
  const std::vector<std::string_view> stale{
      "LISTEN_FDS=1", "LISTEN_PID=1", "A=1",        "LISTEN_FDNAMES=x", "LISTEN_PIDFDID=9",
      "NGINX=3;",     "NGINX=4;",     "LISTEN_FDS", "LISTEN_FDS=2",     "NGINX"};
  for (const auto mode : {Mode::kAmbient, Mode::kListenFds, Mode::kInetd, Mode::kNginx}) {
    CAPTURE(mode_name(mode));
    auto options = situation::for_the_caller("8080", mode);
    const auto plan = make_plan(options, situation::the_caller(), situation::started_by_user());
    Environment expected{"A=1"};
    if (mode == Mode::kListenFds) {
      expected.insert(expected.end(), {"LISTEN_FDS=1", "LISTEN_PID=4242"});
    }
    if (mode == Mode::kNginx) {
      expected.emplace_back("NGINX=3;4;");
    }
    CHECK(build_environment(plan.environment, stale) == expected);
  }
}

TEST_CASE("other socket announcements are dropped unless set") {
  const std::vector<std::string_view> stale{"SERVER_STARTER_PORT=80=3",
                                            "EINHORN_FD_COUNT=1",
                                            "EINHORN_FD_0=3",
                                            "EINHORN_FD_FAMILY_0=AF_INET",
                                            "EINHORN_FDS=3",
                                            "EINHORN_SOCK_FD=3",
                                            "FPM_SOCKETS=0:80=3",
                                            "GUNICORN_FD=3",
                                            "GUNICORN_PID=1",
                                            "UNICORN_FD=3",
                                            "UPSTART_FDS=3",
                                            "LISTEN_FDS_FIRST_FD=3",
                                            "PUMA_INHERIT_0=3:tcp://x",
                                            "NODE_CHANNEL_FD=3",
                                            "A=1",
                                            "GUNICORN_CMD_ARGS=-w 2",
                                            "LISTEN_ADDRESS=::",
                                            "NGINX_VERSION=1.22",
                                            "EINHORN_MASTER_PID=1",
                                            "NODE_ENV=production"};
  const Environment others{"A=1",
                           "GUNICORN_CMD_ARGS=-w 2",
                           "LISTEN_ADDRESS=::",
                           "NGINX_VERSION=1.22",
                           "EINHORN_MASTER_PID=1",
                           "NODE_ENV=production"};
  for (const auto mode : {Mode::kAmbient, Mode::kInetd}) {
    auto options = situation::for_the_caller("8080", mode);
    const auto plan = make_plan(options, situation::the_caller(), situation::started_by_user());
    CHECK(build_environment(plan.environment, stale) == others);
    options.environment.set = {{"EINHORN_FD_0", "9"}, {"FPM_SOCKETS", "0:80=9"}};
    auto expected = others;
    expected.insert(expected.end(), {"EINHORN_FD_0=9", "FPM_SOCKETS=0:80=9"});
    const auto set = make_plan(options, situation::the_caller(), situation::started_by_user());
    CHECK(build_environment(set.environment, stale) == expected);
  }
}

TEST_CASE("the account's variables follow the user") {
  const std::vector<std::string_view> root{"HOME=/root", "USER=root", "LOGNAME=root",
                                           "SHELL=/bin/bash", "A=1"};
  const auto named = situation::plan_for_root(situation::for_www_data(""));
  CHECK(build_environment(named.environment, root) ==
        Environment{"A=1", "HOME=/var/www", "USER=www-data", "LOGNAME=www-data",
                    "SHELL=/usr/sbin/nologin"});

  auto by_number = situation::for_www_data("");
  by_number.user = "4000:4000";
  const auto nameless =
      make_plan(by_number, {4000, 4000, {4000}, {}, {}, {}}, situation::started_by_root());
  CHECK(build_environment(nameless.environment, root) == Environment{"A=1", "HOME=/"});
}

TEST_CASE("without a user the account's variables stay") {
  const Environment own{"HOME=/home/me", "USER=me", "LOGNAME=me", "SHELL=/bin/sh"};
  auto account = situation::the_caller();
  account.user = "me";  // as --groups init makes it
  const auto plan = make_plan(situation::for_the_caller(""), account, situation::started_by_user());
  CHECK(build_environment(plan.environment, {own.begin(), own.end()}) == own);
}

TEST_CASE("a variable set by name overrides the account's") {
  auto options = situation::for_www_data("");
  options.environment.set = {{"HOME", "/srv"}, {"USER", "web"}};
  const auto plan = situation::plan_for_root(options);
  CHECK(build_environment(plan.environment, {"HOME=/root", "USER=root"}) ==
        Environment{"LOGNAME=www-data", "SHELL=/usr/sbin/nologin", "HOME=/srv", "USER=web"});
}

TEST_CASE("clearing leaves the account's and the requested variables") {
  auto options = situation::for_www_data("80", Mode::kListenFds);
  options.environment = {true, {"NOTIFY_SOCKET"}, {{"A", "1"}}};
  const auto plan = situation::plan_for_root(options);
  CHECK(build_environment(plan.environment, {"PATH=/bin", "SECRET=x", "NOTIFY_SOCKET=/run/n",
                                             "HOME=/root", "LISTEN_FDS=7"}) ==
        Environment{"PATH=/bin", "NOTIFY_SOCKET=/run/n", "HOME=/var/www", "USER=www-data",
                    "LOGNAME=www-data", "SHELL=/usr/sbin/nologin", "LISTEN_FDS=1",
                    "LISTEN_PID=4242", "A=1"});
}

TEST_CASE("a variable is found by its whole name and its first entry") {
  const Environment environment{"PATHS=x", "PATH", "PATH=/bin", "PATH=/sbin", "EMPTY="};
  CHECK(find_variable(environment, "PATH") == "/bin");
  CHECK(find_variable(environment, "EMPTY") == "");
  CHECK_FALSE(find_variable(environment, "PAT").has_value());
  CHECK_FALSE(find_variable(environment, "HOME").has_value());
  CHECK_FALSE(find_variable({}, "PATH").has_value());
  CHECK_FALSE(find_variable({"A", "PATH"}, "PATH").has_value());
}
