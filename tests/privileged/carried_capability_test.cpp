// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

#include <functional>
#include <string>
#include <utility>

#include "hostile.hpp"
#include "spoiled_call.hpp"

// A daemon whose own file has cap_net_bind_service=ep, as caddy's in its image. The kernel refuses
// to execute it if the bounding set lacks that capability. With no_new_privs it does not get it.

using support::check_refused;
using support::kBindCapability;
using support::Words;

namespace {

/// No port is privileged, as in a Docker network: no mode gives the daemon a capability.
void enter_network_without_privileged_ports() {
  support::enter_own_network();
  support::set_unprivileged_port_start(0);
}

/// The probe with these file capabilities, and a script that has it as its interpreter.
struct Carrier {
  explicit Carrier(const std::string& capabilities) {
    support::set_file_capabilities(program, capabilities);
  }
  support::TemporaryDirectory directory;
  std::string program = support::copy_program(directory, support::probe(), "carrier");
  std::string script = directory.write("script", "#!" + program + "\n", 0755);
};

/// The probe writes to a file: in inetd mode its stdout is the socket.
support::Result launch(const Words& options, const std::string& program,
                       std::function<void()> in_child = {}) {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  return hostile::run_to(file,
                         support::join({{support::launcher(), "-u", "www-data"},
                                        options,
                                        {"--", program, "to=" + file, "status"}}),
                         std::move(in_child));
}

const std::string kBeyond = ": it has file capabilities beyond those that the daemon is given";

}  // namespace

TEST_CASE("a daemon whose file has the capability runs without it") {
  enter_network_without_privileged_ports();
  const Carrier carrier("cap_net_bind_service=ep");
  for (const auto& mode : hostile::modes()) {
    CAPTURE(mode.name);
    const Words options{"-p", "80", "-m", mode.name};
    support::check_daemon(launch(options, carrier.program), {.bounding = kBindCapability});
    CHECK(support::launch(
              support::join({{"-u", "www-data", "--check"}, options, {"--", carrier.program}}))
              .status == 0);
    // As the interpreter of a script. It answers on stdout.
    if (mode.name != "inetd") {
      support::check_daemon(launch(options, carrier.script), {.bounding = kBindCapability});
    }
    // Any other daemon has nothing in its bounding set.
    support::check_daemon(launch(options, support::probe()), {});
  }
  support::check_daemon(launch({}, carrier.program), {.bounding = kBindCapability});
}

TEST_CASE("a carried capability does not open privileged ports") {
  support::enter_own_network();
  const Carrier carrier("cap_net_bind_service=ep");
  const auto result = support::launch(
      {"-u", "www-data", "-p", "8080", "--", carrier.program, "status", "bind=tcp/4/80"});
  auto field = support::check_daemon(result, {.bounding = kBindCapability});
  CHECK(field["bind=tcp/4/80"] == "EACCES");
}

TEST_CASE("a file with more than the carried capability is refused") {
  enter_network_without_privileged_ports();
  const Carrier carrier("cap_net_bind_service,cap_net_admin=ep");
  for (const auto& mode : hostile::modes()) {
    for (const auto& program : {carrier.program, carrier.script}) {
      check_refused(launch({"-p", "80", "-m", mode.name}, program), 126,
                    {"cannot execute: " + carrier.program + kBeyond,
                     "hint: as root: setcap -r " + carrier.program});
    }
  }
  // A capability that is not effective at once does not keep the kernel from executing the file,
  // and stays out of the bounding set.
  for (const char* capabilities :
       {"cap_net_bind_service=p", "cap_net_bind_service=i", "cap_net_admin=p"}) {
    CAPTURE(capabilities);
    support::check_daemon(launch({"-p", "80"}, Carrier(capabilities).program), {});
  }
}

TEST_CASE("a carried capability counts with --allow-new-privs") {
  enter_network_without_privileged_ports();
  const Carrier carrier("cap_net_bind_service=ep");
  auto field = support::fields(launch({"-p", "80", "--allow-new-privs"}, carrier.program).out);
  CHECK(field["CapEff"] == kBindCapability);
  CHECK(field["CapBnd"] == support::own_status("CapBnd"));
}

TEST_CASE("a carried capability that cannot be kept is refused") {
  enter_network_without_privileged_ports();
  const Carrier carrier("cap_net_bind_service=ep");
  // Nothing can be kept until the file is known; or the bounding set lacks it from the start.
  const std::function<void()> hindrances[] = {
      [] { prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0); },
      [] { support::drop_capabilities({CAP_NET_BIND_SERVICE}); },
  };
  for (const auto& hindrance : hindrances) {
    check_refused(launch({"-p", "80"}, carrier.program, hindrance), 126,
                  {carrier.program + kBeyond});
    support::check_daemon(launch({"-p", "80"}, support::probe(), hindrance), {});
  }
}

TEST_CASE("what is kept until the file is known is provably dropped") {
  enter_network_without_privileged_ports();
  support::require_strace();
  const std::string refusing = "refusing to start the daemon: ";
  spoiled_call::check(
      {.options = {"-p", "80", "-m", "listen-fds"}},
      {
          {"prctl(PR_SET_KEEPCAPS", "error=EPERM",
           "cannot keep the capability across the change of user: "},
          {"prctl(PR_SET_KEEPCAPS", "retval=0",
           "cannot set the capabilities: capset: Operation not permitted"},
          {"prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE", "error=EPERM",
           "cannot cut the bounding set: 10: "},
          {"prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE", "retval=0",
           refusing + "bounding set: the kernel reports 0x400, expected 0x0"},
          {"capset(", "error=EPERM",
           "cannot set the capabilities: capset: Operation not permitted"},
          {"capset(", "retval=0",
           refusing + "permitted capabilities: the kernel reports 0x100, expected 0x0"},
      });
}
