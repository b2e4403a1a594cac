// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "daemon.hpp"
#include "terminal.hpp"

using support::launch_probe;
using terminal::Attached;
using terminal::Position;
using terminal::Terminal;

namespace {

std::map<std::string, std::string> ask(const support::Words& options, Position position,
                                       Attached attached = Attached::kStdin) {
  const Terminal terminal;
  const auto result = launch_probe(support::join({{"-u", "www-data"}, options}),
                                   {"status", "open=/dev/tty", "session"},
                                   [&] { terminal.control(position, attached); });
  CAPTURE(result.err);
  CHECK(result.status == 0);
  return support::fields(result.out);
}

}  // namespace

TEST_CASE("without --new-session the daemon shares the terminal") {
  support::require_root();
  for (const Position position :
       {Position::kMember, Position::kGroupLeader, Position::kSessionLeader}) {
    CHECK(ask({}, position)["open=/dev/tty"] == "ok");
  }
}

TEST_CASE("a member of a terminal's session leaves it") {
  support::require_root();
  auto field = ask({"--new-session"}, Position::kMember);
  CHECK(field["open=/dev/tty"] == "ENXIO");
  CHECK(field["session"] == "leader");
}

TEST_CASE("a process group leader leaves the session") {
  support::require_root();
  auto field = ask({"--new-session"}, Position::kGroupLeader);
  CHECK(field["open=/dev/tty"] == "ENXIO");
  CHECK(field["session"] == "leader");
}

TEST_CASE("a session leader gives up the terminal") {
  support::require_root();
  auto field = ask({"--new-session"}, Position::kSessionLeader, Attached::kNone);
  CHECK(field["open=/dev/tty"] == "ENXIO");
  CHECK(field["session"] == "leader");
  CHECK(field["SigIgn"] == support::own_status("SigIgn"));
}

TEST_CASE("a terminal that the daemon could acquire is refused") {
  support::enter_own_network();
  const Terminal terminal;
  const Terminal other;
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const auto refuses = [&](int descriptor, const support::Words& options,
                           const std::function<void()>& in_child) {
    CAPTURE(descriptor);
    support::check_refused(
        launch_probe(support::join({{"-u", "www-data", "--new-session"}, options}),
                     {"to=" + file, "session"}, in_child),
        125,
        {"cannot leave the terminal's session: descriptor " + std::to_string(descriptor) +
             ": it is a terminal that the daemon could make its controlling terminal",
         "hint: redirect it, or start lowportbind through setsid --fork --wait; container: docker "
         "run --init"});
  };
  const auto lead_beside = [&](int descriptor) {
    terminal.control(Position::kSessionLeader, Attached::kNone);
    terminal.attach(descriptor);
  };
  for (const int descriptor : {0, 1}) {
    refuses(descriptor, {}, [&] { lead_beside(descriptor); });
  }
  refuses(7, {"--keep-fd", "7"}, [&] { lead_beside(7); });
  refuses(3, {"-m", "listen-fds", "-p", "80"}, [&] {
    lead_beside(3);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  });
  // A terminal of no session, for a leader without a terminal, and for a process that leads a
  // session only through this option.
  refuses(0, {}, [&] {
    if (setsid() < 0) {
      _exit(122);
    }
    terminal.attach(0);
  });
  refuses(0, {}, [&] {
    terminal.control(Position::kMember, Attached::kNone);
    other.attach(0);
  });
  // The socket of an inetd server takes the place of 0 and 1; what is not kept is closed.
  const auto result = launch_probe({"-u", "www-data", "--new-session", "-m", "inetd", "-p", "80"},
                                   {"to=" + file, "session"}, [&] {
                                     lead_beside(0);
                                     terminal.attach(1);
                                     terminal.attach(7);
                                   });
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(support::fields(support::read_file(file))["session"] == "leader");
}

TEST_CASE("the hint about the terminal starts the daemon without it") {
  support::require_root();
  const Terminal terminal;
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const auto result = support::run_in_child(
      {"setsid", "--fork", "--wait", support::launcher(), "-u", "www-data", "--new-session", "--",
       support::probe(), "to=" + file, "session", "open=/dev/tty"},
      [&] { terminal.control(Position::kSessionLeader, Attached::kStdin); });
  CAPTURE(result.err);
  CHECK(result.status == 0);
  auto field = support::fields(support::read_file(file));
  CHECK(field["session"] == "leader");
  CHECK(field["open=/dev/tty"] == "ENXIO");
}

TEST_CASE("a terminal without an open descriptor is left too") {
  support::require_root();
  for (const Position position :
       {Position::kMember, Position::kGroupLeader, Position::kSessionLeader}) {
    CAPTURE(static_cast<int>(position));
    CHECK(ask({}, position, Attached::kNone)["open=/dev/tty"] == "ok");
    CHECK(ask({"--new-session"}, position, Attached::kNone)["open=/dev/tty"] == "ENXIO");
  }
}

TEST_CASE("a launch without a terminal may start a session") {
  support::require_root();
  const auto result = launch_probe({"-u", "www-data", "--new-session"},
                                   {"session", "open=/dev/tty"}, [] { setsid(); });
  CHECK(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["session"] == "leader");
  CHECK(field["open=/dev/tty"] == "ENXIO");
}
