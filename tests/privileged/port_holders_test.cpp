// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <unistd.h>

#include "holder.hpp"

using check::Holder;
using check::in_use;

TEST_CASE("the hint for an address that comes later works") {
  support::enter_own_network();
  for (const std::string family : {"4", "6"}) {
    const auto setting = "/proc/sys/net/ipv" + family + "/ip_nonlocal_bind";
    const auto address = family == "4" ? "192.0.2.1:80" : "[2001:db8::1]:80";
    if (access(setting.c_str(), W_OK) != 0) {
      support::skip("needs to write to /proc/sys/net");
    }
    support::write_file(setting, "1");
    check::ready({.options = {"-u", "www-data", "-p", address, "-m", "listen-fds"}});
  }
}

TEST_CASE("root without CAP_SYS_PTRACE can name the holder as its user") {
  support::enter_own_network();
  const Holder holder({.name = "web", .uid = 33});
  // As in a Docker container: the capabilities that root has there.
  const auto as_in_container = [] {
    support::keep_capabilities({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID,
                                CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE});
  };
  const auto obstacle = in_use("80/tcp (IPv4 and IPv6)", "web", holder.pid());
  for (const char* user : {"www-data", "+54321:54321"}) {
    CAPTURE(user);
    check::not_ready_as_launched(
        {.options = {"-u", user, "-p", "80", "-m", "listen-fds"}, .in_child = as_in_container}, 125,
        obstacle);
    check::not_ready({.options = {"-u", user, "-p", "80"}, .in_child = as_in_container}, obstacle);
  }
}

TEST_CASE("root that cannot see the holder is told where to look") {
  support::enter_own_network();
  const Holder holder({.name = "hidden", .uid = 33, .dumpable = false});
  const auto without_ptrace = [] {
    support::keep_capabilities({CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE});
  };
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "80", "-m", "listen-fds"}, .in_child = without_ptrace},
      125,
      {"cannot bind: 80/tcp (IPv4 and IPv6): Address already in use",
       "no process visible here has it; to see who does, on the host or in another container of "
       "the pod: ss -ltnp 'sport = :80'"});
}
