// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "check.hpp"

namespace {

support::Result run_json(const check::Setting& setting) {
  return check::run(setting, {"--check", "--json"});
}

bool has(const support::Result& result, const std::string& part) {
  return result.out.find(part) != std::string::npos;
}

/// Checks that the object is alone on stdout, and that exit status and messages are those of plain
/// `--check`.
support::Result as_plain_check(const check::Setting& setting) {
  const auto json = run_json(setting);
  const auto plain = check::run(setting, {"--check"});
  CAPTURE(json.out);
  CHECK(json.status == plain.status);
  CHECK(json.err == plain.err);
  CHECK(json.out.starts_with("{\"schema\":1,"));
  CHECK(json.out.ends_with("}\n"));
  CHECK(std::count(json.out.begin(), json.out.end(), '\n') == 1);
  return json;
}

}  // namespace

TEST_CASE("--check --json prints an object if ready") {
  support::enter_own_network();
  const auto result = as_plain_check({.options = {"-u", "www-data", "-p", "80,8080"}});
  CAPTURE(result.out);
  CHECK(result.status == 0);
  CHECK(has(result, R"("verdict":"ready","error":null,)"));
  CHECK(has(result,
            R"("account":{"user":"www-data","uid":33,"group":"www-data","gid":33,"groups":[33]})"));
  CHECK(has(result, R"("port":80,"transport":"tcp","privileged":true})"));
  CHECK(has(result, R"("port":8080,"transport":"tcp","privileged":false})"));
  CHECK(has(result, R"("capabilities":["CAP_NET_BIND_SERVICE"])"));
  CHECK(has(result, R"("command":{"name":"/bin/true","file":"/bin/true"})"));
}

TEST_CASE("--check --json prints the plan and the error if not ready") {
  support::enter_own_network();
  const auto missing =
      as_plain_check({.options = {"-u", "www-data", "-p", "80"}, .command = {"/no/such"}});
  CAPTURE(missing.out);
  CHECK(missing.status == 125);
  CHECK(has(missing,
            R"("verdict":"not ready","error":{"message":"cannot find the command: /no/such: )"));
  CHECK(has(missing, R"("status":127})"));
  CHECK(has(missing, R"("command":{"name":"/no/such","file":null})"));
  const int taken = support::listen_on(80);
  REQUIRE(taken >= 0);
  const auto busy = as_plain_check({.options = {"-u", "www-data", "-p", "80"}});
  CAPTURE(busy.out);
  CHECK(busy.status == 125);
  CHECK(has(busy, R"("error":{"message":"cannot bind: 80/tcp)"));
  CHECK(has(busy, R"("account":{"user":"www-data",)"));
  close(taken);
}

TEST_CASE("--check --json prints an object if there is no plan") {
  support::enter_own_network();
  const auto unknown = as_plain_check({.options = {"-u", "no-such-user", "-p", "80"}});
  CAPTURE(unknown.out);
  CHECK(unknown.status == 125);
  CHECK(has(
      unknown,
      R"("error":{"message":"cannot use the user: no-such-user: there is no such name","hint":")"));
  CHECK(has(unknown, R"("account":null,"ports":null,)"));
  const auto contradiction = as_plain_check({.options = {"-u", "www-data", "-p", "80,80"}});
  CHECK(contradiction.status == 125);
  CHECK(has(
      contradiction,
      R"("error":{"message":"the options contradict each other: 80/tcp: it is listed twice",)"));
  CHECK(has(contradiction, R"("account":null,)"));
  // A command line that cannot be read does not ask for JSON.
  const auto unreadable = run_json({.options = {"-p", "0"}});
  CHECK(unreadable.status == 125);
  CHECK(unreadable.out.empty());
}

TEST_CASE("--check --json fails if the object cannot be written") {
  support::enter_own_network();
  for (const char* user : {"www-data", "no-such-user"}) {
    CAPTURE(user);
    const auto result = run_json({.options = {"-u", user}, .in_child = [] {
                                    const int full = open("/dev/full", O_WRONLY);
                                    if (full < 0 || dup2(full, STDOUT_FILENO) < 0) {
                                      _exit(122);
                                    }
                                  }});
    CHECK(result.status == 125);
    CHECK(result.err.find("cannot write to: standard output: No space left on device") !=
          std::string::npos);
  }
}

TEST_CASE("--json without --check is refused") {
  support::enter_own_network();
  const auto result = check::run({.options = {"-u", "www-data"}}, {"--json"});
  check::says(result, 125,
              {"the option has no effect: --json: without --check there is nothing to print",
               "add --check, or leave --json out"});
  CHECK(result.out.empty());
}
