// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>

#include <string>
#include <vector>

#include "situations.hpp"

using lowport::Confinement;
using lowport::kNetBindService;
using lowport::kNoCapability;
using lowport::make_plan;
using lowport::Mode;
using lowport::Options;
using situation::without;
using situation::without_confinement;

namespace {

using Ports = std::vector<std::uint16_t>;

Options confined(const std::string& ports, Confinement confinement, Mode mode = Mode::kAmbient) {
  auto options = situation::for_www_data(ports, mode);
  options.confinement = confinement;
  return options;
}

const std::string kNoLandlock = "this kernel has no Landlock";

}  // namespace

TEST_CASE("only a daemon with the capability is confined by default") {
  struct Row {
    std::string ports;
    Mode mode;
    int port_start;
    Confinement kind;
  };
  const Row rows[] = {
      {"80", Mode::kAmbient, 1024, Confinement::kPrivileged},
      {"53/udp", Mode::kAmbient, 1024, Confinement::kPrivileged},
      {"80,8080", Mode::kAmbient, 1024, Confinement::kPrivileged},
      {"", Mode::kAmbient, 1024, Confinement::kOff},
      {"8080", Mode::kAmbient, 1024, Confinement::kOff},
      {"80", Mode::kAmbient, 80, Confinement::kOff},
      {"80", Mode::kAmbient, 81, Confinement::kPrivileged},
      {"80", Mode::kListenFds, 1024, Confinement::kOff},
      {"80", Mode::kInetd, 1024, Confinement::kOff},
      {"80", Mode::kNginx, 1024, Confinement::kOff},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    CAPTURE(row.port_start);
    auto host = situation::started_by_root();
    host.unprivileged_port_start = row.port_start;
    const auto plan =
        make_plan(situation::for_www_data(row.ports, row.mode), situation::www_data(), host);
    CHECK(plan.confinement.kind == row.kind);
    CHECK(plan.confinement.why_not.empty());
    if (row.kind == Confinement::kOff) {
      continue;
    }
    CHECK(plan.confinement.unprivileged_port_start == row.port_start);
    CHECK(plan.confinement.landlock_abi == situation::kLandlockAbi);
  }
}

TEST_CASE("--confine off confines nothing and warns of nothing") {
  for (const auto& host : {situation::started_by_root(),
                           without_confinement(situation::started_by_root(), kNoLandlock)}) {
    const auto plan = make_plan(confined("80", Confinement::kOff), situation::www_data(), host);
    CHECK(plan.confinement.kind == Confinement::kOff);
    CHECK(plan.confinement.why_not.empty());
    CHECK(plan.privileges.capabilities == kNetBindService);
  }
}

TEST_CASE("--confine listed works in every mode and for every daemon") {
  struct Row {
    std::string ports;
    Mode mode;
    bool granted;
  };
  const Row rows[] = {
      {"80", Mode::kAmbient, true},    {"8080", Mode::kAmbient, false}, {"", Mode::kAmbient, false},
      {"80", Mode::kListenFds, false}, {"80", Mode::kInetd, false},     {"80", Mode::kNginx, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    const auto plan = situation::plan_for_root(confined(row.ports, Confinement::kListed, row.mode));
    CHECK(plan.confinement.kind == Confinement::kListed);
    CHECK(plan.privileges.capabilities == (row.granted ? kNetBindService : kNoCapability));
  }
}

TEST_CASE("listed TCP ports and listed UDP ports are kept apart") {
  const auto check = [](const Options& options, const Ports& tcp, const Ports& udp) {
    const auto plan = situation::plan_for_root(options).confinement;
    CHECK(plan.ports == tcp);
    CHECK(plan.udp_ports == udp);
  };
  check(situation::for_www_data("443,53/udp,80,8080,8081/udp"), {443, 80, 8080}, {53, 8081});
  check(situation::for_www_data("53/udp"), {}, {53});
  check(situation::for_www_data("53,53/udp"), {53}, {53});
  check(confined("80-82", Confinement::kListed), {80, 81, 82}, {});
  check(confined("", Confinement::kListed), {}, {});
  check(confined("80,53/udp", Confinement::kOff), {}, {});
}

TEST_CASE("UDP is confined from Landlock ABI 10 on") {
  for (const int abi : {4, 9, 10, 11}) {
    CAPTURE(abi);
    auto host = situation::started_by_root();
    host.confinement->landlock_abi = abi;
    const auto confines = [&](const Options& options) {
      return confines_udp(make_plan(options, situation::www_data(), host).confinement);
    };
    CHECK(confines(situation::for_www_data("80")) == (abi >= 10));
    CHECK(confines(confined("53/udp", Confinement::kListed, Mode::kListenFds)) == (abi >= 10));
    CHECK_FALSE(confines(situation::for_www_data("8080")));
    CHECK_FALSE(confines(confined("80", Confinement::kOff)));
  }
}

TEST_CASE("--confine privileged is refused without the capability") {
  const Options rows[] = {
      confined("", Confinement::kPrivileged),
      confined("8080", Confinement::kPrivileged),
      confined("80", Confinement::kPrivileged, Mode::kListenFds),
      confined("80", Confinement::kPrivileged, Mode::kInetd),
      confined("80", Confinement::kPrivileged, Mode::kNginx),
  };
  for (const auto& options : rows) {
    for (const auto& host : {situation::started_by_root(),
                             without_confinement(situation::started_by_root(), kNoLandlock)}) {
      const auto refusal = refusal_of([&] { make_plan(options, situation::www_data(), host); });
      CHECK(refusal.message ==
            "the option has no effect: --confine privileged: without the capability the daemon can "
            "bind no privileged port");
      CHECK(refusal.hint == "leave it out, or use --confine listed");
      CHECK(refusal.status == 125);
    }
  }
  const auto plan = situation::plan_for_root(confined("80", Confinement::kPrivileged));
  CHECK(plan.confinement.kind == Confinement::kPrivileged);
}

TEST_CASE("an unavailable default confinement is skipped with a reason") {
  const auto host = without_confinement(situation::started_by_root(), kNoLandlock);
  const auto plan = make_plan(situation::for_www_data("80"), situation::www_data(), host);
  CHECK(plan.confinement.kind == Confinement::kOff);
  CHECK(plan.confinement.why_not == kNoLandlock);
  CHECK(plan.privileges.capabilities == kNetBindService);
  // Where nothing would be confined, nothing is missing.
  for (const auto& options :
       {situation::for_www_data("8080"), situation::for_www_data("80", Mode::kListenFds)}) {
    CHECK(make_plan(options, situation::www_data(), host).confinement.why_not.empty());
  }
}

TEST_CASE("an unavailable requested confinement is refused") {
  const auto host = without_confinement(situation::started_by_root(), kNoLandlock);
  struct Row {
    Options options;
    std::string name;
  };
  const Row rows[] = {
      {confined("80", Confinement::kPrivileged), "privileged"},
      {confined("80", Confinement::kListed), "listed"},
      {confined("8080", Confinement::kListed), "listed"},
      {confined("80", Confinement::kListed, Mode::kListenFds), "listed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto refusal = refusal_of([&] { make_plan(row.options, situation::www_data(), host); });
    CHECK(refusal.message ==
          "cannot confine the daemon to its ports: --confine " + row.name + ": " + kNoLandlock);
    CHECK(contains_text(refusal.hint, row.options.mode == Mode::kAmbient ? "--confine off"
                                                                         : "leave --confine out"));
    CHECK(refusal.status == 125);
  }
}

TEST_CASE("without no_new_privs confinement needs CAP_SYS_ADMIN") {
  const std::string reason = "with --allow-new-privs the confinement needs CAP_SYS_ADMIN";
  const auto root = situation::started_by_root();
  const auto few = without(root, CAP_SYS_ADMIN);
  auto options = situation::for_www_data("80");
  CHECK(make_plan(options, situation::www_data(), few).confinement.kind ==
        Confinement::kPrivileged);

  options.allow_new_privs = true;
  CHECK(make_plan(options, situation::www_data(), root).confinement.kind ==
        Confinement::kPrivileged);
  const auto plan = make_plan(options, situation::www_data(), few);
  CHECK(plan.confinement.kind == Confinement::kOff);
  CHECK(plan.confinement.why_not == reason);

  // The kernel's own reason comes first: no capability would help.
  const auto neither =
      make_plan(options, situation::www_data(), without_confinement(few, kNoLandlock));
  CHECK(neither.confinement.why_not == kNoLandlock);

  for (const auto named : {Confinement::kPrivileged, Confinement::kListed}) {
    options.confinement = named;
    CHECK(make_plan(options, situation::www_data(), root).confinement.kind == named);
    const auto refusal = refusal_of([&] { make_plan(options, situation::www_data(), few); });
    CHECK(refusal.message == "cannot confine the daemon to its ports: --confine " +
                                 std::string(confinement_name(named)) + ": " + reason);
    CHECK(refusal.status == 125);
  }
}

TEST_CASE("a user with a file capability is confined like root") {
  const auto plan = make_plan(situation::for_the_caller("80"), situation::the_caller(),
                              situation::started_from_capable_file());
  CHECK(plan.confinement.kind == Confinement::kPrivileged);
  CHECK(plan.confinement.ports == Ports{80});
}

TEST_CASE("--confine privileged needs to know where the ports end") {
  auto host = situation::started_by_root();
  host.unprivileged_port_start.reset();
  const auto refusal = refusal_of(
      [&] { make_plan(confined("80", Confinement::kPrivileged), situation::www_data(), host); });
  CHECK(refusal.message ==
        "cannot confine the daemon to its ports: --confine privileged: "
        "net.ipv4.ip_unprivileged_port_start, where the privileged ports end, cannot be read");
  CHECK(refusal.status == 125);
  // The kernel's default will do if nothing was requested by name; confining to the listed ports
  // needs no start.
  CHECK(make_plan(situation::for_www_data("80"), situation::www_data(), host).confinement.kind ==
        Confinement::kPrivileged);
  CHECK(make_plan(confined("80", Confinement::kListed), situation::www_data(), host)
            .confinement.kind == Confinement::kListed);
}

TEST_CASE("the confinement knows whether the daemon has the capability") {
  CHECK(situation::plan_for_root(situation::for_www_data("80")).confinement.privileged_granted);
  CHECK(situation::plan_for_root(confined("80", Confinement::kListed))
            .confinement.privileged_granted);
  CHECK_FALSE(situation::plan_for_root(confined("8080", Confinement::kListed))
                  .confinement.privileged_granted);
  CHECK_FALSE(situation::plan_for_root(confined("80", Confinement::kListed, Mode::kListenFds))
                  .confinement.privileged_granted);
}
