// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "daemon.hpp"

using support::variable;
using support::variable_names;

namespace {

support::Result launch_with(const support::Words& environment, const support::Words& options) {
  support::Invocation invocation;
  invocation.environment = environment;
  return support::launch(
      support::join({{"-u", "www-data"}, options, {"--", support::probe(), "env"}}), invocation);
}

const support::Words kCaller{
    "PATH=/usr/bin:/bin", "TERM=xterm", "LANG=C.UTF-8",  "LC_ALL=C",
    "LC_TIME=C",          "TZ=UTC",     "SECRET=s3cret", "NOTIFY_SOCKET=/run/notify",
    "HOME=/root",         "USER=root",  "LOGNAME=root",  "SHELL=/bin/rootsh",
    "MAIL=/var/mail",     "EMPTY=",     "LANGUAGE=de",   "PATHS=no"};

}  // namespace

TEST_CASE("the environment is kept but for the account's variables") {
  support::enter_own_network();
  for (const support::Words& options : {support::Words{}, support::Words{"-p", "80"}}) {
    const auto result = launch_with(kCaller, options);
    CHECK(variable(result, "HOME") == "/var/www");
    CHECK(variable(result, "USER") == "www-data");
    CHECK(variable(result, "LOGNAME") == "www-data");
    CHECK(variable(result, "SHELL") == "/usr/sbin/nologin");
    CHECK(variable(result, "SECRET") == "s3cret");
    CHECK(variable(result, "EMPTY").empty());
    CHECK(variable_names(result) ==
          "EMPTY HOME LANG LANGUAGE LC_ALL LC_TIME LOGNAME MAIL NOTIFY_SOCKET PATH PATHS SECRET "
          "SHELL TERM TZ USER");
  }
}

TEST_CASE("without a passwd entry HOME is / and there is no user name") {
  support::require_root();
  support::Invocation invocation;
  invocation.environment = kCaller;
  const auto result =
      support::launch({"-u", "49152:49153", "--", support::probe(), "env"}, invocation);
  CHECK(variable(result, "HOME") == "/");
  for (const char* name : {"USER", "LOGNAME", "SHELL"}) {
    CHECK(variable(result, name) == "(unset)");
  }
}

TEST_CASE("--clear-env leaves only needed and named variables") {
  support::require_root();
  auto result = launch_with(kCaller, {"--clear-env"});
  CHECK(variable_names(result) == "HOME LANG LC_ALL LC_TIME LOGNAME PATH SHELL TERM TZ USER");
  CHECK(variable(result, "PATH") == "/usr/bin:/bin");
  CHECK(variable(result, "HOME") == "/var/www");
  result = launch_with(kCaller,
                       {"--clear-env", "--env", "NOTIFY_SOCKET", "--env", "NEW=1", "--env=NOSUCH"});
  CHECK(variable_names(result) ==
        "HOME LANG LC_ALL LC_TIME LOGNAME NEW NOTIFY_SOCKET PATH SHELL TERM TZ USER");
  CHECK(variable(result, "NOTIFY_SOCKET") == "/run/notify");
}

TEST_CASE("--clear-env leaves the announcement of the sockets") {
  support::enter_own_network();
  auto result =
      launch_with({"A=1", "LISTEN_FDS=9"}, {"--clear-env", "-m", "listen-fds", "-p", "web=80"});
  CHECK(variable_names(result) == "HOME LISTEN_FDNAMES LISTEN_FDS LISTEN_PID LOGNAME SHELL USER");
  CHECK(variable(result, "LISTEN_FDS") == "1");
  result = launch_with({"A=1", "NGINX=9"}, {"--clear-env", "-m", "nginx", "-p", "127.0.0.1:80"});
  CHECK(variable_names(result) == "HOME LOGNAME NGINX SHELL USER");
  CHECK(variable(result, "NGINX") == "3;");
}

TEST_CASE("the caller's announcement of sockets is dropped unless set") {
  support::enter_own_network();
  const support::Words stale{"A=1", "SERVER_STARTER_PORT=80=3", "EINHORN_FD_COUNT=1",
                             "EINHORN_FD_0=3"};
  auto result = launch_with(stale, {"-m", "listen-fds", "-p", "80"});
  CHECK(variable_names(result) == "A HOME LISTEN_FDS LISTEN_PID LOGNAME SHELL USER");
  result =
      launch_with(stale, {"-m", "listen-fds", "-p", "80", "--env", "SERVER_STARTER_PORT=80=3"});
  CHECK(variable_names(result) ==
        "A HOME LISTEN_FDS LISTEN_PID LOGNAME SERVER_STARTER_PORT SHELL USER");
  CHECK(variable(result, "SERVER_STARTER_PORT") == "80=3");
}

TEST_CASE("--env overrides the caller and the account verbatim") {
  support::require_root();
  const auto result =
      launch_with(kCaller, {"--env", "HOME=/srv/app", "--env", "SECRET=a=b,c d", "--env",
                            "E=", "--env", "MULTI=one\ntwo", "--env=QUOTED=\"x\""});
  CHECK(variable(result, "HOME") == "/srv/app");
  CHECK(variable(result, "SECRET") == "a=b,c d");
  CHECK(variable(result, "E").empty());
  CHECK(variable(result, "MULTI") == "one");
  CHECK(variable(result, "QUOTED") == "\"x\"");
  CHECK(result.out.find("env:\tMULTI=one\ntwo\n") != std::string::npos);
}

TEST_CASE("a duplicate variable of the caller cannot hide a set one") {
  support::require_root();
  const auto result =
      launch_with({"PATH=/bin", "X=1", "HOME=/root", "X=2", "HOME=/root", "NGINX=1", "NGINX=2"},
                  {"--env", "X=3"});
  CHECK(variable(result, "X") == "3");
  CHECK(variable(result, "HOME") == "/var/www");
  CHECK(variable(result, "NGINX") == "(unset)");
}

TEST_CASE("the command is looked up in the daemon's PATH") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto script = directory.write("only-here", "#!/bin/sh\necho found\n", 0755);
  support::Invocation invocation;
  invocation.environment = {"PATH=/usr/bin:/bin"};
  auto result = support::launch({"-u", "www-data", "--", "only-here"}, invocation);
  support::check_refused(result, 127, {"cannot find the command: only-here: "});
  result = support::launch(
      {"-u", "www-data", "--env", "PATH=/bin:" + directory.path(), "--", "only-here"}, invocation);
  CHECK(result.out == "found\n");
}
