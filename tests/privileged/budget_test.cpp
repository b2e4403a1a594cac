// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "daemon.hpp"

// Counted, not timed: a count repeats exactly. The bounding set is left out, since its length
// depends on the kernel. nsswitch.conf(5) is mounted over because other sources of names bring
// their own modules and daemons, whose system calls vary with the host.

TEST_CASE("a launch stays within its budget of system calls") {
  support::enter_own_network();
  support::enter_own_mounts();
  support::require_strace();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
  const bool is_static =
      support::run({support::launcher(), "--version"}).out.find("static") != std::string::npos;
  const auto traced = support::trace({}, {support::launcher(), "--user", "www-data", "-p", "80",
                                          "--confine", "off", "--", "/bin/true"});
  REQUIRE(traced.result.status == 0);
  REQUIRE(traced.calls.size() > 10);
  const auto count =
      std::count_if(traced.calls.begin(), traced.calls.end(), [](const std::string& call) {
        return !call.starts_with("prctl(PR_CAPBSET_DROP") &&
               !call.starts_with("prctl(PR_CAPBSET_READ");
      });
  const int budget = is_static ? 70 : 100;
  const std::string summary =
      std::to_string(count) + " system calls, the budget is " + std::to_string(budget);
  MESSAGE(summary);
  CHECK(count <= budget);
}
