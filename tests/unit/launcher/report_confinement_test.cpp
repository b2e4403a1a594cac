// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "launcher/report.hpp"
#include "report_lines.hpp"
#include "situations.hpp"

using lowport::Colour;
using lowport::Confinement;
using lowport::describe_plan;
using lowport::describe_port_list;
using lowport::Mode;
using lowport::Options;

namespace {

Options confined(const std::string& ports, Confinement confinement, Mode mode = Mode::kAmbient) {
  auto options = situation::for_www_data(ports, mode);
  options.confinement = confinement;
  return options;
}

std::string report_of(const Options& options, const lowport::Host& host,
                      const lowport::Error* obstacle, Colour colour) {
  const auto plan = make_plan(options, situation::www_data(), host);
  return describe_plan(plan, "www-data", "/bin/true", obstacle, colour);
}

Lines confinement_line(const Options& options,
                       const lowport::Host& host = situation::started_by_root()) {
  return entries(report_of(options, host, nullptr, Colour::kNone), "confinement");
}

}  // namespace

TEST_CASE("a list of ports is sorted and merged into ranges") {
  const std::vector<std::pair<std::vector<std::uint16_t>, std::string>> rows{
      {{}, ""},
      {{80}, "80"},
      {{80, 443}, "80,443"},
      {{443, 80}, "80,443"},
      {{80, 81}, "80-81"},
      {{82, 80, 81}, "80-82"},
      {{80, 82}, "80,82"},
      {{80, 81, 443, 8000, 8001, 8002, 8004}, "80-81,443,8000-8002,8004"},
      {{1, 65535}, "1,65535"},
      {{65535, 65534}, "65534-65535"},
      {{9, 100, 10}, "9-10,100"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.second);
    CHECK(describe_port_list(row.first) == row.second);
  }
}

TEST_CASE("a port listed with two addresses appears once") {
  CHECK(describe_port_list({80, 80}) == "80");
  CHECK(describe_port_list({81, 80, 80}) == "80-81");
  CHECK(describe_port_list({80, 80, 81, 81, 443}) == "80-81,443");
}

TEST_CASE("the report lists the TCP ports and says UDP is unconfined") {
  const std::string by = " (Landlock ABI 4 and seccomp); UDP not confined";
  CHECK(confinement_line(situation::for_www_data("443,80,53/udp")) ==
        Lines{"TCP: 80,443 and unprivileged ports" + by});
  CHECK(confinement_line(confined("443,80", Confinement::kPrivileged)) ==
        Lines{"TCP: 80,443 and unprivileged ports" + by});
  CHECK(confinement_line(confined("443,80-82", Confinement::kListed)) ==
        Lines{"TCP: 80-82,443" + by});
  CHECK(confinement_line(confined("8080", Confinement::kListed)) == Lines{"TCP: 8080" + by});
  CHECK(confinement_line(confined("80", Confinement::kListed, Mode::kListenFds)) ==
        Lines{"TCP: 80" + by});
  CHECK(confinement_line(confined("53/udp", Confinement::kListed)) == Lines{"TCP: no port" + by});
  CHECK(confinement_line(confined("", Confinement::kListed)) == Lines{"TCP: no port" + by});
}

TEST_CASE("the report lists both TCP and UDP ports if both are confined") {
  auto host = situation::started_by_root();
  host.confinement->landlock_abi = 10;
  const std::string by = " (Landlock ABI 10 and seccomp)";
  const auto check = [&](const Options& options, const std::string& ports) {
    CHECK(confinement_line(options, host) == Lines{ports + by});
  };
  check(situation::for_www_data("443,80,53/udp"),
        "TCP: 80,443 and unprivileged ports; UDP: 53 and unprivileged ports");
  check(situation::for_www_data("80"), "TCP: 80 and unprivileged ports; UDP: unprivileged ports");
  check(confined("80,54/udp,53/udp", Confinement::kListed), "TCP: 80; UDP: 53-54");
  check(confined("53/udp", Confinement::kListed, Mode::kListenFds), "TCP: no port; UDP: 53");
  check(confined("", Confinement::kListed), "TCP: no port; UDP: no port");
  host.confinement->landlock_abi = 9;
  CHECK(confinement_line(situation::for_www_data("80"), host) ==
        Lines{"TCP: 80 and unprivileged ports (Landlock ABI 9 and seccomp); UDP not confined"});
  CHECK(confinement_line(situation::for_www_data("8080"), host) == Lines{"off"});
}

TEST_CASE("the report shows what is open without a confinement") {
  const auto root = situation::started_by_root();
  const auto without = situation::without_confinement(root, "this kernel has no Landlock");
  CHECK(confinement_line(confined("80", Confinement::kOff)) ==
        Lines{"off, so every privileged port is open to the daemon"});
  CHECK(confinement_line(confined("8080", Confinement::kOff)) == Lines{"off"});
  CHECK(confinement_line(situation::for_www_data("8080")) == Lines{"off"});
  CHECK(confinement_line(situation::for_www_data("80", Mode::kListenFds)) == Lines{"off"});
  CHECK(confinement_line(situation::for_www_data("80"), without) ==
        Lines{"none, so every privileged port is open to the daemon: this kernel has no Landlock"});
  CHECK(confinement_line(situation::for_www_data("8080"), without) == Lines{"off"});
  CHECK(confinement_line(confined("80", Confinement::kOff), without) ==
        Lines{"off, so every privileged port is open to the daemon"});
}

TEST_CASE("the verdict is the last line and coloured on a terminal only") {
  const auto options = situation::for_www_data("80");
  const auto root = situation::started_by_root();
  const auto obstacle =
      lowport::failure("cannot bind", "80/tcp", "Address already in use", "a hint");
  const auto plain = report_of(options, root, nullptr, Colour::kNone);
  CHECK(plain.ends_with("\nverdict      ready\n"));
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(report_of(options, root, nullptr, Colour::kTerminal)
            .ends_with("\nverdict      \x1b[32mready\x1b[0m\n"));
  CHECK(report_of(options, root, &obstacle, Colour::kNone)
            .ends_with("\nverdict      not ready: cannot bind: 80/tcp: Address already in use\n"));
  CHECK(report_of(options, root, &obstacle, Colour::kTerminal)
            .ends_with("\nverdict      \x1b[31mnot ready: cannot bind: 80/tcp: Address already in "
                       "use\x1b[0m\n"));
}

TEST_CASE("the report of a failed launch omits what is unknown") {
  const auto options = situation::for_www_data("80,8080");
  const auto root = situation::started_by_root();
  const auto obstacle = lowport::failure("cannot bind", "80/tcp", "Address already in use");
  const auto ready = report_of(options, root, nullptr, Colour::kNone);
  CHECK(entries(ready, "ports") == Lines{"80/tcp          privileged here (< 1024), free",
                                         "8080/tcp        not privileged here (>= 1024), free"});
  CHECK(entries(ready, "command") == Lines{"/bin/true, executable by www-data (uid 33)"});
  const auto not_ready = report_of(options, root, &obstacle, Colour::kNone);
  CHECK(entries(not_ready, "ports") == Lines{"80/tcp          privileged here (< 1024)",
                                             "8080/tcp        not privileged here (>= 1024)"});
  CHECK(entries(not_ready, "command") == Lines{"/bin/true"});
  for (const auto* label : {"account", "mode", "confinement"}) {
    CHECK(entries(not_ready, label) == entries(ready, label));
  }
}
