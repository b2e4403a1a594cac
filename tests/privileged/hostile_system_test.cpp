// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "hostile.hpp"

using hostile::check_as_planned;
using support::check_refused;
using support::Words;

namespace {

void enter_mounts() {
  if (unshare(CLONE_NEWNS) != 0) {
    _exit(122);
  }
}

/// For in_child: an empty /proc, without the file system of that name. What was opened before still
/// works.
void lose_proc() {
  enter_mounts();
  if (umount2("/proc", MNT_DETACH) != 0 && mount("none", "/proc", "tmpfs", 0, nullptr) != 0) {
    _exit(122);
  }
}

void hide_others() {
  enter_mounts();
  if (mount("proc", "/proc", "proc", 0, "hidepid=2") != 0) {
    _exit(122);
  }
}

/// For in_child: executes a program through an open file, without a path.
void execute_file(int file, const Words& arguments) {
  std::vector<const char*> argv{"lowportbind"};
  for (const auto& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  argv.push_back(nullptr);
  syscall(SYS_execveat, file, "", argv.data(), environ, AT_EMPTY_PATH);
  _exit(122);
}

/// A program in memory, behind a descriptor that is not close-on-exec.
int open_in_memory(const std::string& path) {
  const auto program = support::read_file(path);
  const int file = memfd_create("launcher", 0);
  if (file < 0 ||
      write(file, program.data(), program.size()) != static_cast<ssize_t>(program.size())) {
    _exit(122);
  }
  return file;
}

}  // namespace

TEST_CASE("without /proc the daemon is as planned in every mode") {
  support::enter_own_network();
  support::enter_own_mounts();
  for (const auto& mode : hostile::modes()) {
    // The file belongs to the process that becomes the launcher and then the daemon, which reads
    // it.
    const auto result = support::run_in_child(
        support::join({{support::launcher()},
                       hostile::options_of(mode, {"--keep-fd", "7"}),
                       {"--", "/bin/sh", "-c", "cat /proc/self/status; exec /bin/cat <&7 >&2"}}),
        [] {
          const int status = open("/proc/self/status", O_RDONLY);
          if (status < 0 || dup2(status, 7) != 7) {
            _exit(122);
          }
          lose_proc();
        });
    CAPTURE(mode.name);
    CAPTURE(result.err);
    auto answers = result;
    answers.out = result.err;
    support::check_daemon(answers, {.capabilities = mode.capabilities});
    // The control.
    CHECK(result.err.find("cat: /proc/self/status: No such file") != std::string::npos);
  }
  support::check_denied("tcp/4/80");
}

TEST_CASE("a /proc that hides processes leaves the daemon as planned") {
  support::enter_own_network();
  support::enter_own_mounts();
  if (support::run_in_child({"/bin/true"}, hide_others).status != 0) {
    support::skip("/proc cannot be mounted here");
  }
  for (const auto& mode : hostile::modes()) {
    check_as_planned(mode, hostile::launch(mode, hide_others));
  }
}

TEST_CASE("a port in use is explained even if its holder is hidden") {
  support::enter_own_network();
  support::enter_own_mounts();
  const int holder = support::listen_on(80);
  for (const auto& hide : {std::function<void()>(lose_proc), std::function<void()>(hide_others)}) {
    check_refused(
        support::launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds"}, {"status"}, hide),
        125, {"cannot bind: 80/tcp", "Address already in use"});
  }
  close(holder);
}

TEST_CASE("a working directory closed to the account is kept") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto locked = directory.path("locked");
  REQUIRE(mkdir(locked.c_str(), 0700) == 0);
  const auto hidden = support::copy_program(directory, support::probe(), "locked/probe");
  const auto enter = [&] {
    if (chdir(locked.c_str()) != 0) {
      _exit(122);
    }
  };
  for (const auto& mode : hostile::modes()) {
    auto field = check_as_planned(mode, hostile::launch(mode, enter, {}, {"cwd"}));
    CHECK(field["cwd"] == locked);
    check_refused(
        support::run_in_child(
            support::join(
                {{support::launcher()}, hostile::options_of(mode), {"--", "./probe", "status"}}),
            enter),
        126,
        {"cannot execute: ./probe: the account may not enter a directory on its path", "hint: "});
  }
  // The control: root can run it there.
  CHECK(support::run_in_child({"./probe", "pid"}, enter).status == 0);
}

TEST_CASE("a deleted working directory is accepted") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  for (const auto& mode : hostile::modes()) {
    const auto gone = directory.path("gone");
    REQUIRE(mkdir(gone.c_str(), 0755) == 0);
    check_as_planned(mode, hostile::launch(mode, [&] {
                       if (chdir(gone.c_str()) != 0 || rmdir(gone.c_str()) != 0) {
                         _exit(122);
                       }
                     }));
  }
}

TEST_CASE("a launcher started through a symlink works in every mode") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto link = directory.path("link");
  const auto second = directory.path("--check");
  std::filesystem::create_symlink(support::launcher(), link);
  std::filesystem::create_symlink("link", second);
  for (const auto& path : {link, second}) {
    for (const auto& mode : hostile::modes()) {
      const auto file = directory.write("answers", "", 0666);
      const auto argv =
          support::join({{path}, hostile::options_of(mode), {"--"}, hostile::ask_for_state(file)});
      check_as_planned(mode, hostile::run_to(file, argv, {}));
    }
  }
}

TEST_CASE("a launcher started by execveat leaks no descriptor") {
  support::enter_own_network();
  const auto launcher = support::launcher();
  for (const auto& mode : hostile::modes()) {
    for (const bool in_memory : {true, false}) {
      CAPTURE(in_memory);
      const support::TemporaryDirectory directory;
      const auto file = directory.write("answers", "", 0666);
      const auto arguments =
          support::join({hostile::options_of(mode), {"--"}, hostile::ask_for_state(file)});
      check_as_planned(mode, hostile::run_to(file, {"/bin/false"}, [&] {
                         execute_file(
                             in_memory ? open_in_memory(launcher) : open(launcher.c_str(), O_PATH),
                             arguments);
                       }));
    }
  }
}

TEST_CASE("a launcher without a path of its own gives no path in hints") {
  support::enter_own_network();
  const auto launcher = support::launcher();
  const auto result = support::run_in_child({"/bin/false"}, [&] {
    const int file = open_in_memory(launcher);
    support::become(33, 33, {33});
    execute_file(file, {"-p", "80", "--", "/bin/true"});
  });
  check_refused(result, 125, {"cannot grant the port: 80/tcp: ", "hint: "});
  CHECK(result.err.find("memfd") == std::string::npos);
  const auto without_proc = support::run_in_child({launcher, "-p", "80", "--", "/bin/true"}, [] {
    lose_proc();
    support::become(33, 33, {33});
  });
  check_refused(without_proc, 125,
                {"hint: ", "chgrp 33 lowportbind && chmod 0750 lowportbind && setcap "});
}

TEST_CASE("a setuid or setgid launcher refuses however it is started") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  struct Row {
    mode_t mode;
    std::string message;
  };
  const std::string kUsersDiffer =
      "its real and effective user ids differ: it is installed set-user-ID, ";
  const std::string kGroupsDiffer =
      "its real and effective group ids differ: it is installed set-group-ID, ";
  for (const auto& row :
       {Row{04755, kUsersDiffer}, Row{02755, kGroupsDiffer}, Row{06755, kUsersDiffer}}) {
    const auto path =
        support::copy_program(directory, support::launcher(), std::to_string(row.mode), row.mode);
    const auto link = path + "-link";
    std::filesystem::create_symlink(path, link);
    for (const auto& mode : hostile::modes()) {
      for (const auto& start : {path, link}) {
        CAPTURE(start);
        check_refused(support::launch_probe_with(start, {"-p", "8080", "-m", mode.name}, {"status"},
                                                 [] { support::become(33, 33, {33}); }),
                      125,
                      {"refusing to run: " + path + ": " + row.message,
                       "hint: as root: chmod u-s,g-s " + path});
      }
      const auto by_file = support::run_in_child({"/bin/false"}, [&] {
        support::become(33, 33, {33});
        execute_file(open(path.c_str(), O_PATH),
                     {"-p", "8080", "-m", mode.name, "--", "/bin/true"});
      });
      check_refused(by_file, 125, {"refusing to run: ", row.message});
    }
    // Without the new ids the bit gains nothing, and root needs none.
    check_as_planned(hostile::modes()[0], [&] {
      const auto file = directory.write("answers", "", 0666);
      const auto argv = support::join(
          {{path}, hostile::options_of(hostile::modes()[0]), {"--"}, hostile::ask_for_state(file)});
      return hostile::run_to(file, argv, {});
    }());
  }
}
