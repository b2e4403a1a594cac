// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>

#include <array>
#include <cstdio>

#include "hostile.hpp"

// The launcher starts with an ambient set full of capabilities that were not asked for.

using hostile::check_as_planned;
using support::check_daemon;
using support::check_refused;
using support::kNoCapability;

namespace {

constexpr auto kBindBit = hostile::bit(CAP_NET_BIND_SERVICE);
constexpr auto kSetpcapBit = hostile::bit(CAP_SETPCAP);
constexpr auto kHostileBits =
    hostile::bit(CAP_SYS_ADMIN) | hostile::bit(CAP_NET_RAW) | hostile::bit(CAP_DAC_OVERRIDE);

std::uint64_t own_set(const std::string& name) {
  return std::stoull(support::own_status(name), nullptr, 16);
}

std::string as_status(std::uint64_t set) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(set));
  return text.data();
}

std::function<void()> holding(std::uint64_t set, uid_t uid) {
  return [=] { hostile::hold_ambient(set, uid); };
}

}  // namespace

TEST_CASE("root's full ambient set is reduced to the plan in every mode") {
  support::enter_own_network();
  const auto everything = own_set("CapPrm");
  const auto control = support::run_in_child({support::probe(), "status"}, holding(everything, 0));
  REQUIRE(support::fields(control.out)["CapAmb"] == as_status(everything));
  for (const auto& mode : hostile::modes()) {
    check_as_planned(mode, hostile::launch(mode, holding(everything, 0)));
  }
  for (const support::Words& ports : {support::Words{}, support::Words{"-p", "8080"}}) {
    check_daemon(support::launch_probe(support::join({{"-u", "www-data"}, ports}), {"status"},
                                       holding(everything, 0)),
                 {});
  }
  support::check_denied("tcp/4/80");
}

TEST_CASE("without --user a full ambient set is reduced to the plan") {
  support::enter_own_network();
  const auto everything = own_set("CapPrm");
  struct Row {
    std::uint64_t held;
    std::string bounding;  ///< with CAP_SETPCAP among them it is cut
  };
  const Row rows[] = {{everything, ""}, {kHostileBits | kBindBit, support::own_status("CapBnd")}};
  for (const auto& row : rows) {
    const auto control = support::run_in_child({support::probe(), "status"}, holding(row.held, 33));
    REQUIRE(support::fields(control.out)["CapAmb"] == as_status(row.held));
    for (const auto& mode : hostile::modes()) {
      CAPTURE(row.held);
      const support::TemporaryDirectory directory;
      const auto file = directory.write("answers", "", 0666);
      const auto result =
          hostile::run_to(file,
                          support::join({{support::launcher(), "-p", "80", "-m", mode.name, "--"},
                                         hostile::ask_for_state(file)}),
                          holding(row.held, 33));
      check_as_planned(mode, result, {.bounding = row.bounding});
    }
    check_daemon(support::launch_probe({"-p", "8080"}, {"status"}, holding(row.held, 33)),
                 {.bounding = row.bounding});
    check_daemon(support::launch_probe({}, {"status"}, holding(row.held, 33)),
                 {.bounding = row.bounding});
  }
  support::check_denied("tcp/4/80");
}

TEST_CASE("an ambient set that lacks the listed capability is refused") {
  support::enter_own_network();
  for (const auto held : {own_set("CapPrm") & ~kBindBit, kHostileBits}) {
    CAPTURE(held);
    for (const auto& mode : hostile::modes()) {
      check_refused(
          support::launch_probe({"-p", "80", "-m", mode.name}, {"status"}, holding(held, 33)), 125,
          {"cannot grant the port: 80/tcp: ", "need CAP_NET_BIND_SERVICE", "hint: "});
    }
    const bool cut = (held & kSetpcapBit) != 0;
    check_daemon(support::launch_probe({"-p", "8080"}, {"status"}, holding(held, 33)),
                 {.bounding = cut ? kNoCapability : support::own_status("CapBnd")});
  }
}
