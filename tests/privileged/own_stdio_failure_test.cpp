// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "daemon.hpp"
#include "terminal.hpp"

// Who owns the pipe or terminal outlasts the launch: it must not change for a daemon that never
// runs.

namespace {

/// A named pipe, whose owner can be looked up by its path, and its reading end.
class Pipe {
 public:
  explicit Pipe(const std::string& path) : path_(path) {
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    reader_ = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader_ >= 0);
  }
  ~Pipe() { close(reader_); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  /// For in_child.
  void attach(int descriptor) const {
    const int writer = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (writer < 0 || dup2(writer, descriptor) != descriptor) {
      _exit(122);
    }
  }
  [[nodiscard]] uid_t owner() const {
    struct stat status {};
    REQUIRE(stat(path_.c_str(), &status) == 0);
    return status.st_uid;
  }

 private:
  std::string path_;
  int reader_ = -1;
};

int launch(const support::Words& options, const support::Words& command,
           std::function<void()> in_child) {
  return support::run_in_child(
             support::join({{support::launcher(), "-u", "www-data", "--own-stdio"},
                            options,
                            {"--"},
                            command}),
             std::move(in_child))
      .status;
}

}  // namespace

TEST_CASE("a failed launch leaves stdio with its owner") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const Pipe pipe(directory.path("pipe"));
  const auto attach = [&] {
    pipe.attach(STDOUT_FILENO);
    pipe.attach(STDERR_FILENO);
  };
  const auto no_program = directory.write("no-program", "words\n", 0755);
  const auto no_interpreter = directory.write("script", "#!/no/interpreter\n", 0755);
  CHECK(launch({}, {"no-such-command"}, attach) == 127);
  CHECK(launch({}, {"/etc/passwd"}, attach) == 126);
  CHECK(launch({}, {no_program}, attach) == 126);
  CHECK(launch({}, {no_interpreter}, attach) == 126);
  CHECK(launch({"--check"}, {"/bin/true"}, attach) == 0);
  CHECK(pipe.owner() == 0);
  CHECK(launch({}, {"/bin/true"}, attach) == 0);
  CHECK(pipe.owner() == 33);
}

TEST_CASE("stdout keeps its owner if stderr cannot be given") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const Pipe pipe(directory.path("pipe"));
  std::array<int, 2> pair{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  const auto attach = [&] {
    pipe.attach(STDOUT_FILENO);
    dup2(pair[1], STDERR_FILENO);
  };
  CHECK(launch({}, {"/bin/true"}, attach) == 125);
  CHECK(pipe.owner() == 0);
}

TEST_CASE("stdout gets its owner back if giving stderr fails") {
  support::enter_own_mounts();
  const support::TemporaryDirectory directory;
  const Pipe pipe(directory.path("pipe"));
  const auto frozen = directory.path("frozen");
  REQUIRE(mkdir(frozen.c_str(), 0755) == 0);
  const Pipe other(frozen + "/pipe");
  REQUIRE(mount(frozen.c_str(), frozen.c_str(), nullptr, MS_BIND, nullptr) == 0);
  REQUIRE(mount(nullptr, frozen.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  CHECK(launch({}, {"/bin/true"}, [&] {
          pipe.attach(STDOUT_FILENO);
          other.attach(STDERR_FILENO);
        }) == 125);
  CHECK(pipe.owner() == 0);
  CHECK(other.owner() == 0);
  CHECK(umount2(frozen.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("stdio is not given if the session cannot be left") {
  support::require_root();
  const terminal::Terminal terminal;
  const support::TemporaryDirectory directory;
  const Pipe pipe(directory.path("pipe"));
  const auto attach = [&] {
    terminal.control(terminal::Position::kSessionLeader, terminal::Attached::kStdin);
    pipe.attach(STDOUT_FILENO);
    pipe.attach(STDERR_FILENO);
  };
  // The daemon could acquire the terminal that is its stdin.
  CHECK(launch({"--new-session"}, {"/bin/true"}, attach) == 125);
  CHECK(pipe.owner() == 0);
}

TEST_CASE("stdio is given when nothing is left but the exec") {
  support::enter_own_network();
  support::require_strace();
  const auto traced =
      support::trace({"-e", "trace=!landlock_add_rule"},
                     {support::launcher(), "-u", "www-data", "-p", "80", "-m", "listen-fds",
                      "--own-stdio", "--new-session", "--confine", "off", "--", "/bin/true"});
  CAPTURE(traced.result.err);
  REQUIRE(traced.result.status == 0);
  const auto is_fchown = [](const std::string& call) { return call.starts_with("fchown("); };
  const auto given = std::find_if(traced.calls.begin(), traced.calls.end(), is_fchown);
  REQUIRE(given != traced.calls.end());
  // After it, the account only gives up the right to do it, and reads that back.
  for (auto call = given; call != traced.calls.end(); ++call) {
    CAPTURE(*call);
    const auto name = call->substr(0, call->find('('));
    const support::Words expected{"fchown", "newfstatat", "fstat", "ioctl",  "capget", "capset",
                                  "prctl",  "getpid",     "write", "execve", "gettid"};
    CHECK(std::find(expected.begin(), expected.end(), name) != expected.end());
  }
}

TEST_CASE("the right to give stdio does not reach the daemon") {
  support::enter_own_network();
  for (const support::Words& options : {support::Words{}, support::Words{"-p", "80"},
                                        support::Words{"-p", "80", "-m", "listen-fds"}}) {
    const auto result =
        support::launch_probe(support::join({{"-u", "www-data", "--own-stdio"}, options}),
                              {"status", "open=/dev/stdout"});
    const bool granted = options.size() == 2;
    auto field = support::check_daemon(
        result, {.capabilities = granted ? support::kBindCapability : support::kNoCapability});
    CHECK(field["open=/dev/stdout"] == "ok");
  }
}
