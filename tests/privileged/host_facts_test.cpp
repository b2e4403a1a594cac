// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "spoiled_call.hpp"

// What the launcher reads from the host before it plans. A hidden value counts as the default; one
// that is unreadable for another reason ends the launch, and is not guessed.

using support::check_daemon;
using support::check_refused;
using support::kBindCapability;
using support::Words;

namespace {

const std::string kPortStart = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// The names come only from the files, so that no socket to nscd is among the calls.
void enter_own_system() {
  support::enter_own_network();
  support::require_strace();
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
}

support::Result launch_spoiled(const Words& strace_options, const Words& options) {
  return support::trace(strace_options,
                        support::join({{support::launcher(), "-u", "www-data", "-p", "80"},
                                       options,
                                       {"--", support::probe(), "status"}}))
      .result;
}

Words spoil_start(const std::string& effect) {
  return {"-P", kPortStart, "-e", "inject=" + effect};
}

}  // namespace

TEST_CASE("an unknown start of unprivileged ports counts as the default") {
  enter_own_system();
  support::set_unprivileged_port_start(80);
  check_daemon(launch_spoiled({}, {}), {});
  for (const std::string effect :
       {"openat:error=ENOENT", "openat:error=ENOTDIR", "openat:error=EACCES", "read:retval=0"}) {
    CAPTURE(effect);
    check_daemon(launch_spoiled(spoil_start(effect), {"--confine", "off"}),
                 {.capabilities = kBindCapability});
    check_refused(
        launch_spoiled(spoil_start(effect), {"--confine", "privileged"}), 125,
        {"net.ipv4.ip_unprivileged_port_start, where the privileged ports end, cannot be read"});
  }
}

TEST_CASE("an unreadable start of unprivileged ports ends the launch") {
  enter_own_system();
  check_refused(launch_spoiled(spoil_start("openat:error=EIO"), {}), 125,
                {"cannot open: " + kPortStart + ": Input/output error"});
  check_refused(launch_spoiled(spoil_start("read:error=EIO"), {}), 125,
                {"cannot read: " + kPortStart + ": Input/output error"});
}

TEST_CASE("an unreadable parent-death signal ends the launch") {
  enter_own_system();
  const auto check = [](const std::string& effect, const std::string& reason) {
    spoiled_call::check({.options = {"-p", "80", "--confine", "off"}},
                        {{"prctl(PR_GET_PDEATHSIG", effect,
                          "cannot read the parent-death signal: prctl: " + reason}});
  };
  check("error=EINVAL", "Invalid argument");
  check("retval=0", "it succeeded but returned no signal");
}

TEST_CASE("a failed query about the confinement ends the launch") {
  enter_own_system();
  check_refused(launch_spoiled({"-e", "inject=landlock_create_ruleset:error=ENOMEM:when=1"}, {}),
                125, {"cannot query the kernel for: Landlock: Cannot allocate memory"});
  const auto seccomp = launch_spoiled({"-e", "inject=seccomp:error=ENOMEM:when=1"}, {});
  // Without Landlock, the launcher does not ask about seccomp.
  if (seccomp.err.find("Landlock") != std::string::npos) {
    return;
  }
  check_refused(seccomp, 125, {"cannot query the kernel for: seccomp: Cannot allocate memory"});
}

TEST_CASE("a failed query about IPv6 ends the launch") {
  enter_own_system();
  for (const char* mode : {"listen-fds", "inetd", "nginx"}) {
    CAPTURE(mode);
    check_refused(launch_spoiled({"-e", "inject=socket:error=EMFILE:when=1"}, {"-m", mode}), 125,
                  {"cannot open: an IPv6 socket: Too many open files", "hint: raise the limit"});
  }
}
