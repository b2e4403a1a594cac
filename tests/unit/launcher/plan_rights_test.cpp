// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>

#include <string>
#include <vector>

#include "situations.hpp"

using lowport::Account;
using lowport::GroupsChoice;
using lowport::kNetBindService;
using lowport::kNoCapability;
using lowport::make_plan;
using lowport::Mode;
using lowport::Options;
using lowport::Uncounted;
using situation::without;

namespace {

const std::string kNeedsCapability =
    ": ports below 1024 need CAP_NET_BIND_SERVICE, and lowportbind was started without it";

}  // namespace

TEST_CASE("only a privileged port makes the plan grant the capability") {
  struct Row {
    std::string ports;
    Mode mode;
    int port_start;
    bool granted;
  };
  const Row rows[] = {
      {"", Mode::kAmbient, 1024, false},      {"80", Mode::kAmbient, 1024, true},
      {"80/udp", Mode::kAmbient, 1024, true}, {"1023", Mode::kAmbient, 1024, true},
      {"1024", Mode::kAmbient, 1024, false},  {"8080,80", Mode::kAmbient, 1024, true},
      {"8080", Mode::kAmbient, 1024, false},  {"80", Mode::kAmbient, 0, false},
      {"80", Mode::kAmbient, 80, false},      {"80", Mode::kAmbient, 81, true},
      {"65535", Mode::kAmbient, 65536, true}, {"1-1024", Mode::kAmbient, 1, false},
      {"80", Mode::kListenFds, 1024, false},  {"80", Mode::kInetd, 1024, false},
      {"80", Mode::kNginx, 1024, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.ports);
    CAPTURE(row.port_start);
    auto host = situation::started_by_root();
    host.unprivileged_port_start = row.port_start;
    const auto plan =
        make_plan(situation::for_www_data(row.ports, row.mode), situation::www_data(), host);
    CHECK(plan.privileges.capabilities == (row.granted ? kNetBindService : kNoCapability));
    CHECK(plan.privileges.keep_capabilities == row.granted);
    CHECK(plan.unprivileged_port_start == row.port_start);
    CHECK_FALSE(plan.sockets.raise_capability);
  }
}

TEST_CASE("root becomes the account irrevocably") {
  const auto plan = situation::plan_for_root(situation::for_www_data("80"));
  CHECK(plan.privileges.set_no_new_privs);
  CHECK(plan.privileges.cut_bounding_set);
  CHECK(plan.privileges.change_groups);
  CHECK(plan.account.uid == 33);
}

TEST_CASE("--allow-new-privs leaves no_new_privs and bounding set alone") {
  auto options = situation::for_www_data("80");
  options.allow_new_privs = true;
  const auto plan = situation::plan_for_root(options);
  CHECK_FALSE(plan.privileges.set_no_new_privs);
  CHECK_FALSE(plan.privileges.cut_bounding_set);
  CHECK(plan.privileges.capabilities == kNetBindService);
}

TEST_CASE("root in a container needs only the capabilities it uses") {
  const auto no_setpcap = without(situation::started_by_root(), CAP_SETPCAP);
  const auto plan = make_plan(situation::for_www_data("80"), situation::www_data(), no_setpcap);
  CHECK_FALSE(plan.privileges.cut_bounding_set);
  CHECK(plan.privileges.set_no_new_privs);
  CHECK(plan.privileges.capabilities == kNetBindService);

  auto no_bind = without(situation::started_by_root(), CAP_NET_BIND_SERVICE);
  no_bind.unprivileged_port_start = 0;
  for (const auto mode : {Mode::kAmbient, Mode::kListenFds}) {
    CHECK_NOTHROW(make_plan(situation::for_www_data("80", mode), situation::www_data(), no_bind));
  }
  CHECK_NOTHROW(make_plan(situation::for_www_data("80"), situation::www_data(),
                          without(situation::started_by_root(), CAP_CHOWN)));
}

TEST_CASE("root that cannot change its ids is told why") {
  const std::string hint =
      "container: docker run --cap-add SETUID --cap-add SETGID; elsewhere `capsh --print` shows "
      "why root lacks it: the bounding set or securebits";
  const auto options = situation::for_www_data("80");
  const auto uid = refusal_of([&] {
    make_plan(options, situation::www_data(), without(situation::started_by_root(), CAP_SETUID));
  });
  CHECK(uid.message ==
        "cannot become: www-data (uid 33): uid 0 may not change its user (CAP_SETUID)");
  CHECK(uid.hint == hint);
  const auto gid = refusal_of([&] {
    make_plan(options, situation::www_data(), without(situation::started_by_root(), CAP_SETGID));
  });
  CHECK(gid.message ==
        "cannot become: www-data (uid 33): uid 0 may not change its groups (CAP_SETGID)");
  CHECK(gid.hint == hint);
}

TEST_CASE("a user without the capability gets unprivileged ports") {
  const auto host = situation::started_by_user();
  for (const std::string ports : {"", "8080", "1024-1030/udp"}) {
    CAPTURE(ports);
    const auto plan = make_plan(situation::for_the_caller(ports), situation::the_caller(), host);
    CHECK(plan.privileges.capabilities == kNoCapability);
    CHECK_FALSE(plan.privileges.change_groups);
    CHECK_FALSE(plan.privileges.cut_bounding_set);
    CHECK(plan.privileges.set_no_new_privs);
  }
}

TEST_CASE("a user without the capability is refused privileged ports") {
  const std::string file =
      "start it as root; or, as root, let the group that may open low ports run it: chgrp 1000 "
      "/usr/sbin/lowportbind "
      "&& chmod 0750 /usr/sbin/lowportbind && setcap cap_net_bind_service=p /usr/sbin/lowportbind";
  const std::string bounding =
      "it is not in the bounding set; container: docker run --cap-add NET_BIND_SERVICE; systemd: "
      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE in the unit";
  const std::string new_privileges =
      "no_new_privs is set: a file capability (setcap cap_net_bind_service=p "
      "/usr/sbin/lowportbind) then counts only for a container's first program, "
      "in containerd, CRI-O and Docker 24.0.6 or later; elsewhere, Kubernetes: "
      "allowPrivilegeEscalation: true; "
      "systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit";
  struct Row {
    bool can_be_granted;
    bool no_new_privs;
    std::string hint;
  };
  const Row rows[] = {{true, false, file},
                      {false, false, bounding},
                      {true, true, new_privileges},
                      {false, true, bounding}};
  for (const auto& row : rows) {
    CAPTURE(row.hint);
    auto host = situation::started_by_user();
    host.lacked->can_be_granted = row.can_be_granted;
    host.no_new_privs = row.no_new_privs;
    for (const auto mode : {Mode::kAmbient, Mode::kListenFds, Mode::kInetd, Mode::kNginx}) {
      const auto refusal = refusal_of(
          [&] { make_plan(situation::for_the_caller("80", mode), situation::the_caller(), host); });
      CHECK(refusal.message == "cannot grant the port: 80/tcp" + kNeedsCapability);
      CHECK(refusal.hint == row.hint);
      CHECK(refusal.status == 125);
    }
  }
}

TEST_CASE("a bounding-set bit stays undecided until the file is known") {
  auto host = situation::started_by_root();
  const auto undecided = [&](const Options& options) {
    const auto privileges = make_plan(options, situation::www_data(), host).privileges;
    // Until it is decided, the capability is kept across the change of user.
    if (privileges.undecided_bounding != kNoCapability) {
      CHECK(privileges.keep_capabilities);
    }
    return privileges.undecided_bounding;
  };
  CHECK(undecided(situation::for_www_data("")) == kNoCapability);
  host.may_keep_capabilities = true;
  for (const std::string ports : {"", "8080"}) {
    CHECK(undecided(situation::for_www_data(ports)) == kNetBindService);
  }
  for (const auto mode : {Mode::kListenFds, Mode::kInetd, Mode::kNginx}) {
    CHECK(undecided(situation::for_www_data("80", mode)) == kNetBindService);
  }
  CHECK(undecided(situation::for_www_data("80")) == kNoCapability);
  auto options = situation::for_www_data("");
  options.allow_new_privs = true;
  CHECK(undecided(options) == kNoCapability);
  host = without(host, CAP_SETPCAP);
  CHECK(undecided(situation::for_www_data("")) == kNoCapability);
}

TEST_CASE("a file capability that does not count has its own hint") {
  struct Row {
    Uncounted reason;
    std::string part;
  };
  const Row rows[] = {
      {Uncounted::kHasNone, "start it as root; or, as root, let the group"},
      {Uncounted::kOtherNamespace, "is for another user namespace; as root of this one: setcap "},
      {Uncounted::kNosuid, "does not count on a file system mounted nosuid: "},
      {Uncounted::kTraced, "does not count while another process traces it; "},
      {Uncounted::kSharesFs, "does not count while it shares its working directory "},
      {Uncounted::kUnknown, "the kernel did not count: "}};
  auto host = situation::started_by_user();
  host.lacked->launcher_path = "/usr/my sbin/lowportbind";
  const auto hint_of = [&] {
    return refusal_of(
               [&] { make_plan(situation::for_the_caller("80"), situation::the_caller(), host); })
        .hint;
  };
  for (const auto& row : rows) {
    CAPTURE(row.part);
    host.lacked->uncounted = row.reason;
    host.lacked->can_be_granted = true;
    host.no_new_privs = false;
    const bool has_one = row.reason != Uncounted::kHasNone;
    CHECK(hint_of().starts_with((has_one ? "its file has the capability, which " : "") + row.part));
    if (row.reason != Uncounted::kUnknown) {
      CHECK(hint_of().find(" '/usr/my sbin/lowportbind'") != std::string::npos);
    }
    // A reason for which it would not count anyway comes first.
    host.no_new_privs = true;
    CHECK(hint_of().starts_with("no_new_privs is set: "));
    host.lacked->can_be_granted = false;
    CHECK(hint_of().starts_with("it is not in the bounding set; "));
  }
}

TEST_CASE("the refusal names the first privileged port") {
  const auto refusal = refusal_of([] {
    make_plan(situation::for_the_caller("8080,53/udp,80"), situation::the_caller(),
              situation::started_by_user());
  });
  CHECK(refusal.message == "cannot grant the port: 53/udp" + kNeedsCapability);
}

TEST_CASE("bind decides if the privileged ports are unknown") {
  auto host = situation::started_by_user();
  host.unprivileged_port_start.reset();
  const auto plan =
      make_plan(situation::for_the_caller("80", Mode::kListenFds), situation::the_caller(), host);
  CHECK(plan.sockets.sockets.size() == 1);
  CHECK_FALSE(plan.sockets.raise_capability);
  CHECK(plan.privileges.capabilities == kNoCapability);
  // In ambient mode there is nothing to try, and the daemon would not get what was listed.
  const auto refusal = refusal_of(
      [&] { make_plan(situation::for_the_caller("80"), situation::the_caller(), host); });
  CHECK(refusal.message == "cannot grant the port: 80/tcp" + kNeedsCapability);
  CHECK(refusal.hint.starts_with(
      "where no port is privileged, as in gVisor, leave -p out; elsewhere, start it as root"));
}

TEST_CASE("a launcher with a file capability grants a user the ports") {
  const auto host = situation::started_from_capable_file();
  const auto ambient = make_plan(situation::for_the_caller("80"), situation::the_caller(), host);
  CHECK(ambient.privileges.capabilities == kNetBindService);
  CHECK_FALSE(ambient.privileges.keep_capabilities);

  const auto sockets =
      make_plan(situation::for_the_caller("80", Mode::kListenFds), situation::the_caller(), host);
  CHECK(sockets.privileges.capabilities == kNoCapability);
  CHECK(sockets.sockets.raise_capability);
  const auto high =
      make_plan(situation::for_the_caller("8080", Mode::kListenFds), situation::the_caller(), host);
  CHECK_FALSE(high.sockets.raise_capability);
}

TEST_CASE("a user's ambient capability is already effective") {
  auto host = situation::started_by_user();
  host.capabilities = {kNetBindService, kNetBindService, kNetBindService};
  const auto plan =
      make_plan(situation::for_the_caller("80", Mode::kListenFds), situation::the_caller(), host);
  CHECK_FALSE(plan.sockets.raise_capability);
  CHECK(plan.privileges.capabilities == kNoCapability);
}

TEST_CASE("a user cannot become another user") {
  const auto host = situation::started_from_capable_file();
  const auto user =
      refusal_of([&] { make_plan(situation::for_www_data("80"), situation::www_data(), host); });
  CHECK(user.message ==
        "cannot become: www-data (uid 33): uid 1000 may not change its user (CAP_SETUID)");
  CHECK(user.hint == "start it as root, for instance with sudo, or leave --user out");

  Account fewer_groups = situation::the_caller();
  fewer_groups.groups = {};
  const auto groups =
      refusal_of([&] { make_plan(situation::for_the_caller(""), fewer_groups, host); });
  CHECK(groups.message ==
        "cannot become: uid 1000: uid 1000 may not change its groups (CAP_SETGID)");
  CHECK(groups.hint == "keep the groups: --groups keep");
}

TEST_CASE("CAP_SETGID alone changes the group but not the user") {
  auto host = situation::started_by_user();
  host.capabilities.permitted = host.capabilities.effective = lowport::bit(CAP_SETGID);
  auto options = situation::for_the_caller("");
  options.user = "1000:33";
  const Account other_group{1000, 33, {27, 1000}, "me", "/home/me", "/bin/sh"};
  const auto group = make_plan(options, other_group, host);
  CHECK_FALSE(group.privileges.change_groups);

  Account no_groups = situation::the_caller();
  no_groups.groups = {};
  const auto groups = make_plan(situation::for_the_caller(""), no_groups, host);
  CHECK(groups.privileges.change_groups);

  const auto user =
      refusal_of([&] { make_plan(situation::for_www_data(""), situation::www_data(), host); });
  CHECK(user.message ==
        "cannot become: www-data (uid 33): uid 1000 may not change its user (CAP_SETUID)");

  host.capabilities.permitted = host.capabilities.effective = lowport::bit(CAP_SETUID);
  const auto refused = refusal_of([&] { make_plan(options, other_group, host); });
  CHECK(refused.message ==
        "cannot become: me (uid 1000): uid 1000 may not change its groups (CAP_SETGID)");
  CHECK(refused.hint == "start it as root, for instance with sudo, or leave --user out");
  const Account other_user{33, 1000, {27, 1000}, "www-data", "/var/www", "/usr/sbin/nologin"};
  CHECK_NOTHROW(make_plan(situation::for_www_data(""), other_user, host));
}

TEST_CASE("a possibly unmapped group is set unless groups are kept") {
  const Account nobody{65534, 65534, {65534}, "nobody", "/", "/usr/sbin/nologin"};
  auto host = situation::started_by_root();
  host.identity = {65534, 65534, {65534}};
  auto options = situation::for_www_data("");
  CHECK_FALSE(make_plan(options, nobody, host).privileges.change_groups);
  for (const auto kind :
       {GroupsChoice::Kind::kInit, GroupsChoice::Kind::kListed, GroupsChoice::Kind::kKeep}) {
    options.groups = GroupsChoice{kind, {}};
    CHECK(make_plan(options, nobody, host).privileges.change_groups ==
          (kind != GroupsChoice::Kind::kKeep));
  }
  host.identity.uid = 0;
  options.groups.reset();
  CHECK(make_plan(options, nobody, host).privileges.change_groups);
}

TEST_CASE("the launcher's parent-death signal is planned for the daemon") {
  auto host = situation::started_by_root();
  host.parent_death = {15, 7};
  const auto plan = make_plan(situation::for_www_data("80"), situation::www_data(), host);
  CHECK(plan.privileges.parent_death.signal == 15);
  CHECK(plan.privileges.parent_death.parent == 7);
}

TEST_CASE("a launcher that may change users leaves the session keyring") {
  CHECK(situation::plan_for_root(situation::for_www_data("80")).privileges.leave_keyring);
  const auto as_the_caller = [](const lowport::Host& host) {
    return make_plan(situation::for_the_caller(""), situation::the_caller(), host)
        .privileges.leave_keyring;
  };
  auto host = situation::started_by_user();
  CHECK_FALSE(as_the_caller(host));
  host.capabilities.permitted = host.capabilities.effective = lowport::bit(CAP_SETUID);
  CHECK(as_the_caller(host));
}
