// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon.hpp"

using support::check_daemon;
using support::check_denied;
using support::check_refused;
using support::Expected;
using support::kBindCapability;
using support::launch_probe;
using support::launch_probe_with;

namespace {

void become_www_data() { support::become(33, 33, {33}); }

/// A copy of the launcher that www-data may run, with these file capabilities.
class GrantedLauncher {
 public:
  explicit GrantedLauncher(const std::string& capabilities)
      : path_(support::copy_program(directory_, support::launcher(), "lowportbind")) {
    support::set_file_capabilities(path_, capabilities);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  support::TemporaryDirectory directory_;
  std::string path_;
};

/// The ordinary user has no CAP_SETPCAP, so that the bounding set is the test's own.
Expected as_user(const std::string& capabilities) {
  return {.capabilities = capabilities, .bounding = support::own_status("CapBnd")};
}

}  // namespace

TEST_CASE("a file capability on the launcher works in ambient mode") {
  support::enter_own_network();
  for (const char* capabilities : {"cap_net_bind_service=p", "cap_net_bind_service=ep"}) {
    CAPTURE(capabilities);
    const GrantedLauncher launcher(capabilities);
    auto field = check_daemon(
        launch_probe_with(launcher.path(), {"-p", "80,443"},
                          {"status", "secure", "fds", "bind=tcp/4/80", "bind=tcp/4/443"},
                          become_www_data),
        as_user(kBindCapability));
    CHECK(field["bind=tcp/4/80"] == "ok");
    CHECK(field["bind=tcp/4/443"] == "ok");
    CHECK(field["secure"] == "0");
    CHECK(field["fds"] == "0 1 2");
    auto expected = as_user(kBindCapability);
    expected.no_new_privs = "0";
    check_daemon(launch_probe_with(launcher.path(), {"-p", "80", "--allow-new-privs"}, {"status"},
                                   become_www_data),
                 expected);
  }
  check_denied("tcp/4/80");
}

TEST_CASE("a user's launcher hands over sockets and no capability") {
  support::enter_own_network();
  for (const char* capabilities : {"cap_net_bind_service=p", "cap_net_bind_service=ep"}) {
    CAPTURE(capabilities);
    const GrantedLauncher launcher(capabilities);
    for (const char* mode : {"listen-fds", "nginx"}) {
      auto field = check_daemon(
          launch_probe_with(launcher.path(), {"-p", "127.0.0.1:80", "-m", mode},
                            {"status", "fds", "fd=3", "reach=3/4/80"}, become_www_data),
          as_user(support::kNoCapability));
      CHECK(field["fd=3"] == "tcp 127.0.0.1:80 listening reuseaddr blocking");
      CHECK(field["fds"] == "0 1 2 3");
      CHECK(field["reach=3/4/80"] == "ok");
    }
  }
  check_denied("tcp/4/80");
}

TEST_CASE("an ordinary user may name itself but nobody else") {
  support::enter_own_network();
  const GrantedLauncher launcher("cap_net_bind_service=p");
  check_daemon(launch_probe_with(launcher.path(), {"-u", "www-data", "-p", "80"}, {"status"},
                                 become_www_data),
               as_user(kBindCapability));
  check_refused(
      launch_probe_with(launcher.path(), {"-u", "nobody", "-p", "80"}, {"status"}, become_www_data),
      125,
      {"cannot become: nobody (uid 65534): uid 33 may not change its user (CAP_SETUID)",
       "hint: start it as root"});
  check_refused(
      launch_probe_with(launcher.path(), {"-u", "www-data:daemon"}, {"status"}, become_www_data),
      125, {"cannot become: www-data (uid 33): "});
  check_refused(
      launch_probe_with(launcher.path(), {"-u", "root", "-p", "80"}, {"status"}, become_www_data),
      125, {"it is root"});
}

TEST_CASE("an ordinary user keeps its groups and may not choose others") {
  support::require_root();
  const auto with_groups = [] { support::become(33, 33, {33, 9000}); };
  auto expected = as_user(support::kNoCapability);
  expected.groups = "33 9000";
  check_daemon(launch_probe({}, {"status"}, with_groups), expected);
  check_daemon(launch_probe({"--groups", "keep"}, {"status"}, with_groups), expected);
  for (const char* groups : {"none", "init", "33"}) {
    CAPTURE(groups);
    // Its name is looked up only for the groups of that name.
    const std::string who = groups == std::string("init") ? "www-data (uid 33)" : "uid 33";
    check_refused(launch_probe({"--groups", groups}, {"status"}, with_groups), 125,
                  {"cannot become: " + who + ": uid 33 may not change its groups (CAP_SETGID)",
                   "hint: keep the groups: --groups keep"});
  }
}

TEST_CASE("an ordinary user in root's group stays in it") {
  support::require_root();
  const auto with_root_group = [] { support::become(33, 33, {0, 33}); };
  auto expected = as_user(support::kNoCapability);
  expected.groups = "0 33";
  check_daemon(launch_probe({}, {"status"}, with_root_group), expected);
  check_daemon(launch_probe({"--groups", "keep"}, {"status"}, with_root_group), expected);
}

TEST_CASE("a user's ambient capability gives privileged ports") {
  support::enter_own_network();
  const support::Words holder{"setpriv",
                              "--reuid",
                              "33",
                              "--regid",
                              "33",
                              "--groups",
                              "33",
                              "--inh-caps",
                              "+net_bind_service,+net_raw",
                              "--ambient-caps",
                              "+net_bind_service,+net_raw"};
  const auto control = support::run(support::join({holder, {support::probe(), "status"}}));
  REQUIRE(support::fields(control.out)["CapAmb"] == "0000000000002400");
  const auto launch = [&](const support::Words& options) {
    return support::run(
        support::join({holder,
                       {support::launcher()},
                       options,
                       {"--", support::probe(), "status", "bind=tcp/4/80", "fd=3"}}));
  };
  CHECK(check_daemon(launch({"-p", "80"}), as_user(kBindCapability))["bind=tcp/4/80"] == "ok");
  const auto field =
      check_daemon(launch({"-p", "80", "-m", "listen-fds"}), as_user(support::kNoCapability));
  CHECK(field.at("fd=3") == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  // What was not listed is not passed on, although the caller had it.
  CHECK(check_daemon(launch({"-p", "8080"}), as_user(support::kNoCapability))["bind=tcp/4/80"] ==
        "EACCES");
  check_denied("tcp/4/80");
}

TEST_CASE("a user that may change ids becomes another account") {
  support::enter_own_network();
  const std::string capabilities = "+setuid,+setgid,+net_bind_service,+chown";
  const auto launch = [&](const support::Words& options) {
    return support::run(
        support::join({{"setpriv", "--reuid", "33", "--regid", "33", "--groups", "33,9000"},
                       {"--inh-caps", capabilities, "--ambient-caps", capabilities,
                        support::launcher(), "-u", "nobody:nogroup"},
                       options,
                       {"--", support::probe(), "status", "bind=tcp/4/80"}}));
  };
  auto expected = as_user(kBindCapability);
  expected.uid = "65534";
  expected.gid = "65534";
  // The groups of the other account, not the caller's, unless they are asked for.
  expected.groups = "65534";
  CHECK(check_daemon(launch({"-p", "80"}), expected)["bind=tcp/4/80"] == "ok");
  expected.groups = "33 9000";
  check_daemon(launch({"-p", "80", "--groups", "keep"}), expected);
  expected.capabilities = support::kNoCapability;
  expected.groups = "65534";
  CHECK(check_daemon(launch({"-p", "8080", "--groups", "init"}), expected)["bind=tcp/4/80"] ==
        "EACCES");
  expected.groups = "";
  check_daemon(launch({"-p", "80", "-m", "listen-fds", "--groups", "none"}), expected);
  check_denied("tcp/4/80", 65534, 65534);
}

TEST_CASE("an ordinary user without any right gives unprivileged ports") {
  support::enter_own_network();
  auto field =
      check_daemon(launch_probe({"-p", "8080"}, {"status", "bind=tcp/4/8080"}, become_www_data),
                   as_user(support::kNoCapability));
  CHECK(field["bind=tcp/4/8080"] == "ok");
  field = check_daemon(launch_probe({"-p", "8080", "-m", "listen-fds", "--reuse-port"},
                                    {"status", "fd=3", "reach=3/4/8080"}, become_www_data),
                       as_user(support::kNoCapability));
  CHECK(field["fd=3"] == "tcp [::]:8080 dual-stack listening reuseaddr reuseport blocking");
  CHECK(field["reach=3/4/8080"] == "ok");
}

TEST_CASE("an ordinary user without any right is told the complete fix") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto path = support::copy_program(directory, support::launcher(), "lowportbind");
  for (const char* mode : {"ambient", "listen-fds"}) {
    check_refused(
        launch_probe_with(path, {"-p", "8080,443", "-m", mode}, {"status"}, become_www_data), 125,
        {"lowportbind: cannot grant the port: 443/tcp: ports below 1024 need CAP_NET_BIND_SERVICE",
         "chgrp 33 " + path + " && chmod 0750 " + path + " && setcap cap_net_bind_service=p " +
             path + "\n"});
  }
}

TEST_CASE("the hint's fix works and only for the group") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto path = support::copy_program(directory, support::launcher(), "lowportbind");
  const auto refused = launch_probe_with(path, {"-p", "80"}, {"status"}, become_www_data);
  const auto start = refused.err.find("chgrp ");
  REQUIRE(start != std::string::npos);
  const auto command = refused.err.substr(start, refused.err.find('\n', start) - start);
  const auto applied = support::run({"/bin/sh", "-c", command});
  if (applied.status != 0) {
    support::skip("setcap does not work here: " + applied.err);
  }
  check_daemon(launch_probe_with(path, {"-p", "80"}, {"status"}, become_www_data),
               as_user(kBindCapability));
  const auto outsider = launch_probe_with(path, {"-p", "80"}, {"status"},
                                          [] { support::become(65534, 65534, {65534}); });
  CHECK(outsider.status == 120);
  check_denied("tcp/4/80");
}

TEST_CASE("no_new_privs voids a file capability and the hint says so") {
  support::enter_own_network();
  for (const char* capabilities : {"cap_net_bind_service=p", "cap_net_bind_service=ep"}) {
    const GrantedLauncher launcher(capabilities);
    check_refused(
        launch_probe_with(launcher.path(), {"-p", "80"}, {"status"},
                          [] {
                            become_www_data();
                            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                          }),
        125,
        {"cannot grant the port: 80/tcp: ", "hint: no_new_privs is set: a file capability (",
         "allowPrivilegeEscalation: true"});
  }
}

TEST_CASE("an engine's permitted capability counts under no_new_privs") {
  support::enter_own_network();
  const auto in_container = [] {
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    become_www_data();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  };
  for (const char* capabilities : {"cap_net_bind_service=p", "cap_net_bind_service=ep"}) {
    CAPTURE(capabilities);
    const GrantedLauncher launcher(capabilities);
    auto field = check_daemon(
        launch_probe_with(launcher.path(), {"-p", "80"}, {"status", "bind=tcp/4/80"}, in_container),
        as_user(kBindCapability));
    CHECK(field["bind=tcp/4/80"] == "ok");
  }
  const support::TemporaryDirectory directory;
  const auto plain = support::copy_program(directory, support::launcher(), "lowportbind");
  check_refused(
      launch_probe_with(plain, {"-p", "80"}, {"status"}, in_container), 125,
      {"cannot grant the port: 80/tcp: ", "(setcap cap_net_bind_service=p " + plain + ")"});
}

TEST_CASE("a launcher starts even if the bounding set lacks the bit") {
  support::enter_own_network();
  const auto in_container = [] {
    support::drop_capabilities({CAP_NET_BIND_SERVICE});
    become_www_data();
  };
  const GrantedLauncher permitted("cap_net_bind_service=p");
  check_refused(launch_probe_with(permitted.path(), {"-p", "80"}, {"status"}, in_container), 125,
                {"cannot grant the port: 80/tcp: ", "hint: it is not in the bounding set"});
  const auto launched =
      launch_probe_with(permitted.path(), {"-p", "8080"}, {"status"}, in_container);
  CHECK(launched.status == 0);
  // The reason for =p: this one cannot even be executed, and nothing explains why.
  const GrantedLauncher effective("cap_net_bind_service=ep");
  CHECK(launch_probe_with(effective.path(), {"-p", "8080"}, {"status"}, in_container).status ==
        120);
}

TEST_CASE("a setuid or setgid launcher refuses to run") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto setuid = support::copy_program(directory, support::launcher(), "setuid", 04755);
  const auto setgid = support::copy_program(directory, support::launcher(), "setgid", 02755);
  for (const support::Words& options : {support::Words{"-u", "www-data", "-p", "80"},
                                        support::Words{"-p", "8080"}, support::Words{"--check"}}) {
    check_refused(launch_probe_with(setuid, options, {"status"}, become_www_data), 125,
                  {"refusing to run: " + setuid +
                       ": its real and effective user ids differ: it is installed set-user-ID, or "
                       "was started by a "
                       "program that is",
                   "hint: as root: chmod u-s,g-s "});
    check_refused(launch_probe_with(setgid, options, {"status"}, become_www_data), 125,
                  {"refusing to run: " + setgid +
                       ": its real and effective group ids differ: it is installed set-group-ID, "
                       "or was started by a "
                       "program that is",
                   "hint: as root: chmod u-s,g-s "});
  }
  const auto of_www_data = support::copy_program(directory, support::launcher(), "of-www-data");
  REQUIRE(chown(of_www_data.c_str(), 33, 33) == 0);
  REQUIRE(support::run({"chmod", "u+s", of_www_data}).status == 0);
  check_refused(launch_probe_with(of_www_data, {"-u", "www-data", "-p", "80"}, {"status"}), 125,
                {"set-user-ID"});
}

TEST_CASE("a file capability drops TMPDIR and --env restores it") {
  support::enter_own_network();
  const GrantedLauncher launcher("cap_net_bind_service=p");
  support::Invocation invocation;
  invocation.in_child = become_www_data;
  invocation.environment = {"PATH=/usr/bin:/bin", "TMPDIR=/var/tmp", "LD_LIBRARY_PATH=/nowhere",
                            "KEPT=yes"};
  invocation.argv = {launcher.path(), "-p", "80", "--", support::probe(), "env", "secure"};
  auto result = support::run(invocation);
  CHECK(support::variable(result, "TMPDIR") == "(unset)");
  CHECK(support::variable(result, "LD_LIBRARY_PATH") == "(unset)");
  CHECK(support::variable(result, "KEPT") == "yes");
  invocation.argv = support::join(
      {{launcher.path(), "-p", "80", "--env", "TMPDIR=/var/tmp"},
       {"--env", "LD_LIBRARY_PATH=/nowhere", "--", support::probe(), "env", "secure"}});
  result = support::run(invocation);
  CHECK(support::variable(result, "TMPDIR") == "/var/tmp");
  CHECK(support::variable(result, "LD_LIBRARY_PATH") == "/nowhere");
  CHECK(support::fields(result.out)["secure"] == "0");
}

TEST_CASE("a launcher with extra file capabilities refuses users") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto launcher = support::copy_program(directory, support::launcher(), "launcher");
  support::set_file_capabilities(launcher, "cap_setuid,cap_setgid,cap_net_bind_service=ep");
  check_refused(
      support::launch_probe_with(launcher, {"-u", "nobody:daemon"}, {"status"}, become_www_data),
      125,
      {"refusing to run: " + launcher + ": it has file capabilities beyond cap_net_bind_service",
       "hint: as root: setcap cap_net_bind_service=p " + launcher});
}
