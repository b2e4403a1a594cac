// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <elf.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstddef>
#include <functional>

#include "confinement.hpp"
#include "user_namespace.hpp"

// Programs that binfmt_misc hands to an interpreter, as qemu-user-static sets it up: the kernel
// runs the interpreter, and so does the launch. Each child has its own binfmt_misc, invisible to
// the host, which needs Linux 6.7.

using support::Words;

namespace {

constexpr const char* kBinfmtMisc = "/proc/sys/fs/binfmt_misc";

#if defined(__x86_64__)
constexpr Elf64_Half kIn32Bit = EM_386;
constexpr Elf64_Half kOther = EM_ARM;
#else
constexpr Elf64_Half kIn32Bit = EM_ARM;
constexpr Elf64_Half kOther = EM_386;
#endif

/// A line for the file `register`: the header of a 32-bit program for this machine, whatever its
/// system and type.
std::string entry_for(Elf64_Half machine, const std::string& interpreter,
                      const std::string& flags = {}) {
  std::string skipped;
  for (int byte = 0; byte < 11; ++byte) {
    skipped += "\\x00";
  }
  constexpr const char* kDigits = "0123456789abcdef";
  const std::string digits{'\\', 'x', kDigits[machine / 16], kDigits[machine % 16], '\\', 'x',
                           '0',  '0'};
  return ":test" + std::to_string(machine) + ":M:0:\\x7fELF\\x01\\x01\\x01" + skipped + digits +
         ":\\xff\\xff\\xff\\xff\\xff\\xff\\xff" + skipped + "\\xff\\xff:" + interpreter + ":" +
         flags;
}

enum class State { kEnabled, kDisabled };

/// For in_child: as root of a new user namespace, with these entries in force.
std::function<void()> registering(const Words& entries, State state = State::kEnabled) {
  return [=] {
    user_namespace::enter({"0 0 65536", "0 0 65536"}, CLONE_NEWNS);
    if (mount("none", kBinfmtMisc, "binfmt_misc", 0, nullptr) != 0) {
      _exit(123);
    }
    const auto write = [](const std::string& file, const std::string& text) {
      support::write_file(std::string(kBinfmtMisc) + "/" + file, text);
    };
    for (const auto& entry : entries) {
      write("register", entry);
    }
    if (state == State::kDisabled) {
      write("status", "0");
    }
  };
}

void require_binfmt_misc() {
  support::require_confinement();
  support::enter_own_mounts();
  if (support::run_in_child({"/bin/true"}, registering({})).status != 0) {
    support::skip("a user namespace has no binfmt_misc of its own here: that needs Linux 6.7");
  }
}

/// The interpreter, which is the probe, and files for other machines.
struct Files {
  support::TemporaryDirectory directory;
  std::string interpreter = support::copy_program(directory, support::probe(), "interpreter");

  [[nodiscard]] std::string program(const std::string& name, Elf64_Half machine) const {
    auto content = support::read_file(support::probe());
    content.at(EI_CLASS) = ELFCLASS32;
    content.at(offsetof(Elf64_Ehdr, e_machine)) = static_cast<char>(machine);
    content.at(offsetof(Elf64_Ehdr, e_machine) + 1) = 0;
    return directory.write(name, content, 0755);
  }
};

support::Result launch(const std::string& program, const std::function<void()>& in_child,
                       const Words& options = {}) {
  return support::run_in_child(
      support::join({{support::launcher(), "-u", "www-data", "-p", "80"},
                     options,
                     {"--", program, "status", "bind=tcp/4/80", "bind=tcp/4/22"}}),
      in_child);
}

/// Checks that the interpreter runs in place of the program, confined, and that `--check` knows.
void check_runs(const std::string& program, const std::function<void()>& in_child) {
  CAPTURE(program);
  const auto result = launch(program, in_child);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["argument"] == program);
  CHECK(field["bind=tcp/4/80"] == "ok");
  CHECK(field["bind=tcp/4/22"] == "EACCES");
  const auto checked = launch(program, in_child, {"--check"});
  CAPTURE(checked.out);
  CHECK(checked.status == 0);
}

void check_does_not_run(const std::string& program, const std::function<void()>& in_child,
                        const std::string& reason) {
  const auto message = "lowportbind: cannot execute: " + reason;
  support::check_refused(launch(program, in_child), 126, {message});
  const auto checked = launch(program, in_child, {"--check"});
  CHECK(checked.status == 125);
  CHECK(checked.err.find(message) == 0);
}

}  // namespace

TEST_CASE("a program that binfmt_misc hands to an interpreter runs") {
  require_binfmt_misc();
  const Files files;
  for (const auto machine : {kIn32Bit, kOther}) {
    const auto program = files.program("program" + std::to_string(machine), machine);
    const auto reason = machine == kIn32Bit ? ": it is a 32-bit program"
                                            : ": it is a program for another kind of mach";
    check_does_not_run(program, registering({}), program + reason);
    const auto other = machine == kIn32Bit ? kOther : kIn32Bit;
    check_does_not_run(program, registering({entry_for(other, files.interpreter)}),
                       program + reason);
    check_does_not_run(program,
                       registering({entry_for(machine, files.interpreter)}, State::kDisabled),
                       program + reason);
    for (const char* flags : {"", "C", "F"}) {
      CAPTURE(flags);
      check_runs(program, registering({entry_for(machine, files.interpreter, flags)}));
    }
  }
}

TEST_CASE("a file that binfmt_misc knows by its extension runs") {
  require_binfmt_misc();
  const Files files;
  const auto program = files.directory.write("daemon.test", "no ELF file\n", 0755);
  check_does_not_run(program, registering({}), program + ": it has no #! line");
  check_runs(program, registering({":test:E::test::" + files.interpreter + ":"}));
  check_does_not_run(program, registering({":test:E::tes::" + files.interpreter + ":"}),
                     program + ": it has no #! line");
  const auto script = files.directory.write("script", "#!" + program + "\n", 0755);
  const auto through_script =
      launch(script, registering({":test:E::test::" + files.interpreter + ":"}), {"--check"});
  CAPTURE(through_script.err);
  CHECK(through_script.status == 0);
}

TEST_CASE("a binfmt_misc interpreter is checked like any program") {
  require_binfmt_misc();
  const Files files;
  const auto program = files.program("program", kOther);
  const auto in_32_bit = files.program("interpreter32", kIn32Bit);
  check_does_not_run(program, registering({entry_for(kOther, in_32_bit)}),
                     in_32_bit + ": it is a 32-bit program");
  const auto missing = files.directory.path("missing");
  check_does_not_run(
      program, registering({entry_for(kOther, missing)}),
      program + ": binfmt_misc starts it with an interpreter that is missing: " + missing);
}

TEST_CASE("file capabilities count under binfmt_misc as in the kernel") {
  require_binfmt_misc();
  const Files files;
  const auto program = files.program("program", kOther);
  support::set_file_capabilities(program, "cap_net_raw=ep");
  const std::string reason = ": it has file capabilities beyond those that the daemon is given";
  check_runs(program, registering({entry_for(kOther, files.interpreter)}));
  check_does_not_run(program, registering({entry_for(kOther, files.interpreter, "C")}),
                     program + reason);
  CHECK(support::run({"setcap", "-r", program}).status == 0);
  support::set_file_capabilities(files.interpreter, "cap_net_raw=ep");
  check_does_not_run(program, registering({entry_for(kOther, files.interpreter)}),
                     files.interpreter + reason);
  check_runs(program, registering({entry_for(kOther, files.interpreter, "C")}));
}
