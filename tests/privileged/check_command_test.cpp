// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <elf.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.hpp"

// What `--check` reports about the command, and that the launch ends with the same message. PATH is
// /usr/bin:/bin.

namespace {

check::Setting command(const std::string& file, const support::Words& options = {}) {
  return {.options = support::join({{"-u", "www-data", "-p", "80"}, options}), .command = {file}};
}

std::string hint_for_access(const std::string& file) {
  return "to see who may, and whether it is mounted noexec: namei -l " + file + "; findmnt -T " +
         file;
}

/// The probe, marked as a 32-bit program.
std::string write_32_bit_program(const support::TemporaryDirectory& directory) {
  auto program = support::read_file(support::probe());
  program.at(EI_CLASS) = ELFCLASS32;
  return directory.write("daemon32", program, 0755);
}

void require_landlock_with_network() {
  constexpr unsigned kAskForAbi = 1;
  const auto abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForAbi);
  if (abi < 4) {
    support::skip("this kernel's Landlock has no network rules");
  }
}

}  // namespace

TEST_CASE("--check finds a missing command") {
  support::enter_own_network();
  check::not_ready_as_launched(
      command("no-such-daemon"), 127,
      {"cannot find the command: no-such-daemon: it is not in any directory of PATH",
       "give its full path: -- /full/path/to/no-such-daemon"});
  check::not_ready_as_launched(
      command("/nowhere/daemon"), 127,
      {"cannot find the command: /nowhere/daemon: No such file or directory", ""});
  check::not_ready_as_launched(
      command(""), 127, {"cannot find the command: \"\": it is empty", "a variable may be unset"});
}

TEST_CASE("--check finds a command that only root may execute") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto for_root = directory.write("for-root", "#!/bin/sh\n", 0700);
  check::not_ready_as_launched(command(for_root), 126,
                               {"cannot execute: " + for_root + ": the account may not execute it",
                                hint_for_access(for_root)});
  REQUIRE(mkdir(directory.path("locked").c_str(), 0700) == 0);
  const auto hidden = directory.write("locked/hidden", "#!/bin/sh\n", 0755);
  check::not_ready_as_launched(
      command(hidden), 126,
      {"cannot execute: " + hidden + ": the account may not enter a directory on its path",
       hint_for_access(hidden)});
  // The control, and the fix.
  CHECK(support::run({hidden}).status == 0);
  REQUIRE(chmod(directory.path("locked").c_str(), 0711) == 0);
  const auto result = check::ready(command(hidden));
  CHECK(check::line(result, "command") == hidden + ", executable by www-data (uid 33)");
}

TEST_CASE("--check finds a script that the kernel cannot start") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto orphan = directory.write("orphan", "#!/nowhere/interpreter -x\n", 0755);
  const auto dos = directory.write("dos", "#!/bin/sh\r\n", 0755);
  const auto plain = directory.write("plain", "echo ran\n", 0755);
  check::not_ready_as_launched(
      command(orphan), 126,
      {"cannot execute: " + orphan + ": its interpreter is missing: /nowhere/interpreter",
       "install /nowhere/interpreter, or fix the first line of " + orphan});
  check::not_ready_as_launched(
      command(dos), 126,
      {"cannot execute: " + dos + ": its first line ends with a carriage return",
       "convert it to Unix line endings: sed -i 's/\\r$//' " + dos});
  check::not_ready_as_launched(
      command(plain), 126,
      {"cannot execute: " + plain + ": it has no #! line and is not a program",
       "add one, or name the shell: -- /bin/sh " + plain});
}

TEST_CASE("--check finds file capabilities that cancel the listed port") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  const check::Obstacle obstacle{
      "cannot execute: " + program +
          ": its file capabilities cancel the capability that the daemon is given",
      "as root: setcap -r " + program + "; or use --mode listen-fds"};
  for (const char* capabilities : {"cap_net_raw=p", "cap_net_bind_service=p"}) {
    CAPTURE(capabilities);
    support::set_file_capabilities(program, capabilities);
    check::not_ready_as_launched(command(program), 126, obstacle);
    // The two fixes that the hint names.
    check::ready(command(program, {"-m", "listen-fds"}));
    CHECK(support::run({"setcap", "-r", program}).status == 0);
    check::ready(command(program));
  }
}

TEST_CASE("--check finds file capabilities beyond the planned set") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  const auto script = directory.write("script", "#!" + program + "\n", 0755);
  support::set_file_capabilities(program, "cap_net_raw=ep");
  const check::Obstacle obstacle{
      "cannot execute: " + program +
          ": it has file capabilities beyond those that the daemon is given",
      "as root: setcap -r " + program};
  check::not_ready_as_launched(command(program), 126, obstacle);
  check::not_ready_as_launched(command(program, {"-m", "listen-fds"}), 126, obstacle);
  check::not_ready_as_launched(command(script), 126, obstacle);
  CHECK(support::run({"setcap", "-r", program}).status == 0);
  check::ready(command(program));
  support::set_file_capabilities(program, "cap_net_bind_service=ep");
  check::ready(command(program));
}

TEST_CASE("--check finds a set-id program that would leave the account") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  for (const mode_t mode : {04755U, 02755U}) {
    const auto program =
        support::copy_program(directory, support::probe(), "daemon" + std::to_string(mode), mode);
    check::not_ready_as_launched(
        command(program, {"--allow-new-privs"}), 126,
        {"cannot execute: " + program +
             ": it is set-user-ID or set-group-ID, and would not run as www-data (uid 33)",
         "leave --allow-new-privs out, or as root: chmod u-s,g-s " + program});
    check::ready(command(program));
    CHECK(support::run({"chmod", "u-s,g-s", program}).status == 0);
    check::ready(command(program, {"--allow-new-privs"}));
  }
}

TEST_CASE("--check finds a 32-bit program that confinement refuses") {
  require_landlock_with_network();
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto program = write_32_bit_program(directory);
  const auto script = directory.write("script", "#!" + program + "\n", 0755);
  const check::Obstacle obstacle{
      "cannot execute: " + program +
          ": it is a 32-bit program, whose system calls the confinement refuses",
      "hand over sockets: --mode listen-fds; or leave every privileged port open: --confine off"};
  check::not_ready_as_launched(command(program), 126, obstacle);
  check::not_ready_as_launched(command(program, {"--confine", "listed"}), 126, obstacle);
  check::not_ready_as_launched(command(script), 126, obstacle);
  // Without the confinement it is a program like any other, whatever the kernel does with the
  // forgery.
  for (const support::Words& options :
       {support::Words{"--confine", "off"}, support::Words{"-m", "listen-fds"}}) {
    check::ready(command(program, options));
    CHECK(check::run(command(program, options), {}).err.find("32-bit") == std::string::npos);
  }
}
