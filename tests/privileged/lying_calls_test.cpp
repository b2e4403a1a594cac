// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "daemon.hpp"

// A system call that returns 0 and does nothing, every time; the fault sweep covers those that lie
// once. The launch is refused, with a message that names the step.

namespace {

support::Words command_line(const support::Words& options) {
  return support::join({{support::launcher(), "-u", "www-data", "--confine", "off"},
                        options,
                        {"--", support::probe(), "status", "fds"}});
}

}  // namespace

TEST_CASE("a system call that lies every time is caught") {
  support::enter_own_network();
  support::require_strace();
  struct Row {
    std::string call;
    std::string message;
  };
  const Row rows[] = {
      {"setresuid", "refusing to start the daemon: user id: the kernel reports 0, expected 33"},
      {"setresgid", "refusing to start the daemon: group id: the kernel reports 0, expected 33"},
      {"setgroups", "refusing to start the daemon: supplementary groups: "},
      {"capset", "lowportbind: "},
      {"close_range", "cannot close the descriptors from: 3: close_range did not close them"},
      {"prctl", "lowportbind: "},
      {"setfsuid", "cannot open sockets as: uid 33: setfsuid did not take effect"},
      {"bind",
       "cannot bind: 80/tcp (IPv4 and IPv6): bind succeeded, but the address is not the planned "
       "one"},
      {"listen", "cannot listen on: 80/tcp (IPv4 and IPv6): listen did not take effect"},
  };
  for (const auto& row : rows) {
    const auto inject = "inject=" + row.call + ":retval=0";
    CAPTURE(inject);
    const bool opens_sockets = row.call == "setfsuid" || row.call == "bind" || row.call == "listen";
    const auto options =
        opens_sockets ? support::Words{"-p", "80", "-m", "listen-fds"} : support::Words{"-p", "80"};
    support::check_refused(support::trace({"-e", inject}, command_line(options)).result, 125,
                           {row.message});
  }
}
