// SPDX-License-Identifier: MIT
#include "support.hpp"

#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace support {
namespace {

void check(bool success, const std::string& what) {
  if (!success) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
  }
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
    read_end = ends[0];
    write_end = ends[1];
  }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const auto& text : texts) {
    list.push_back(const_cast<char*>(text.c_str()));
  }
  list.push_back(nullptr);
  return list;
}

/// Never returns. 120 tells a test that the program could not be started at all.
[[noreturn]] void run_child(const Invocation& invocation, const Pipe& in, const Pipe& out,
                            const Pipe& err) {
  dup2(in.read_end, STDIN_FILENO);
  dup2(out.write_end, STDOUT_FILENO);
  dup2(err.write_end, STDERR_FILENO);
  if (invocation.in_child) {
    invocation.in_child();
  }
  const auto argv = pointers(invocation.argv);
  if (invocation.environment) {
    execvpe(argv[0], argv.data(), pointers(*invocation.environment).data());
  } else {
    execvp(argv[0], argv.data());
  }
  dprintf(STDERR_FILENO, "test: cannot execute %s: %s\n", argv[0], std::strerror(errno));
  _exit(120);
}

/// Reads both pipes to their ends, or until the time is up. A daemon that outlives its launcher
/// would hold them open.
bool collect(const Pipe& out, const Pipe& err, int timeout_seconds, Result& result) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_seconds);
  std::array<pollfd, 2> sources{{{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}}};
  std::array<std::string*, 2> texts{&result.out, &result.err};
  while (sources[0].fd >= 0 || sources[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 ||
        poll(sources.data(), sources.size(), static_cast<int>(left.count())) <= 0) {
      return false;
    }
    for (std::size_t index = 0; index < sources.size(); ++index) {
      if (sources[index].revents == 0) {
        continue;
      }
      std::array<char, 65536> buffer{};
      const auto count = read(sources[index].fd, buffer.data(), buffer.size());
      if (count > 0) {
        texts[index]->append(buffer.data(), static_cast<std::size_t>(count));
      }
      if (count <= 0) {
        sources[index].fd = -1;
      }
    }
  }
  return true;
}

/// The root directory of a chroot is not a mount point: it cannot be made private, and the kernel
/// refuses user namespaces in it. The working directory leads out of it as soon as it lies outside
/// of the root directory, and from there a copy of the chroot's mounts becomes what it looked like:
/// the root of this process's own mount namespace.
void make_chroot_the_root() {
  constexpr int kDeepest = 64;
  const auto here = std::filesystem::current_path();
  const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  check(root >= 0 && chroot("/proc") == 0 && fchdir(root) == 0, "chroot");
  for (int level = 0; level < kDeepest; ++level) {
    check(chdir("..") == 0, "chdir");
  }
  check(mount("none", ".", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && chroot(".") == 0,
        "mount private");
  const int tree =
      open_tree(root, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  check(tree >= 0, "open_tree");
  check(move_mount(tree, "", root, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0,
        "move_mount");
  check(fchdir(tree) == 0, "fchdir");
  if (syscall(SYS_pivot_root, ".", ".") == 0) {
    check(umount2(".", MNT_DETACH) == 0, "umount");
  } else {
    check(chroot(".") == 0, "chroot");  // the initial RAM file system is never pivoted away from
  }
  check(chdir(here.c_str()) == 0, "chdir");
  close(tree);
  close(root);
}

/// The program, or a copy of it where it is closed to the accounts of the tests: a directory on the
/// path, such as /root, or the file itself, which was built with root's umask.
std::string reachable(const std::filesystem::path& program) {
  const auto is_open = [](const std::filesystem::path& path) {
    return (std::filesystem::status(path).permissions() & std::filesystem::perms::others_exec) !=
           std::filesystem::perms::none;
  };
  bool open = is_open(program);
  for (auto directory = program.parent_path(); open && directory != "/";
       directory = directory.parent_path()) {
    open = is_open(directory);
  }
  if (open) {
    return program;
  }
  static const TemporaryDirectory copies;
  const auto copy = copies.path(program.filename());
  std::filesystem::copy_file(program, copy);
  check(chmod(copy.c_str(), 0755) == 0, "chmod");
  return copy;
}

}  // namespace

Result run(const Invocation& invocation) {
  const Pipe in;
  const Pipe out;
  const Pipe err;
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) {
    run_child(invocation, in, out, err);
  }
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  if (!invocation.input.empty()) {
    check(write(in.write_end, invocation.input.data(), invocation.input.size()) >= 0, "write");
  }
  close(in.write_end);
  Result result;
  const bool finished = collect(out, err, invocation.timeout_seconds, result);
  if (!finished) {
    kill(child, SIGKILL);
  }
  close(out.read_end);
  close(err.read_end);
  int status = 0;
  check(waitpid(child, &status, 0) == child, "waitpid");
  if (!finished) {
    throw std::runtime_error("timed out: " + invocation.argv.front() + "\n" + result.out +
                             result.err);
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

Result run(const std::vector<std::string>& argv) {
  Invocation invocation;
  invocation.argv = argv;
  return run(invocation);
}

std::string launcher() {
  const char* other = std::getenv("LOWPORTBIND");
  static const std::string path = reachable(other == nullptr ? LAUNCHER_PATH : other);
  return path;
}

std::string probe() {
  static const std::string path = reachable(PROBE_PATH);
  return path;
}

std::string source_tree() { return SOURCE_PATH; }

Result launch(std::vector<std::string> arguments, Invocation invocation) {
  arguments.insert(arguments.begin(), launcher());
  invocation.argv = std::move(arguments);
  return run(invocation);
}

Result launch(std::vector<std::string> arguments) { return launch(std::move(arguments), {}); }

void skip(const std::string& reason) {
  const char* all = std::getenv("LOWPORTBIND_REQUIRE_ALL");
  const bool required = all != nullptr && std::string(all) == "1";
  std::cout << (required ? "required, but cannot run: " : "skipped: ") << reason << std::endl;
  _exit(required ? EXIT_FAILURE : 77);
}

void require_root() {
  if (geteuid() != 0) {
    skip("this test needs root");
  }
}

void leave_callers_state() {
  check(syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U) == 0, "close_range");
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action {};
    const bool is_ignored =
        sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    // Not those of a sanitizer.
    if (is_ignored) {
      check(std::signal(number, SIG_DFL) != SIG_ERR, "signal");
    }
  }
  sigset_t none;
  sigemptyset(&none);
  check(sigprocmask(SIG_SETMASK, &none, nullptr) == 0, "sigprocmask");
  constexpr mode_t kUsualUmask = 0022;
  umask(umask(0) & kUsualUmask);  // or fewer bits: scripts/analyse has none
  rlimit files{};
  constexpr rlim_t kUsualFiles = 1024;
  check(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
  files.rlim_cur = std::min(files.rlim_max, kUsualFiles);
  check(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
  for (const char* name :
       {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID",
        "WATCHDOG_USEC", "LD_PRELOAD", "LD_LIBRARY_PATH", "LANGUAGE", "TMPDIR"}) {
    check(unsetenv(name) == 0, "unsetenv");
  }
  check(setenv("LC_ALL", "C.UTF-8", 1) == 0, "setenv");
}

void enter_own_network() {
  require_root();
  check(unshare(CLONE_NEWNET) == 0, "unshare(CLONE_NEWNET)");
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  check(control >= 0, "socket");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  check(ioctl(control, SIOCGIFFLAGS, &request) == 0, "SIOCGIFFLAGS");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  check(ioctl(control, SIOCSIFFLAGS, &request) == 0, "SIOCSIFFLAGS");
  close(control);
}

void enter_own_mounts() {
  require_root();
  check(unshare(CLONE_NEWNS) == 0, "unshare(CLONE_NEWNS)");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) {
    return;
  }
  check(errno == EINVAL, "mount private");
  make_chroot_the_root();
}

void mount_over(const std::string& path, const std::string& content) {
  const TemporaryDirectory directory;
  const auto file = directory.write("content", content);
  // What an earlier call mounted there: its file is gone, and cannot be mounted over.
  umount2(path.c_str(), MNT_DETACH);
  check(mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0, "mount over " + path);
}

void become(uid_t uid, gid_t gid, const std::vector<gid_t>& groups) {
  const bool done = setgroups(groups.size(), groups.data()) == 0 && setresgid(gid, gid, gid) == 0 &&
                    setresuid(uid, uid, uid) == 0;
  if (done) {
    return;
  }
  dprintf(STDERR_FILENO, "test: cannot become uid %u: %s\n", uid, std::strerror(errno));
  _exit(121);
}

std::map<std::string, std::string> fields(const std::string& text) {
  std::map<std::string, std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(":\t");
    if (colon != std::string::npos) {
      found.emplace(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  return found;
}

TemporaryDirectory::TemporaryDirectory() {
  // Its own name, since it is compared with what the kernel calls it.
  const auto parent = std::filesystem::canonical(std::filesystem::temp_directory_path());
  std::string pattern = parent / "lowportbind-test.XXXXXX";
  check(mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  check(chmod(pattern.c_str(), 0755) == 0, "chmod");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::path(const std::string& name) const {
  return name.empty() ? path_ : path_ + "/" + name;
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& content,
                                      mode_t mode) const {
  write_file(path(name), content);
  check(chmod(path(name).c_str(), mode) == 0, "chmod");
  return path(name);
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) {
    throw std::runtime_error("cannot write " + path);
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace support
