// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "situations.hpp"

using lowport::Host;
using lowport::make_plan;
using lowport::Mode;
using lowport::Options;

namespace {

struct Row {
  Options options;
  Host host;
  std::string message;
  std::string hint;
};

Options with(Options options, const std::function<void(Options&)>& change) {
  change(options);
  return options;
}

template <typename Rows>
void check_refusals(const Rows& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.message);
    const auto refusal =
        refusal_of([&] { make_plan(row.options, situation::www_data(), row.host); });
    CHECK(refusal.message == row.message);
    CHECK(refusal.hint == row.hint);
    CHECK(refusal.status == 125);
  }
}

}  // namespace

TEST_CASE("a report format is refused without a report") {
  const auto json = with(situation::for_www_data("80"), [](Options& o) { o.json = true; });
  const Row rows[] = {
      {json, situation::started_by_root(),
       "the option has no effect: --json: without --check there is nothing to print",
       "add --check, or leave --json out"},
  };
  check_refusals(rows);
  const auto checked = with(json, [](Options& o) { o.action = lowport::Action::kCheck; });
  make_plan(checked, situation::www_data(), situation::started_by_root());
}

TEST_CASE("ambient mode refuses options that concern sockets") {
  const auto root = situation::started_by_root();
  const std::string daemon_chooses =
      ": in --mode ambient the daemon chooses the address; only the port counts";
  const std::string host_hint = "leave the host out, or use --mode listen-fds, inetd or nginx";
  const Row rows[] = {
      {situation::for_www_data("127.0.0.1:80"), root,
       "the option has no effect: 127.0.0.1:80/tcp" + daemon_chooses, host_hint},
      {situation::for_www_data("80,[::1]:81"), root,
       "the option has no effect: [::1]:81/tcp" + daemon_chooses, host_hint},
      {situation::for_www_data("0.0.0.0:80"), root,
       "the option has no effect: 0.0.0.0:80/tcp" + daemon_chooses, host_hint},
      {situation::for_www_data("web=80"), root,
       "the option has no effect: web=80/tcp: a descriptor name needs a descriptor, and --mode "
       "ambient passes none",
       "leave \"web=\" out, or use --mode listen-fds"},
      {with(situation::for_www_data("80"), [](Options& o) { o.backlog = 10; }), root,
       "the option has no effect: --backlog: in --mode ambient the daemon opens its own sockets",
       ""},
      {with(situation::for_www_data("80"), [](Options& o) { o.reuse_port = true; }), root,
       "the option has no effect: --reuse-port: in --mode ambient the daemon opens its own sockets",
       ""},
  };
  check_refusals(rows);
  CHECK_NOTHROW(situation::plan_for_root(situation::for_www_data("*:80")));
}

TEST_CASE("a backlog is refused if the kernel's maximum is unknown") {
  auto options = situation::for_www_data("80", Mode::kListenFds);
  options.backlog = 1;
  auto host = situation::started_by_root();
  host.longest_backlog.reset();
  const auto refusal = refusal_of([&] { make_plan(options, situation::www_data(), host); });
  CHECK(refusal.message ==
        "cannot set the backlog: 1: net.core.somaxconn, which caps it, cannot be read");
  CHECK(refusal.hint == "leave --backlog out");
  options.backlog.reset();
  CHECK_NOTHROW(make_plan(options, situation::www_data(), host));
}

TEST_CASE("a backlog that the kernel would cut is refused") {
  auto options = situation::for_www_data("80", Mode::kListenFds);
  auto host = situation::started_by_root();
  host.longest_backlog = 128;
  options.backlog = 129;
  const auto refusal = refusal_of([&] { make_plan(options, situation::www_data(), host); });
  CHECK(refusal.message == "cannot set the backlog: 129: the kernel caps it at 128");
  CHECK(refusal.hint == "as root: sysctl -w net.core.somaxconn=129");
  CHECK(refusal.status == 125);
  options.backlog = 128;
  CHECK(make_plan(options, situation::www_data(), host).sockets.backlog == 128);
}

TEST_CASE("modes that open sockets need ports and refuse some options") {
  const auto root = situation::started_by_root();
  const Row rows[] = {
      {situation::for_www_data("", Mode::kListenFds), root,
       "the option has no effect: --mode listen-fds: no port is listed", "list one: -p 80"},
      {situation::for_www_data("", Mode::kInetd), root,
       "the option has no effect: --mode inetd: no port is listed", "list one: -p 80"},
      {situation::for_www_data("", Mode::kNginx), root,
       "the option has no effect: --mode nginx: no port is listed", "list one: -p 80"},
      {situation::for_www_data("80,443", Mode::kInetd), root,
       "the options contradict each other: --mode inetd: an inetd server has one socket, but 2 "
       "ports are listed",
       ""},
      {situation::for_www_data("web=80", Mode::kInetd), root,
       "the option has no effect: web=80/tcp: only --mode listen-fds passes on descriptor names",
       "leave \"web=\" out"},
      {situation::for_www_data("80,web=443", Mode::kNginx), root,
       "the option has no effect: web=443/tcp: only --mode listen-fds passes on descriptor names",
       "leave \"web=\" out"},
      {with(situation::for_www_data("53/udp", Mode::kListenFds),
            [](Options& o) { o.backlog = 10; }),
       root, "the option has no effect: --backlog: no TCP port is listed, and only TCP has a queue",
       ""},
      {with(situation::for_www_data("", Mode::kListenFds), [](Options& o) { o.backlog = 10; }),
       situation::with_inherited(root, {""}),
       "the option has no effect: --backlog: no TCP port is listed, and only TCP has a queue", ""},
      {with(situation::for_www_data("", Mode::kListenFds), [](Options& o) { o.reuse_port = true; }),
       situation::with_inherited(root, {""}),
       "the option has no effect: --reuse-port: no port is listed", ""},
  };
  check_refusals(rows);
  CHECK_NOTHROW(situation::plan_for_root(with(
      situation::for_www_data("53,53/udp", Mode::kListenFds), [](Options& o) { o.backlog = 10; })));
  CHECK_NOTHROW(situation::plan_for_root(with(situation::for_www_data("53/udp", Mode::kListenFds),
                                              [](Options& o) { o.reuse_port = true; })));
}

TEST_CASE("overlapping addresses are refused in every mode") {
  const auto root = situation::started_by_root();
  const Row rows[] = {
      {situation::for_www_data("80,443,80"), root,
       "the options contradict each other: 80/tcp: it is listed twice", ""},
      {situation::for_www_data("80,*:80"), root,
       "the options contradict each other: 80/tcp: it is listed twice", ""},
      {situation::for_www_data("80,127.0.0.1:80", Mode::kListenFds), root,
       "the options contradict each other: 127.0.0.1:80/tcp: it overlaps 80/tcp", ""},
      {situation::for_www_data("80,[::]:80", Mode::kNginx), root,
       "the options contradict each other: [::]:80/tcp: it overlaps 80/tcp", ""},
      {situation::for_www_data("a=80,b=80", Mode::kListenFds), root,
       "the options contradict each other: b=80/tcp: it overlaps a=80/tcp", ""},
      {situation::for_www_data("80,80", Mode::kNginx), root,
       "the options contradict each other: 80/tcp: it is listed twice",
       "for several sockets on one address, add --reuse-port"},
  };
  check_refusals(rows);
  for (const auto mode : {Mode::kListenFds, Mode::kNginx}) {
    CHECK_NOTHROW(
        situation::plan_for_root(situation::for_www_data("0.0.0.0:80,[::]:80,80/udp", mode)));
  }
}

TEST_CASE("with --reuse-port addresses may repeat but not overlap") {
  const auto root = situation::started_by_root();
  const auto shared = [](const std::string& ports, Mode mode) {
    return with(situation::for_www_data(ports, mode), [](Options& o) { o.reuse_port = true; });
  };
  const Row rows[] = {
      {shared("80,127.0.0.1:80", Mode::kListenFds), root,
       "the options contradict each other: 127.0.0.1:80/tcp: it overlaps 80/tcp", ""},
      {shared("80,80,[::]:80", Mode::kNginx), root,
       "the options contradict each other: [::]:80/tcp: it overlaps 80/tcp", ""},
      {shared("80,80", Mode::kInetd), root,
       "the options contradict each other: --mode inetd: an inetd server has one socket, but 2 "
       "ports are listed",
       ""},
  };
  check_refusals(rows);
  CHECK(situation::plan_for_root(shared("80,80", Mode::kNginx)).descriptors.count == 4);
  const auto named = situation::plan_for_root(shared("web=80,web=80", Mode::kListenFds));
  CHECK(named.descriptors.count == 2);
  CHECK(situation::variable(named, "LISTEN_FDNAMES") == "web:web");
  CHECK(named.listen == parse_known("web=80,web=80"));
}

TEST_CASE("a variable that announces descriptors cannot be kept") {
  for (const std::string name :
       {"SERVER_STARTER_PORT", "EINHORN_FD_0", "FPM_SOCKETS", "GUNICORN_FD", "UPSTART_FDS",
        "PUMA_INHERIT_0", "NODE_CHANNEL_FD"}) {
    for (const bool clear : {false, true}) {
      CAPTURE(name);
      const auto keep = [&](Options& o) { o.environment = {clear, {name}, {}}; };
      const auto refusal =
          refusal_of([&] { situation::plan_for_root(with(situation::for_www_data(""), keep)); });
      CHECK(refusal.message ==
            "the option has no effect: --env " + name +
                ": it announces the caller's descriptors, which the daemon does not have");
      CHECK(refusal.hint ==
            "set it: --env " + name + "=VALUE, to announce a descriptor of --keep-fd");
    }
  }
  const auto others = [](Options& o) {
    o.environment = {true, {"GUNICORN_CMD_ARGS", "EINHORN", "LISTEN"}, {}};
  };
  CHECK_NOTHROW(situation::plan_for_root(with(situation::for_www_data(""), others)));
}

TEST_CASE("only listen-fds mode accepts inherited sockets") {
  const auto activated = situation::with_inherited(situation::started_by_root(), {""});
  const std::string reason =
      ": lowportbind was itself started with sockets (LISTEN_FDS), which only listen-fds passes on";
  const std::string hint = "use --mode listen-fds, or start it without socket activation";
  const Row rows[] = {
      {situation::for_www_data("80"), activated,
       "the options contradict each other: --mode ambient" + reason, hint},
      {situation::for_www_data(""), activated,
       "the options contradict each other: --mode ambient" + reason, hint},
      {situation::for_www_data("80", Mode::kInetd), activated,
       "the options contradict each other: --mode inetd" + reason, hint},
      {situation::for_www_data("80", Mode::kNginx), activated,
       "the options contradict each other: --mode nginx" + reason, hint},
  };
  check_refusals(rows);
  CHECK_NOTHROW(
      make_plan(situation::for_www_data("", Mode::kListenFds), situation::www_data(), activated));
}

TEST_CASE("an environment or privilege option with no effect is refused") {
  const auto root = situation::started_by_root();
  auto without_new_privileges = root;
  without_new_privileges.no_new_privs = true;
  const Row rows[] = {
      {with(situation::for_www_data(""), [](Options& o) { o.environment.keep = {"A"}; }), root,
       "the option has no effect: --env A: without --clear-env every variable is kept",
       "set it: --env A=VALUE, or add --clear-env"},
      {with(situation::for_www_data(""), [](Options& o) { o.allow_new_privs = true; }),
       without_new_privileges,
       "the option has no effect: --allow-new-privs: no_new_privs is already set and cannot be "
       "unset",
       "leave the option out, or start lowportbind without no_new_privs; "
       "container: docker run without --security-opt no-new-privileges"},
  };
  check_refusals(rows);
  const auto cleared = with(situation::for_www_data(""), [](Options& o) {
    o.environment = {true, {"A", "LC", "PATHS"}, {}};
  });
  CHECK_NOTHROW(situation::plan_for_root(cleared));
  CHECK_NOTHROW(
      make_plan(situation::for_www_data(""), situation::www_data(), without_new_privileges));
}

TEST_CASE("keeping a variable that --clear-env keeps anyway is refused") {
  for (const std::string name : {"PATH", "TERM", "LANG", "TZ", "LC_ALL", "LC_MESSAGES"}) {
    CAPTURE(name);
    const auto options = with(situation::for_the_caller(""), [&](Options& o) {
      o.environment = {true, {name}, {}};
    });
    const auto refusal = refusal_of(
        [&] { make_plan(options, situation::the_caller(), situation::started_by_user()); });
    CHECK(refusal.message ==
          "the option has no effect: --env " + name + ": --clear-env keeps this variable anyway");
    CHECK(refusal.hint.empty());
  }
}

TEST_CASE("only without --user can the account's variables be kept") {
  for (const std::string name : {"HOME", "USER", "LOGNAME", "SHELL"}) {
    CAPTURE(name);
    const auto keep = [&](Options& o) { o.environment = {true, {"A", name}, {}}; };
    const auto refusal =
        refusal_of([&] { situation::plan_for_root(with(situation::for_www_data(""), keep)); });
    CHECK(refusal.message == "the option has no effect: --env " + name +
                                 ": with --user this variable follows the account");
    CHECK(refusal.hint == "set it: --env " + name + "=VALUE");
    const auto own = with(situation::for_the_caller(""), keep);
    CHECK_NOTHROW(make_plan(own, situation::the_caller(), situation::started_by_user()));
    const auto set = [&](Options& o) { o.environment = {true, {}, {{name, "value"}}}; };
    CHECK_NOTHROW(situation::plan_for_root(with(situation::for_www_data(""), set)));
  }
}

TEST_CASE("only descriptors that the mode does not use can be kept") {
  struct DescriptorRow {
    std::string ports;
    Mode mode;
    std::vector<std::string> inherited;
    int lowest;  ///< the first descriptor that is free to be kept
  };
  const DescriptorRow rows[] = {
      {"80", Mode::kAmbient, {}, 3},         {"80", Mode::kListenFds, {}, 4},
      {"80-82", Mode::kListenFds, {}, 6},    {"80", Mode::kNginx, {}, 5},
      {"127.0.0.1:80", Mode::kNginx, {}, 4}, {"80,[::1]:81", Mode::kNginx, {}, 6},
      {"", Mode::kListenFds, {"a", "b"}, 5}, {"80", Mode::kListenFds, {"a", "b"}, 6},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    CAPTURE(row.lowest);
    auto host = situation::started_by_root();
    if (!row.inherited.empty()) {
      host = situation::with_inherited(host, row.inherited);
    }
    auto options = situation::for_www_data(row.ports, row.mode);
    options.keep_fds = {1000, row.lowest};
    const auto plan = make_plan(options, situation::www_data(), host);
    CHECK(plan.descriptors.kept == std::vector<int>{row.lowest, 1000});
    if (row.lowest == 3) {
      continue;
    }
    const auto taken = std::to_string(row.lowest - 1);
    options.keep_fds = {1000, row.lowest - 1};
    const auto refusal = refusal_of([&] { make_plan(options, situation::www_data(), host); });
    CHECK(refusal.message == "the options contradict each other: --keep-fd " + taken + ": --mode " +
                                 std::string(mode_name(row.mode)) + " puts a socket there");
    CHECK(refusal.hint == "the sockets take descriptors 3 to " + taken);
  }
}

TEST_CASE("inetd mode uses only 0 and 1 so 3 can be kept") {
  auto options = situation::for_www_data("80", Mode::kInetd);
  options.keep_fds = {3};
  CHECK(refusal_of([&] { situation::plan_for_root(options); }).message == "accepted");
}
