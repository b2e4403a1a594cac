// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <elf.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "confinement.hpp"
#include "daemon.hpp"

// What the launcher reads from the command's file, which anyone may have written.

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kNative = EM_X86_64;
constexpr Elf64_Half kIn32Bit = EM_386;
constexpr Elf64_Half kOther = EM_ARM;
#else
constexpr Elf64_Half kNative = EM_AARCH64;
constexpr Elf64_Half kIn32Bit = EM_ARM;
constexpr Elf64_Half kOther = EM_386;
#endif

struct ElfFile {
  unsigned char word_size = ELFCLASS64;
  Elf64_Half machine = kNative;
  Elf64_Off segments_at = sizeof(Elf64_Ehdr);
  Elf64_Word type = PT_NULL;  ///< of its one segment
  Elf64_Off name_at = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
};

template <typename Structure>
std::string bytes_of(const Structure& structure) {
  return {reinterpret_cast<const char*>(&structure), sizeof(structure)};
}

/// The headers, and the name of a dynamic loader that is not there.
std::string make_elf(const ElfFile& file) {
  const std::string loader("/no/such/loader", sizeof("/no/such/loader"));
  Elf64_Ehdr header{};
  std::copy_n(ELFMAG, SELFMAG, header.e_ident);
  header.e_ident[EI_CLASS] = file.word_size;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = file.machine;
  header.e_phoff = file.segments_at;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = file.type;
  segment.p_offset = file.name_at;
  segment.p_filesz = loader.size();
  return bytes_of(header) + bytes_of(segment) + loader;
}

support::Result launch(const std::string& program, const support::Words& options = {}) {
  return support::launch(support::join({{"-u", "www-data"}, options, {"--", program}}));
}

void check_126(const std::string& program, const std::string& reason,
               const support::Words& options = {}) {
  support::check_refused(launch(program, options), 126,
                         {"lowportbind: cannot execute: " + program + ": " + reason});
}

/// Whether --check finds no obstacle.
bool is_ready(const std::string& program, const support::Words& options = {}) {
  return launch(program, support::join({{"--check"}, options})).status == 0;
}

}  // namespace

TEST_CASE("an ELF header that points outside is left to the kernel") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const std::string whole = make_elf({});
  const Elf64_Off size = whole.size();
  constexpr Elf64_Off kFar = std::numeric_limits<Elf64_Off>::max();
  const std::string contents[] = {
      whole.substr(0, SELFMAG), whole.substr(0, sizeof(Elf64_Ehdr) - 1),
      make_elf({.segments_at = kFar}), make_elf({.segments_at = kFar / 2}),
      make_elf({.segments_at = size - 1}), make_elf({.segments_at = size}),
      make_elf({.type = PT_INTERP, .name_at = kFar}),
      make_elf({.type = PT_INTERP, .name_at = size}),
      // Another class of file: read as this one, it has the name of a loader.
      make_elf({.word_size = ELFCLASS32, .type = PT_INTERP})};
  for (const auto& content : contents) {
    const auto program = directory.write("tool", content, 0755);
    // Confined: another reader.
    for (const support::Words& options : {support::Words{}, support::Words{"-p", "80"}}) {
      CAPTURE(&content - contents);
      const auto result = launch(program, options);
      support::check_refused(result, 126, {"lowportbind: cannot execute: "});
      CHECK(result.err.find("its dynamic loader is missing") == std::string::npos);
    }
  }
  check_126(directory.write("tool", make_elf({.type = PT_INTERP}), 0755),
            "its dynamic loader is missing: /no/such/loader\n");
  CHECK(is_ready(directory.write("tool", make_elf({.type = PT_NOTE}), 0755)));
}

TEST_CASE("each mark of a 32-bit program is enough on its own") {
  support::require_confinement();
  const support::TemporaryDirectory directory;
  const ElfFile marked[] = {{.word_size = ELFCLASS32}, {.machine = kIn32Bit}};
  for (const auto& file : marked) {
    CAPTURE(file.machine);
    const auto program = directory.write("tool", make_elf(file), 0755);
    check_126(program, "it is a 32-bit program", {"-p", "80"});
  }
  CHECK(is_ready(directory.write("tool", make_elf({}), 0755), {"-p", "80"}));
  // A program for another machine is told apart from a 32-bit one, whatever its class: this kernel
  // cannot run it.
  for (const auto word_size : {ELFCLASS32, ELFCLASS64}) {
    const auto program = directory.write(
        "tool", make_elf({.word_size = static_cast<unsigned char>(word_size), .machine = kOther}),
        0755);
    check_126(program, "it is a program for another kind of machine", {"-p", "80"});
    CHECK_FALSE(is_ready(program));
  }
  // A file that is not ELF has no machine.
  const auto text =
      directory.write("tool", "text" + make_elf({.machine = kIn32Bit}).substr(4), 0755);
  check_126(text, "it has no #! line", {"-p", "80"});
  CHECK(is_ready(
      directory.write("tool", make_elf({.word_size = ELFCLASS32, .machine = kIn32Bit}), 0755)));
}

TEST_CASE("a #! line without an interpreter does not count") {
  support::require_root();
  const support::TemporaryDirectory directory;
  for (const std::string content : {"#!", "#!\n", "#! \t\n/bin/sh\n"}) {
    CAPTURE(content);
    check_126(directory.write("tool", content, 0755), "it has no #! line and is not a program\n");
  }
}

TEST_CASE("an interpreter need not be readable by the account") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto interpreter = directory.write("shell", support::read_file("/bin/sh"), 0711);
  const auto script = directory.write("script", "#!" + interpreter + "\n", 0711);
  const auto readable = directory.write("readable", "#!" + interpreter + "\nexit 7\n", 0755);
  CHECK(is_ready(readable));
  CHECK(launch(readable).status == 7);
  // The kernel reads the line that names the interpreter, and the interpreter cannot open the
  // script.
  CHECK(is_ready(script));
}

TEST_CASE("an interpreter may itself be a script") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto interpreter = directory.write("interpreter", "#!/bin/sh\nexit 7\n", 0755);
  const auto script = directory.write("script", "#!" + interpreter + "\n", 0755);
  CHECK(is_ready(script));
  CHECK(launch(script).status == 7);
}

TEST_CASE("an inner interpreter's failure is not blamed on the outer") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto script = [&](const std::string& interpreter) {
    return directory.write("script", "#!" + interpreter + "\n", 0755);
  };
  check_126(script("/etc/passwd/sh"), "its interpreter is missing: /etc/passwd/sh\n");
  const auto closed = directory.path("closed");
  REQUIRE(mkdir(closed.c_str(), 0700) == 0);
  check_126(script(directory.write("closed/sh", "", 0755)),
            "the account may not execute its interpreter: " + closed);
  // The kernel follows both, and does not report which one it could not start: the first one is
  // there, and executable.
  const auto forbidden = directory.write("forbidden", "#!/bin/sh\n", 0644);
  for (const auto& second : {std::string("/nowhere/sh"), forbidden}) {
    CAPTURE(second);
    const auto first = directory.write("first", "#!" + second + "\n", 0755);
    const auto result = launch(script(first));
    support::check_refused(result, 126, {"lowportbind: cannot execute: "});
    CHECK(result.err.find("interpreter is missing: " + first) == std::string::npos);
    CHECK(result.err.find("may not execute its interpreter: " + first) == std::string::npos);
  }
}

TEST_CASE("exits 126 if the interpreter is a directory") {
  support::require_root();
  const support::TemporaryDirectory directory;
  check_126(directory.write("script", "#!" + directory.path() + "\n", 0755), "");
}

TEST_CASE("--check names an interpreter that is a directory or a loop") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto loop = directory.path("loop");
  REQUIRE(symlink(loop.c_str(), loop.c_str()) == 0);
  for (const auto& interpreter : {directory.path(), loop}) {
    CAPTURE(interpreter);
    const auto script = directory.write("script", "#!" + interpreter + "\n", 0755);
    const auto result = launch(script);
    support::check_refused(
        result, 126,
        {"lowportbind: cannot execute: " + script + ": its interpreter ", interpreter});
    CHECK(result.err.find("may not execute") == std::string::npos);
    CHECK_FALSE(is_ready(script));
  }
}

TEST_CASE("file capabilities without effect do not block the port") {
  support::enter_own_network();
  support::enter_own_mounts();
  const support::TemporaryDirectory directory;
  REQUIRE(mount("none", directory.path().c_str(), "tmpfs", 0, "mode=0755") == 0);
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  const auto bind = [&] {
    const auto result =
        support::launch({"-u", "www-data", "-p", "80", "--", program, "status", "bind=tcp/4/80"});
    CAPTURE(result.err);
    return support::fields(result.out)["bind=tcp/4/80"];
  };
  support::set_file_capabilities(program, "cap_net_raw=ep");
  CHECK(bind().empty());
  // A file system mounted nosuid has no file capabilities.
  REQUIRE(mount("none", directory.path().c_str(), nullptr, MS_REMOUNT | MS_NOSUID, nullptr) == 0);
  CHECK(bind() == "ok");
  REQUIRE(mount("none", directory.path().c_str(), nullptr, MS_REMOUNT, nullptr) == 0);
  // Those set by another root of a user namespace count only in there.
  const auto result = support::run({"setcap", "-n", "1000", "cap_net_raw=ep", program});
  if (result.status != 0) {
    MESSAGE("no file capabilities of another user namespace here: " << result.err);
  } else {
    CHECK(bind() == "ok");
  }
  support::check_denied("tcp/4/80");
  umount2(directory.path().c_str(), MNT_DETACH);
}

TEST_CASE("set-id bits without effect do not block --allow-new-privs") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto status_with = [&](mode_t mode, uid_t uid, gid_t gid) {
    const auto program = directory.path("tool");
    support::write_file(program, support::read_file("/bin/true"));
    REQUIRE(chown(program.c_str(), uid, gid) == 0);
    REQUIRE(chmod(program.c_str(), mode) == 0);
    return launch(program, {"--allow-new-privs"}).status;
  };
  CHECK(status_with(04755, 33, 0) == 0);
  CHECK(status_with(02755, 0, 33) == 0);
  // Without group execute permission, the bit once meant mandatory locking.
  CHECK(status_with(02745, 33, 0) == 0);
  CHECK(status_with(00755, 0, 0) == 0);
  CHECK(status_with(04755, 0, 33) == 126);
  CHECK(status_with(02755, 33, 0) == 126);
}
