// SPDX-License-Identifier: MIT
#include "launcher/report_json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "situations.hpp"

using lowport::Confinement;
using lowport::describe_obstacle_as_json;
using lowport::describe_plan_as_json;
using lowport::Host;
using lowport::Mode;
using lowport::Options;

namespace {

struct Found {
  std::string file = "/bin/true";
  const lowport::Obstacle* obstacle = nullptr;
};

std::string json_of(const Options& options, const Host& host = situation::started_by_root(),
                    const Found& found = {}) {
  std::string name = "true";
  char* words[] = {name.data()};
  auto plan = make_plan(options, situation::www_data(), host);
  plan.command = words;
  return describe_plan_as_json(plan, "www-data", found.file, found.obstacle);
}

/// The JSON of a key's value. No string in these tests contains a bracket or a comma.
std::string value_of(const std::string& json, const std::string& key) {
  const auto name = "\"" + key + "\":";
  const auto start = json.find(name);
  REQUIRE(start != std::string::npos);
  const auto value = json.substr(start + name.size());
  std::size_t end = 0;
  for (int depth = 0; depth > 0 || std::string(",}]").find(value[end]) == std::string::npos;
       ++end) {
    REQUIRE(end < value.size());
    if (value[end] == '{' || value[end] == '[') {
      ++depth;
    }
    if (value[end] == '}' || value[end] == ']') {
      --depth;
    }
  }
  return value.substr(0, end);
}

std::string confinement_of(const std::string& ports, Confinement kind) {
  auto options = situation::for_www_data(ports);
  options.confinement = kind;
  return value_of(json_of(options), "confinement");
}

const lowport::Obstacle& an_obstacle() {
  static const lowport::Obstacle obstacle{
      lowport::cannot_find("x", "No such file or directory", "look"),
      lowport::ExitStatus::kNotFound};
  return obstacle;
}

}  // namespace

TEST_CASE("a launch that is ready is one line of JSON") {
  auto json = json_of(situation::for_www_data("80,53/udp"));
  const auto version = value_of(json, "version");
  CHECK(version.size() > 4);
  json.erase(json.find(version), version.size());
  CHECK(
      json ==
      R"({"schema":1,"version":,"verdict":"ready","error":null,"warnings":[],)"
      R"("account":{"user":"www-data","uid":33,"group":"www-data","gid":33,"groups":[33]},)"
      R"("ports":[{"address":"80/tcp","name":null,"port":80,"transport":"tcp","privileged":true},)"
      R"({"address":"53/udp","name":null,"port":53,"transport":"udp","privileged":true}],)"
      R"("unprivileged_port_start":1024,"mode":"ambient","sockets":{"inherited":0,"opened":0},)"
      R"("capabilities":["CAP_NET_BIND_SERVICE"],"no_new_privs":true,)"
      R"("confinement":{"kind":"privileged","missing":null,"landlock_abi":4,)"
      R"("tcp_ports":[80],"udp_ports":null,)"
      R"("unprivileged_ports":true},"command":{"name":"true","file":"/bin/true"}})"
      "\n");
}

TEST_CASE("a launch that is not ready has a plan and an error in JSON") {
  const auto json =
      json_of(situation::for_www_data("8080"), situation::started_by_root(), {{}, &an_obstacle()});
  CHECK(value_of(json, "verdict") == R"("not ready")");
  CHECK(value_of(json, "error") ==
        R"({"message":"cannot find the command: x: No such file or directory",)"
        R"("hint":"look","status":127})");
  CHECK(value_of(json, "command") == R"({"name":"true","file":null})");
  CHECK(value_of(json, "capabilities") == "[]");
  CHECK(value_of(json, "ports") ==
        R"([{"address":"8080/tcp","name":null,"port":8080,"transport":"tcp","privileged":false}])");
}

TEST_CASE("without a plan the JSON has the same keys set to null") {
  const auto json = describe_obstacle_as_json({lowport::failure("cannot do", "this", "of that")});
  CHECK(json.ends_with("}\n"));
  CHECK(value_of(json, "schema") == "1");
  CHECK(value_of(json, "verdict") == R"("not ready")");
  CHECK(value_of(json, "error") ==
        R"({"message":"cannot do: this: of that","hint":null,"status":125})");
  for (const auto* key : {"warnings", "account", "ports", "unprivileged_port_start", "mode",
                          "sockets", "capabilities", "no_new_privs", "confinement", "command"}) {
    CAPTURE(key);
    CHECK(value_of(json, key) == "null");
  }
}

TEST_CASE("the JSON lists the sockets that are handed over") {
  const auto inherited = situation::with_inherited(situation::started_by_root(), {"a", "b"});
  const auto json =
      json_of(situation::for_www_data("web=[::1]:80,81", Mode::kListenFds), inherited);
  CHECK(value_of(json, "mode") == R"("listen-fds")");
  CHECK(value_of(json, "sockets") == R"({"inherited":2,"opened":2})");
  CHECK(value_of(json, "ports")
            .starts_with(R"([{"address":"web=[::1]:80/tcp","name":"web","port":80,)"));
  CHECK(value_of(json, "confinement") ==
        R"({"kind":"off","missing":null,"landlock_abi":null,"tcp_ports":null,"udp_ports":null,)"
        R"("unprivileged_ports":true})");
}

TEST_CASE("the JSON lists the confinement's ports once and in order") {
  const std::string rest = R"(,"udp_ports":null,"unprivileged_ports":)";
  CHECK(confinement_of("443,80", Confinement::kPrivileged) ==
        R"({"kind":"privileged","missing":null,"landlock_abi":4,"tcp_ports":[80,443])" + rest +
            "true}");
  CHECK(confinement_of("81,80", Confinement::kListed) ==
        R"({"kind":"listed","missing":null,"landlock_abi":4,"tcp_ports":[80,81])" + rest +
            "false}");
  CHECK(confinement_of("53/udp", Confinement::kListed) ==
        R"({"kind":"listed","missing":null,"landlock_abi":4,"tcp_ports":[])" + rest + "false}");
  auto twice = situation::for_www_data("127.0.0.1:80,[::1]:80", Mode::kListenFds);
  twice.confinement = Confinement::kListed;
  CHECK(value_of(json_of(twice), "tcp_ports") == "[80]");
}

TEST_CASE("the JSON lists the warnings of a launch") {
  const auto old =
      situation::without_confinement(situation::started_by_root(), "this kernel has no Landlock");
  const auto json = json_of(situation::for_www_data("80"), old);
  CHECK(value_of(json, "verdict") == R"("ready")");
  CHECK(value_of(json, "missing") == R"("this kernel has no Landlock")");
  CHECK(json.find(R"("warnings":["every privileged port is open to the daemon: )"
                  R"(this kernel has no Landlock; )"
                  R"(--confine off silences this"])") != std::string::npos);
}

TEST_CASE("user input cannot escape its JSON string") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"(/a"b)", R"("/a\"b")"},
      {R"(/a\b)", R"("/a\\b")"},
      {"/a\nb\x1b[0m", R"("/a\\x0ab\\x1b[0m")"},
      {"/caf\xc3\xa9\xff\x7f", R"("/caf\\xc3\\xa9\\xff\\x7f")"},
      {std::string("/a\0b", 4), R"("/a\\x00b")"},
  };
  for (const auto& row : rows) {
    const auto& expected = row.second;
    CAPTURE(expected);
    const auto json =
        json_of(situation::for_www_data("80"), situation::started_by_root(), {row.first, nullptr});
    CHECK(json.find("\"file\":" + expected + "}") != std::string::npos);
    CHECK(std::count(json.begin(), json.end(), '\n') == 1);
  }
  const auto long_name = "/" + std::string(2000, 'x');
  const auto json =
      json_of(situation::for_www_data("80"), situation::started_by_root(), {long_name, nullptr});
  CHECK(json.find("\"" + long_name + "\"") != std::string::npos);
}

TEST_CASE("an account without names has null names in JSON") {
  std::string name = "true";
  char* words[] = {name.data()};
  auto plan = make_plan(situation::for_www_data("80"), {4000, 4001, {}, {}, {}, {}},
                        situation::started_by_root());
  plan.command = words;
  CHECK(value_of(describe_plan_as_json(plan, "", "/bin/true", nullptr), "account") ==
        R"({"user":null,"uid":4000,"group":null,"gid":4001,"groups":[]})");
}
