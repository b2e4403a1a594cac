#include <doctest/doctest.h>
#include <unistd.h>

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
