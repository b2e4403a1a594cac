#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "daemon.hpp"

using support::launch_probe;

namespace {

/// How the launcher stands in the session of the terminal.
enum class Position { kMember, kGroupLeader, kSessionLeader };
/// Which descriptor of the launcher is the terminal.
enum class Attached { kStdin, kNone };

class Terminal {
 public:
  Terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 64> name{};
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0 ||
        ptsname_r(master_, name.data(), name.size()) != 0) {
      support::skip("there are no pseudoterminals here");
    }
    path_ = name.data();
  }

  /// For in_child: a session with this terminal, and the launcher in it.
  void control(Position position, Attached attached) const {
    if (setsid() < 0) _exit(122);
    const int slave = open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) != 0) _exit(122);
    if (attached == Attached::kStdin) dup2(slave, STDIN_FILENO);
    if (position == Position::kSessionLeader) return;
    const pid_t child = fork();
    if (child == 0) {
      if (position == Position::kGroupLeader && setpgid(0, 0) != 0) _exit(122);
      return;
    }
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 123);
  }

 private:
  int master_;
  std::string path_;
};

std::map<std::string, std::string> ask(const support::Words& options, Position position,
                                       Attached attached = Attached::kStdin) {
  const Terminal terminal;
  const auto result = launch_probe(support::join({{"-u", "www-data"}, options}), {"status", "open=/dev/tty", "session"},
                                   [&] { terminal.control(position, attached); });
  CAPTURE(result.err);
  CHECK(result.status == 0);
  return support::fields(result.out);
}

}  // namespace

TEST_CASE("pitfall 24: without --new-session the daemon shares the terminal of the caller") {
  support::require_root();
  for (const Position position : {Position::kMember, Position::kGroupLeader, Position::kSessionLeader}) {
    CHECK(ask({}, position)["open=/dev/tty"] == "ok");
  }
}

TEST_CASE("pitfall 24: a member of the session of a terminal leaves it") {
  support::require_root();
  auto field = ask({"--new-session"}, Position::kMember);
  CHECK(field["open=/dev/tty"] == "ENXIO");
  CHECK(field["session"] == "leader");
}

TEST_CASE("pitfall 24 and 25: the leader of a process group leaves the session") {
  support::require_root();
  auto field = ask({"--new-session"}, Position::kGroupLeader);
  CHECK(field["open=/dev/tty"] == "ENXIO");
  CHECK(field["session"] == "leader");
}

TEST_CASE("pitfall 24: the leader of a session gives the terminal up") {
  support::require_root();
  auto field = ask({"--new-session"}, Position::kSessionLeader);
  CHECK(field["open=/dev/tty"] == "ENXIO");
  CHECK(field["session"] == "leader");
  CHECK(field["SigIgn"] == support::own_status("SigIgn"));
}

TEST_CASE("pitfall 24: a terminal that is none of the descriptors is left as well") {
  support::require_root();
  for (const Position position : {Position::kMember, Position::kGroupLeader, Position::kSessionLeader}) {
    CAPTURE(static_cast<int>(position));
    CHECK(ask({}, position, Attached::kNone)["open=/dev/tty"] == "ok");
    CHECK(ask({"--new-session"}, position, Attached::kNone)["open=/dev/tty"] == "ENXIO");
  }
}

TEST_CASE("a launch without any terminal may start a session") {
  support::require_root();
  const auto result = launch_probe({"-u", "www-data", "--new-session"}, {"session", "open=/dev/tty"}, [] { setsid(); });
  CHECK(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["session"] == "leader");
  CHECK(field["open=/dev/tty"] == "ENXIO");
}
