// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <sstream>

#include "hostile.hpp"

using support::check_daemon;
using support::check_refused;
using support::Expected;
using support::Words;

namespace {

// MAX_ARG_STRLEN of the kernel, with the byte that ends the string.
constexpr std::size_t kLongest = 128U << 10U;

/// The daemon's environment, entry by entry and in its order.
Words environment_of(const support::Result& result) {
  Words entries;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("env:\t")) {
      entries.push_back(line.substr(5));
    }
  }
  return entries;
}

support::Result launch_with(const Words& environment, const Words& options, const Words& command) {
  support::Invocation invocation;
  invocation.environment = environment;
  return support::launch(support::join({options, {"--"}, command}), invocation);
}

const Words kAccount{"HOME=/var/www", "USER=www-data", "LOGNAME=www-data",
                     "SHELL=/usr/sbin/nologin"};

const Words kHostile{"PATH=/nowhere",
                     "PATH=/usr/bin:/bin",
                     "HOME=/root",
                     "NOEQUALS",
                     "",
                     "=x",
                     "HOME=/root2",
                     "HOME",
                     "=",
                     "A=1",
                     "A=2",
                     "A",
                     "LISTEN_FDS",
                     "USER",
                     "LISTEN_PID=1",
                     "LISTEN_FDS=1",
                     "LISTEN_FDS=2",
                     "LISTEN_FDNAMES",
                     "NGINX=",
                     "NGINX",
                     "SERVER_STARTER_PORT=80=3",
                     "EINHORN_FD_0=3",
                     "EINHORN_FD_COUNT=1",
                     "FPM_SOCKETS=0:80=3",
                     "GUNICORN_FD=3",
                     "UPSTART_FDS=3",
                     "LISTEN_FDS_FIRST_FD=3",
                     "PUMA_INHERIT_0=3:tcp://0.0.0.0:80",
                     "SPACE KEY= x ",
                     "\xff\xfe=\x01",
                     "PATH",
                     "SHELL=",
                     "LOGNAME=root"};

/// Runs the launcher with any argv: a shell, and run(), always put the program's name there.
support::Result launch_as(std::vector<const char*> argv) {
  const auto launcher = support::launcher();
  argv.push_back(nullptr);
  return support::run_in_child({"/bin/false"}, [&] {
    execve(launcher.c_str(), const_cast<char* const*>(argv.data()), environ);
    _exit(122);
  });
}

}  // namespace

TEST_CASE("doubled or malformed entries pass through in order") {
  support::enter_own_network();
  for (const Words& port : {Words{}, Words{"-p", "80"}}) {
    const auto result = launch_with(kHostile, support::join({{"-u", "www-data"}, port}),
                                    {support::probe(), "status", "env"});
    check_daemon(
        result, {.capabilities = port.empty() ? support::kNoCapability : support::kBindCapability});
    const Words kept{
        "PATH=/nowhere", "PATH=/usr/bin:/bin", "NOEQUALS", "", "=x", "=", "A=1", "A=2", "A",
        "SPACE KEY= x ", "\xff\xfe=\x01",      "PATH"};
    CHECK(environment_of(result) == support::join({kept, kAccount}));
  }
}

TEST_CASE("--clear-env leaves nothing of a hostile environment") {
  support::require_root();
  const auto result =
      launch_with(kHostile, {"-u", "www-data", "--clear-env"}, {support::probe(), "status", "env"});
  check_daemon(result, {});
  CHECK(environment_of(result) ==
        support::join({{"PATH=/nowhere", "PATH=/usr/bin:/bin", "PATH"}, kAccount}));
}

TEST_CASE("a handover is announced once whatever was announced before") {
  support::enter_own_network();
  for (const std::string mode : {"listen-fds", "nginx"}) {
    const auto result = launch_with(kHostile, {"-u", "www-data", "-p", "127.0.0.1:80", "-m", mode},
                                    {support::probe(), "status", "env"});
    check_daemon(result, {});
    Words announced;
    for (const auto& entry : environment_of(result)) {
      if (entry.starts_with("LISTEN_") || entry.starts_with("NGINX")) {
        announced.push_back(entry.substr(0, entry.find('=') + 2));
      }
    }
    CHECK(announced.front() == (mode == "nginx" ? "NGINX=3" : "LISTEN_FDS=1"));
    CHECK(announced.size() == (mode == "nginx" ? 1 : 2));
  }
}

TEST_CASE("without --user a bare environment stays as it is") {
  support::require_root();
  const auto ask = [](const Words& environment) {
    support::Invocation invocation;
    invocation.environment = environment;
    invocation.in_child = [] { support::become(33, 33, {33}); };
    const auto result = support::launch({"--", support::probe(), "status", "env"}, invocation);
    check_daemon(result, {.bounding = support::own_status("CapBnd")});
    return environment_of(result);
  };
  CHECK(ask({}).empty());
  CHECK(ask({"HOME=1", "HOME=2", "USER", ""}) == Words{"HOME=1", "HOME=2", "USER", ""});
}

TEST_CASE("a broken PATH starts the planned daemon or none") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto script =
      directory.write("here-alone", "#!/bin/sh\nexec /bin/cat /proc/self/status\n", 0755);
  const auto launch = [&](const Words& environment, const Words& command) {
    support::Invocation invocation;
    invocation.environment = environment;
    invocation.in_child = [&] {
      if (chdir(directory.path().c_str()) != 0) {
        _exit(122);
      }
    };
    return support::launch(support::join({{"-u", "www-data", "--"}, command}), invocation);
  };
  for (const Words& environment :
       {Words{}, Words{"PATH"}, Words{"PATH="}, Words{"PATH=:"}, Words{"PATH=:/usr/bin"},
        Words{"PATH=/usr/bin:"}, Words{"PATH=/usr/bin::/bin"}, Words{"PATH=", "PATH=."},
        Words{"PATH=/nowhere", "PATH=" + directory.path()}}) {
    CAPTURE(environment);
    check_refused(launch(environment, {"here-alone"}), 127,
                  {"cannot find the command: here-alone: ", "hint: "});
    check_daemon(launch(environment, {script}), {});
    check_daemon(launch(environment, {"./here-alone"}), {});
  }
  check_daemon(launch({}, {"cat", "/proc/self/status"}), {});
}

TEST_CASE("a variable and an argument of 128 KiB reach the daemon whole") {
  support::enter_own_network();
  const std::string value(kLongest - 3, 'v');
  const std::string argument(kLongest - 1, 'a');
  for (const Words& mode : {Words{"-p", "80"}, Words{"-p", "80", "-m", "listen-fds"}}) {
    const auto result = launch_with({"V=" + value}, support::join({{"-u", "www-data"}, mode}),
                                    {support::probe(), "status", "env", argument});
    check_daemon(result, {.capabilities = mode.size() == 2 ? support::kBindCapability
                                                           : support::kNoCapability});
    CHECK(support::variable(result, "V") == value);
    CHECK(support::fields(result.out)["argument"] == argument);
  }
  const auto set = launch_with({}, {"-u", "www-data", "--env", "V=" + value},
                               {support::probe(), "status", "env"});
  check_daemon(set, {});
  CHECK(support::variable(set, "V") == value);
}

TEST_CASE("an option of 128 KiB is refused with a readable message") {
  support::require_root();
  const std::string value(kLongest - 1, '8');
  const std::string letters(kLongest - 1, 'x');
  for (const Words& options :
       {Words{"-u", value}, Words{"-u", letters}, Words{"--groups", letters}, Words{"-p", value},
        Words{"-p", letters}, Words{"-m", letters}, Words{"--confine", letters},
        Words{"--env", letters}, Words{"--keep-fd", value}, Words{"--backlog", value},
        Words{"--" + letters.substr(2)}, Words{"-" + letters.substr(1)}}) {
    CAPTURE(options.front().substr(0, 20));
    const auto result =
        support::launch_probe(support::join({{"-u", "www-data"}, options}), {"status"});
    CHECK(result.err.size() < 4096);
    check_refused(result, 125, {});
  }
  for (const std::string& command : {letters, "/" + letters.substr(1)}) {
    const auto result = support::launch({"-u", "www-data", "--", command});
    CHECK(result.err.size() < 4096);
    check_refused(result, 126, {"File name too long"});
  }
}

TEST_CASE("an empty or long launcher name leaves the daemon as planned") {
  support::enter_own_network();
  const std::string name(kLongest - 1, 'n');
  for (const std::string& started_as :
       {std::string(), name, std::string("--"), std::string("-u")}) {
    CAPTURE(started_as.substr(0, 20));
    const auto program = support::probe();
    const auto result = launch_as(
        {started_as.c_str(), "-u", "www-data", "-p", "80", "--", program.c_str(), "status", "fds"});
    auto field = check_daemon(result, {.capabilities = support::kBindCapability});
    CHECK(field["fds"] == "0 1 2");
  }
}

TEST_CASE("a command line without a single word is refused") {
  support::require_root();
  // From Linux 5.18 on, the kernel adds one empty word.
  check_refused(launch_as({}), 125, {"cannot read"});
}
