// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.hpp"

using support::check_daemon;
using support::check_refused;
using support::Expected;
using support::kBindCapability;
using support::launch_probe;

namespace {

/// The daemon is a shell that starts `program`, which has more rights than the account, as its own
/// child.
std::map<std::string, std::string> ask_child(const support::Words& options,
                                             const std::string& program) {
  const auto result = support::launch(support::join(
      {{"-u", "www-data"}, options, {"--", "/bin/sh", "-c", R"("$0" status; exit 0)", program}}));
  CAPTURE(result.err);
  CHECK(result.status == 0);
  return support::fields(result.out);
}

}  // namespace

TEST_CASE("a setuid helper takes effect only with --allow-new-privs") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "setuid", 04755);
  for (const support::Words& ports : {support::Words{}, support::Words{"-p", "80"}}) {
    auto field = ask_child(ports, program);
    CHECK(field["Uid"] == "33\t33\t33\t33");
    CHECK(field["NoNewPrivs"] == "1");
    // Without the new ids the kernel has no reason to clear the ambient set.
    CHECK(field["CapEff"] == (ports.empty() ? support::kNoCapability : kBindCapability));
    field = ask_child(support::join({{"--allow-new-privs"}, ports}), program);
    CHECK(field["Uid"] == "33\t0\t0\t0");
    CHECK(field["NoNewPrivs"] == "0");
    CHECK(field["CapBnd"] == support::own_status("CapBnd"));
  }
}

TEST_CASE("a helper's file capability needs --allow-new-privs") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "capable");
  support::set_file_capabilities(program, "cap_net_raw=p");
  CHECK(ask_child({}, program)["CapPrm"] == support::kNoCapability);
  CHECK(ask_child({"-p", "80"}, program)["CapPrm"] == support::kNoCapability);
  CHECK(ask_child({"--allow-new-privs"}, program)["CapPrm"] == "0000000000002000");
  // With the effective bit the kernel refuses what the bounding set lacks.
  support::set_file_capabilities(program, "cap_net_raw=ep");
  const auto result =
      support::launch({"-u", "www-data", "--", "/bin/sh", "-c", R"("$0" status)", program});
  CHECK(result.status == 126);
  CHECK(ask_child({"--allow-new-privs"}, program)["CapEff"] == "0000000000002000");
}

TEST_CASE("--allow-new-privs changes nothing else in the plan") {
  support::enter_own_network();
  const Expected none{.bounding = support::own_status("CapBnd"), .no_new_privs = "0"};
  auto bind = none;
  bind.capabilities = kBindCapability;
  auto field = check_daemon(launch_probe({"-u", "www-data", "-p", "80", "--allow-new-privs"},
                                         {"status", "bind=tcp/4/80"}),
                            bind);
  CHECK(field["bind=tcp/4/80"] == "ok");
  check_daemon(launch_probe({"-u", "www-data", "--allow-new-privs"}, {"status"}), none);
  check_daemon(launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds", "--allow-new-privs"},
                            {"status"}),
               none);
  support::check_denied("tcp/4/80");
}

TEST_CASE("--allow-new-privs is refused if it can have no effect") {
  support::require_root();
  check_refused(
      launch_probe({"-u", "www-data", "--allow-new-privs"}, {"status"},
                   [] { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }),
      125, {"the option has no effect: --allow-new-privs: no_new_privs is already set", "hint: "});
}

TEST_CASE("a daemon that carries the listed capability can bind") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  support::set_file_capabilities(program, "cap_net_bind_service=ep");
  const auto result = support::launch(
      {"-u", "www-data", "-p", "80", "--", program, "status", "bind=tcp/4/80", "fds"});
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["CapAmb"] == support::kNoCapability);
  CHECK(field["CapPrm"] == kBindCapability);
  CHECK(field["CapEff"] == kBindCapability);
  CHECK(field["CapBnd"] == kBindCapability);
  CHECK(field["bind=tcp/4/80"] == "ok");
  CHECK(field["fds"] == "0 1 2");
  support::check_denied("tcp/4/80");
}

TEST_CASE("file capabilities that cancel the listed port are refused") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  // Any file capability clears the ambient set; a permitted capability that is not effective is of
  // no use to a daemon unaware of capabilities.
  for (const char* const capabilities :
       {"=", "cap_net_raw=p", "cap_net_raw=i", "cap_net_bind_service=p", "cap_net_bind_service=i",
        "cap_net_bind_service,cap_net_raw=p"}) {
    CAPTURE(capabilities);
    support::set_file_capabilities(program, capabilities);
    check_refused(support::launch({"-u", "www-data", "-p", "80", "--", program, "status"}), 126,
                  {"cannot execute: " + program + ": its file capabilities cancel the capability",
                   "hint: as root: setcap -r " + program});
    const auto without = support::launch({"-u", "www-data", "--", program, "status"});
    CAPTURE(without.err);
    CHECK(without.status == 0);
    auto field = support::fields(without.out);
    CHECK(field["CapPrm"] == support::kNoCapability);
    CHECK(field["CapAmb"] == support::kNoCapability);
  }
}

TEST_CASE("a daemon that is setuid itself is refused") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto setuid = support::copy_program(directory, support::probe(), "setuid", 04755);
  const auto setgid = support::copy_program(directory, support::probe(), "setgid", 02755);
  for (const auto& program : {setuid, setgid}) {
    check_refused(support::launch({"-u", "www-data", "--allow-new-privs", "--", program, "status"}),
                  126, {"cannot execute: " + program + ": ", "hint: "});
    // Without the option the bit has no effect.
    check_daemon(support::launch({"-u", "www-data", "-p", "80", "--", program, "status"}),
                 {.capabilities = kBindCapability});
  }
}

TEST_CASE("file capabilities beyond the plan are refused with a hint") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  const auto launch = [&](const support::Words& options) {
    return support::launch(support::join({{"-u", "www-data"}, options, {"--", program, "status"}}));
  };
  support::set_file_capabilities(program, "cap_net_bind_service,cap_net_raw=ep");
  const support::Words message{
      "cannot execute: " + program + ": it has file capabilities beyond those",
      "hint: as root: setcap -r " + program};
  check_refused(launch({"-p", "80"}), 126, message);
  check_refused(launch({}), 126, message);
  check_refused(launch({"-p", "80", "-m", "listen-fds"}), 126, message);
  // Without no_new_privs the kernel grants them.
  CHECK(launch({"--allow-new-privs"}).status == 0);
}

TEST_CASE("--check reports file capabilities beyond the plan") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  support::set_file_capabilities(program, "cap_net_raw=ep");
  const auto result =
      support::launch({"-u", "www-data", "-p", "80", "--check", "--", program, "status"});
  CHECK(result.status == 125);
  CHECK(result.err.find("cannot execute: " + program + ": it has file capabilities beyond those") !=
        std::string::npos);
  support::set_file_capabilities(program, "cap_net_bind_service=ep");
  CHECK(
      support::launch({"-u", "www-data", "-p", "80", "--check", "--", program, "status"}).status ==
      0);
}
