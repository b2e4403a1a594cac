// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

#include "handover.hpp"
#include "situations.hpp"

using lowport::build_environment;
using lowport::Mode;
using lowport::Plan;

namespace {

using Names = std::vector<std::string>;

/// A stale announcement of another program, which the launcher must replace.
lowport::Environment environment_of(const Plan& plan) {
  return build_environment(plan.environment,
                           {"LISTEN_PID=1", "LISTEN_FDS=7", "LISTEN_FDNAMES=stale", "NGINX=9;"});
}

std::vector<int> numbers_from_3(std::size_t count) {
  std::vector<int> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 3);
  return numbers;
}

}  // namespace

TEST_CASE("a LISTEN_FDS reader finds every socket under its name") {
  struct Row {
    std::string ports;
    Names inherited;  // none where it is empty
    Names expected;
  };
  const Row rows[] = {
      {"80", {}, {"unknown"}},
      {"80,443", {}, {"unknown", "unknown"}},
      {"web=80", {}, {"web"}},
      {"web=80,443", {}, {"web", "unknown"}},
      {"443,web=80-82,dns=[::1]:53/udp", {}, {"unknown", "web", "web", "web", "dns"}},
      {"'=80,\"=81,%n=82,a;b=83,[=84", {}, {"'", "\"", "%n", "a;b", "["}},
      {"", {"", ""}, {"unknown", "unknown"}},
      {"", {"a", "b"}, {"a", "b"}},
      {"80", {"a"}, {"a", "unknown"}},
      {"web=80,81", {"", "a"}, {"unknown", "a", "web", "unknown"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    auto host = situation::started_by_root();
    if (!row.inherited.empty()) {
      host = situation::with_inherited(host, row.inherited);
    }
    const auto options = situation::for_www_data(row.ports, Mode::kListenFds);
    const auto plan = make_plan(options, situation::www_data(), host);
    const auto announced = listen_fds(environment_of(plan), host.pid);
    REQUIRE(announced.has_value());
    CHECK(*announced == row.expected);
    CHECK(announced->size() ==
          static_cast<std::size_t>(plan.descriptors.inherited + plan.descriptors.count));
    CHECK_FALSE(listen_fds(environment_of(plan), host.pid + 1).has_value());
  }
}

TEST_CASE("every valid character of a descriptor name is handed over") {
  int accepted = 0;
  for (int code = 1; code < 256; ++code) {
    const std::string name(1, static_cast<char>(code));
    CAPTURE(code);
    auto options = situation::for_www_data("", Mode::kListenFds);
    const auto refusal =
        refusal_of([&] { options.listen = parse_known(name + "=80," + name + "a=81"); });
    if (refusal.message != "accepted") {
      continue;
    }
    const auto plan = situation::plan_for_root(options);
    const auto announced = listen_fds(environment_of(plan), situation::started_by_root().pid);
    REQUIRE(announced.has_value());
    CHECK(*announced == Names{name, name + "a"});
    ++accepted;
  }
  CHECK(accepted > 80);
}

TEST_CASE("an nginx that reads NGINX finds every socket") {
  struct Row {
    std::string ports;
    bool has_ipv6;
    std::size_t sockets;
  };
  const Row rows[] = {
      {"80", true, 2},          {"80", false, 1},
      {"80,443", true, 4},      {"[::]:80,0.0.0.0:80", true, 2},
      {"8000-8049", true, 100}, {"127.0.0.1:80", true, 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    auto host = situation::started_by_root();
    host.has_ipv6 = row.has_ipv6;
    const auto plan =
        make_plan(situation::for_www_data(row.ports, Mode::kNginx), situation::www_data(), host);
    const auto environment = environment_of(plan);
    CHECK(nginx_descriptors(lowport::find_variable(environment, "NGINX").value_or("")) ==
          numbers_from_3(row.sockets));
    CHECK_FALSE(listen_fds(environment, host.pid).has_value());
  }
}

TEST_CASE("these tests' readers refuse what the daemons refuse") {
  CHECK_FALSE(split_descriptor_names("a:b\\").has_value());
  CHECK(split_descriptor_names("a\\:b") == Names{"a:b"});
  CHECK(split_descriptor_names(":") == Names{"", ""});
  CHECK_FALSE(listen_fds({"LISTEN_PID=5", "LISTEN_FDS=2", "LISTEN_FDNAMES=a"}, 5).has_value());
  CHECK_FALSE(listen_fds({"LISTEN_PID=5", "LISTEN_FDS=0"}, 5).has_value());
  CHECK(nginx_descriptors("3;4") == std::vector<int>{3});
  CHECK(nginx_descriptors("3;x;4;") == std::vector<int>{3});
}
