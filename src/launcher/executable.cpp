// SPDX-License-Identifier: MIT
#include "launcher/executable.hpp"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/credentials.hpp"
#include "base/error.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"
#include "launcher/binfmt_misc.hpp"
#include "launcher/exit_status.hpp"
#include "launcher/file_capabilities.hpp"

namespace lowport {
namespace {

// An interpreter may be a script in turn: the kernel follows five.
constexpr int kDeepestScript = 5;

/// The interpreter after `#!`, without its argument; empty if there is none.
std::string interpreter_of(std::string_view beginning) {
  if (!beginning.starts_with("#!")) {
    return {};
  }
  beginning.remove_prefix(2);
  beginning = beginning.substr(0, beginning.find('\n'));
  const auto start = beginning.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    return {};
  }
  beginning.remove_prefix(start);
  return std::string(beginning.substr(0, beginning.find_first_of(" \t")));
}

/// The structure at an offset of the file's beginning, or nullopt if the beginning ends too soon.
template <typename Structure>
std::optional<Structure> structure_at(std::string_view beginning, std::size_t offset) {
  if (offset > beginning.size() || beginning.size() - offset < sizeof(Structure)) {
    return std::nullopt;
  }
  Structure structure{};
  std::memcpy(&structure, beginning.data() + offset, sizeof(structure));
  return structure;
}

#if defined(__x86_64__)
constexpr Elf64_Half kNativeMachine = EM_X86_64;
constexpr Elf64_Half kCompatibleMachine = EM_386;
#elif defined(__aarch64__)
constexpr Elf64_Half kNativeMachine = EM_AARCH64;
constexpr Elf64_Half kCompatibleMachine = EM_ARM;
#endif

enum class Machine {
  kUnknown,  ///< not an ELF file, or its header is cut off
  kThis,
  kThisIn32Bit,  ///< if the kernel supports it
  kOther,
};

/// The kernel goes by the machine, whose number is at the same offset in both classes of header.
Machine machine_of(std::string_view beginning) {
  const auto header = structure_at<Elf32_Ehdr>(beginning, 0);
  if (!header || !beginning.starts_with(ELFMAG)) {
    return Machine::kUnknown;
  }
  if (header->e_machine == kCompatibleMachine) {
    return Machine::kThisIn32Bit;
  }
  if (header->e_machine != kNativeMachine) {
    return Machine::kOther;
  }
  return header->e_ident[EI_CLASS] == ELFCLASS32 ? Machine::kThisIn32Bit : Machine::kThis;
}

/// What binfmt_misc starts in place of a file. Not asked about scripts and this machine's own
/// programs: only an entry written for the purpose would take those away from the kernel.
std::optional<RegisteredInterpreter> find_replacement(const std::string& file,
                                                      std::string_view beginning) {
  if (beginning.starts_with("#!") || machine_of(beginning) == Machine::kThis) {
    return std::nullopt;
  }
  return find_registered_interpreter(file, beginning);
}

/// The dynamic loader named by an ELF file of this machine's word size; empty for a static one.
std::string loader_of(std::string_view beginning) {
  const auto header = structure_at<Elf64_Ehdr>(beginning, 0);
  if (!header || header->e_ident[EI_CLASS] != ELFCLASS64) {
    return {};
  }
  for (std::size_t index = 0; index < header->e_phnum; ++index) {
    const auto segment =
        structure_at<Elf64_Phdr>(beginning, header->e_phoff + index * sizeof(Elf64_Phdr));
    if (!segment) {
      return {};
    }
    if (segment->p_type != PT_INTERP || segment->p_offset >= beginning.size()) {
      continue;
    }
    const auto name = beginning.substr(segment->p_offset, segment->p_filesz);
    return std::string(name.substr(0, name.find('\0')));
  }
  return {};
}

bool is_missing(const std::string& file) {
  return access(file.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

void require_interpreter(const std::string& file, const std::string& interpreter) {
  if (interpreter.ends_with('\r')) {
    throw cannot_execute(
        file, "its first line ends with a carriage return",
        "convert it to Unix line endings: sed -i 's/\\r$//' " + shell_quoted(file));
  }
  if (is_missing(interpreter)) {
    throw cannot_execute(file, "its interpreter is missing: " + interpreter,
                         "install " + interpreter + ", or fix the first line of " + file);
  }
  const auto not_a_program = [&] {
    return cannot_execute(file, "its interpreter is not a program: " + interpreter);
  };
  struct stat status {};
  if (stat(interpreter.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw not_a_program();
  }
  if (access(interpreter.c_str(), X_OK) != 0) {
    if (errno != EACCES) {
      throw cannot_execute(file, "its interpreter cannot be used: " + interpreter + ": " +
                                     std::string(describe_errno(errno)));
    }
    throw cannot_execute(file, "the account may not execute its interpreter: " + interpreter,
                         "to see who may: namei -l " + shell_quoted(interpreter));
  }
  const auto beginning = read_beginning(interpreter);
  if (beginning.empty() || beginning.starts_with(ELFMAG) || beginning.starts_with("#!")) {
    return;
  }
  if (!find_replacement(interpreter, beginning)) {
    throw not_a_program();
  }
}

/// The kernel looks for `#!` in the first two bytes only, and an editor may have put something
/// before it.
void require_nothing_before_interpreter(const std::string& file, std::string_view beginning) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (beginning.starts_with(kByteOrderMark) &&
      !interpreter_of(beginning.substr(kByteOrderMark.size())).empty()) {
    throw cannot_execute(file, "there is a byte order mark before its #! line",
                         R"(remove it: sed -i '1s/^\xEF\xBB\xBF//' )" + shell_quoted(file));
  }
  const auto start = beginning.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && start > 0 &&
      !interpreter_of(beginning.substr(start)).empty()) {
    throw cannot_execute(file, "there are spaces or empty lines before its #! line",
                         "remove them: sed -i -z 's/^[[:space:]]*//' " + shell_quoted(file));
  }
}

void require_machine(const std::string& file, std::string_view beginning) {
  if (machine_of(beginning) == Machine::kOther) {
    throw cannot_execute(file, "it is a program for another kind of machine",
                         "`file " + shell_quoted(file) + "` tells which");
  }
  const auto loader = loader_of(beginning);
  if (!loader.empty() && is_missing(loader)) {
    throw cannot_execute(
        file, "its dynamic loader is missing: " + loader,
        "it was built for another C library or system; install what provides " + loader);
  }
}

void require_replacement(const std::string& file, const RegisteredInterpreter& replacement) {
  if (replacement.is_open || !is_missing(replacement.path)) {
    return;
  }
  throw cannot_execute(
      file, "binfmt_misc starts it with an interpreter that is missing: " + replacement.path,
      "install " + replacement.path);
}

/// What execve(2) does with a file: the program that it starts in the end, past all interpreters,
/// and the file whose set-id bits and file capabilities count.
struct Execution {
  std::string program;
  std::string source_of_rights;
};

Execution resolve_interpreters(const std::string& file) {
  Execution execution{file, file};
  for (int depth = 0; depth < kDeepestScript; ++depth) {
    const auto beginning = read_beginning(execution.program);
    if (auto interpreter = interpreter_of(beginning); !interpreter.empty()) {
      execution = {interpreter, interpreter};
    } else if (auto replacement = find_replacement(execution.program, beginning)) {
      execution.program = replacement->path;
      if (!replacement->uses_files_rights) {
        execution.source_of_rights = replacement->path;
      }
    } else {
      break;
    }
  }
  return execution;
}

bool changes_account(const std::string& program, const Account& account) {
  struct stat status {};
  if (stat(program.c_str(), &status) != 0) {
    return false;
  }
  const bool set_user = (status.st_mode & S_ISUID) != 0;
  // Without S_IXGRP, the bit means mandatory locking.
  const bool set_group = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  return (set_user && status.st_uid != account.uid) || (set_group && status.st_gid != account.gid);
}

/// Checks the permitted set after execve(2), as in capabilities(7), against the plan. Returns what
/// the file needs of the undecided part of the bounding set.
CapabilitySet require_capabilities(const std::string& program, const FileCapabilities& capabilities,
                                   const PrivilegePlan& plan) {
  const auto bounding = read_bounding_set(plan.seen_capabilities);
  auto gained =
      (capabilities.permitted & bounding) | (capabilities.inheritable & plan.capabilities);
  if (capabilities.effective && (capabilities.permitted & ~gained) != 0) {
    throw cannot_execute(program, "it has file capabilities beyond those that the daemon is given",
                         "as root: setcap -r " + shell_quoted(program));
  }
  // Permitted but not effective: of no use to an unmodified daemon.
  if (!capabilities.effective) {
    gained = kNoCapability;
  }
  if ((plan.capabilities & ~gained) != 0) {
    throw cannot_execute(
        program, "its file capabilities cancel the capability that the daemon is given",
        "as root: setcap -r " + shell_quoted(program) + "; or use --mode listen-fds");
  }
  return gained & plan.undecided_bounding;
}

}  // namespace

void require_known_format(const std::string& file) {
  const auto beginning = read_beginning(file);
  if (const auto replacement = find_replacement(file, beginning)) {
    return require_replacement(file, *replacement);
  }
  if (beginning.starts_with(ELFMAG)) {
    return require_machine(file, beginning);
  }
  if (const auto interpreter = interpreter_of(beginning); !interpreter.empty()) {
    return require_interpreter(file, interpreter);
  }
  if (beginning.empty() && access(file.c_str(), R_OK) != 0) {
    return;
  }
  require_nothing_before_interpreter(file, beginning);
  throw cannot_execute(file, "it has no #! line and is not a program",
                       "add one, or name the shell: -- /bin/sh " + shell_quoted(file));
}

CapabilitySet require_planned_rights(const std::string& file, const Plan& plan) {
  const auto [executed, program] = resolve_interpreters(file);
  if (plan.confinement.kind != Confinement::kOff &&
      machine_of(read_beginning(executed)) == Machine::kThisIn32Bit) {
    throw cannot_execute(
        executed, "it is a 32-bit program, whose system calls the confinement refuses",
        plan.mode == Mode::kAmbient ? "hand over sockets: --mode listen-fds; "
                                      "or leave every privileged port open: --confine off"
                                    : "leave --confine out");
  }
  const auto& privileges = plan.privileges;
  const bool has_set_id = !privileges.set_no_new_privs && changes_account(program, plan.account);
  const auto capabilities = read_file_capabilities(program);
  const bool has_capabilities = capabilities && may_count_here(*capabilities);
  if ((!has_set_id && !has_capabilities) || is_nosuid(program)) {
    return kNoCapability;
  }
  if (has_set_id) {
    throw cannot_execute(
        program,
        "it is set-user-ID or set-group-ID, and would not run as " + describe_account(plan.account),
        "leave --allow-new-privs out, or as root: chmod u-s,g-s " + shell_quoted(program));
  }
  return require_capabilities(program, *capabilities, privileges);
}

}  // namespace lowport
