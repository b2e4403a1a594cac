// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "check.hpp"

using support::check_daemon;
using support::check_refused;
using support::kBindCapability;
using support::launch_probe;

namespace {

struct UserNamespace {
  std::string uid_map = "0 0 65536";
  std::string gid_map = "0 0 65536";
  bool deny_setgroups = false;
  bool own_network = false;
  uid_t owner = 0;
};

/// For in_child: moves into a new user namespace. Its maps can only be written from outside:
/// another child does it.
void enter_user_namespace(const UserNamespace& wanted) {
  std::array<int, 2> entered{};
  if (pipe2(entered.data(), O_CLOEXEC) != 0) {
    _exit(122);
  }
  const auto proc = "/proc/" + std::to_string(getpid());
  const pid_t writer = fork();
  if (writer == 0) {
    close(entered[1]);  // so that the read ends if this namespace could not be created
    char byte = 0;
    if (read(entered[0], &byte, 1) != 1) {
      _exit(1);
    }
    if (wanted.deny_setgroups) {
      support::write_file(proc + "/setgroups", "deny");
    }
    support::write_file(proc + "/uid_map", wanted.uid_map);
    support::write_file(proc + "/gid_map", wanted.gid_map);
    _exit(0);
  }
  if (wanted.owner != 0) {
    support::become(wanted.owner, wanted.owner);
  }
  if (unshare(CLONE_NEWUSER | (wanted.own_network ? CLONE_NEWNET : 0)) != 0) {
    _exit(123);
  }
  int status = -1;
  if (write(entered[1], "x", 1) != 1 || waitpid(writer, &status, 0) != writer || status != 0) {
    _exit(122);
  }
}

std::function<void()> inside(const UserNamespace& wanted) {
  return [wanted] { enter_user_namespace(wanted); };
}

void require_user_namespaces() {
  support::enter_own_network();
  support::enter_own_mounts();  // a chroot would have none
  const auto result = support::run_in_child({"/bin/true"}, inside({}));
  if (result.status != 0) {
    support::skip("user namespaces are not available here");
  }
}

}  // namespace

TEST_CASE("the capability counts if the user namespace owns the network") {
  require_user_namespaces();
  auto field =
      check_daemon(launch_probe({"-u", "www-data", "-p", "80"}, {"status", "bind=tcp/4/80"},
                                inside({.own_network = true})),
                   {.capabilities = kBindCapability});
  CHECK(field["bind=tcp/4/80"] == "ok");
  field = check_daemon(launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds"},
                                    {"status", "fd=3"}, inside({.own_network = true})),
                       {});
  CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
  const auto control = support::run_in_child({support::probe(), "bind=tcp/4/80"}, [] {
    enter_user_namespace({.own_network = true});
    support::become(33, 33);
  });
  CHECK(support::fields(control.out)["bind=tcp/4/80"] == "EACCES");
}

TEST_CASE("another user namespace's network refuses with a hint") {
  require_user_namespaces();
  check_refused(
      launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds"}, {"status"}, inside({})), 125,
      {"cannot bind: 80/tcp (IPv4 and IPv6): Permission denied",
       "hint: the network may belong to another user namespace, where the capability does not "
       "count"});
  // Nothing but --check tries it before the daemon does, so that in ambient mode it is the daemon's
  // bind that fails.
  const auto control = support::run_in_child({support::probe(), "bind=tcp/4/80"}, inside({}));
  CHECK(support::fields(control.out)["bind=tcp/4/80"] == "EACCES");
}

TEST_CASE("--check reports a foreign network as a launch does") {
  require_user_namespaces();
  const auto setting = [](const support::Words& options) {
    return check::Setting{.options = support::join({{"-u", "www-data", "-p", "80"}, options}),
                          .in_child = inside({})};
  };
  const auto launched = check::run(setting({"-m", "listen-fds"}), {});
  const std::string sentence = "cannot bind: 80/tcp (IPv4 and IPv6): Permission denied";
  const auto hint_at = launched.err.find("hint: the network may belong to another user namespace");
  REQUIRE(hint_at != std::string::npos);
  const auto hint = launched.err.substr(hint_at + 6, launched.err.size() - hint_at - 7);
  check::not_ready(setting({}), {sentence, hint});
  check::not_ready_as_launched(setting({"-m", "listen-fds"}), 125, {sentence, hint});
  // A network of its own, or an unprivileged port, does not need the capability that does not
  // count.
  check::ready(
      {.options = {"-u", "www-data", "-p", "80"}, .in_child = inside({.own_network = true})});
  check::ready({.options = {"-u", "www-data", "-p", "8080"}, .in_child = inside({})});
}

TEST_CASE("--check under unshare -Ur finds the outer network") {
  support::enter_own_network();
  support::enter_own_mounts();
  const support::Words unshare{"unshare", "-Ur"};
  if (support::run(support::join({unshare, {"/bin/true"}})).status != 0) {
    support::skip("unshare -Ur does not work here");
  }
  const auto result = support::run(support::join(
      {unshare,
       {support::launcher(), "--check", "-u", "www-data", "-p", "80", "--", "/bin/true"}}));
  CAPTURE(result.err);
  CHECK(result.status == 125);
  CHECK(check::line(result, "verdict") ==
        "not ready: cannot bind: 80/tcp (IPv4 and IPv6): Permission denied");
  CHECK(result.err.find("\nlowportbind: hint: the network may belong to another user namespace") !=
        std::string::npos);
}

TEST_CASE("unshare -Ur by an ordinary user maps no other user") {
  require_user_namespaces();
  const UserNamespace root_alone{
      .uid_map = "0 33 1", .gid_map = "0 33 1", .deny_setgroups = true, .owner = 33};
  auto with_network = root_alone;
  with_network.own_network = true;
  for (const auto& wanted : {root_alone, with_network}) {
    if (support::run_in_child({"/bin/true"}, inside(wanted)).status != 0) {
      support::skip("only root may create user namespaces here");
    }
  }
  for (const auto& wanted : {root_alone, with_network}) {
    const auto result = launch_probe({"-u", "www-data", "-p", "80"}, {"status"}, inside(wanted));
    check_refused(result, 125,
                  {"cannot become: www-data (uid 33): ", "hint: in a user namespace, /proc/self/"});
    check_refused(launch_probe({"-u", "+0", "-p", "80"}, {"status"}, inside(wanted)), 125,
                  {"it is root"});
  }
}

TEST_CASE("a user without a mapping is refused in every mode") {
  require_user_namespaces();
  const UserNamespace small{.uid_map = "0 0 1000", .gid_map = "0 0 65536", .own_network = true};
  check_refused(
      launch_probe({"-u", "2000:33", "-p", "80"}, {"status"}, inside(small)), 125,
      {"cannot become: uid 2000: setresuid: Invalid argument", "hint: in a user namespace, "});
  check_refused(
      launch_probe({"-u", "2000:33", "-p", "80", "-m", "listen-fds"}, {"status"}, inside(small)),
      125, {"uid 2000", "hint: in a user namespace, /proc/self/uid_map must map this uid"});
}

TEST_CASE("a group without a mapping is refused") {
  require_user_namespaces();
  const UserNamespace small{.uid_map = "0 0 65536", .gid_map = "0 0 1000", .own_network = true};
  check_refused(
      launch_probe({"-u", "2000:2000", "--groups", "none"}, {"status"}, inside(small)), 125,
      {"cannot become: uid 2000: setresgid: Invalid argument", "hint: in a user namespace, "});
  check_refused(
      launch_probe({"-u", "2000:33", "--groups", "2000"}, {"status"}, inside(small)), 125,
      {"cannot become: uid 2000: setgroups: Invalid argument", "hint: in a user namespace, "});
  check_daemon(launch_probe({"-u", "2000:33"}, {"status"}, inside(small)), {.uid = "2000"});
}

TEST_CASE("with setgroups denied a change of groups is refused") {
  require_user_namespaces();
  const UserNamespace denied{.deny_setgroups = true, .own_network = true};
  const std::array<gid_t, 2> groups{7, 8};
  const auto with_groups = [&] {
    if (setgroups(groups.size(), groups.data()) != 0) {
      _exit(122);
    }
    enter_user_namespace(denied);
  };
  const auto without_groups = [&] {
    if (setgroups(0, nullptr) != 0) {
      _exit(122);
    }
    enter_user_namespace(denied);
  };
  const support::Words refused{
      "cannot become: www-data (uid 33): setgroups: Operation not permitted",
      "hint: in a user namespace, /proc/self/setgroups must say allow"};
  check_refused(launch_probe({"-u", "www-data"}, {"status"}, with_groups), 125, refused);
  check_refused(launch_probe({"-u", "www-data", "--groups", "none"}, {"status"}, with_groups), 125,
                refused);
  check_refused(launch_probe({"-u", "www-data"}, {"status"}, without_groups), 125, refused);
  // Groups that are already as planned need no call.
  check_daemon(launch_probe({"-u", "www-data", "--groups", "none"}, {"status"}, without_groups),
               {.groups = ""});
  check_daemon(launch_probe({"-u", "www-data", "--groups", "keep"}, {"status"}, with_groups),
               {.groups = "7 8"});
}

TEST_CASE("file capabilities set by outer root count and are refused") {
  require_user_namespaces();
  const support::TemporaryDirectory directory;
  const auto launcher = support::copy_program(directory, support::launcher(), "lowportbind");
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  // Root outside is user 5 here, and the attribute is that of user 5: not of this namespace's root,
  // and in force.
  const auto as_inner_root = [] {
    enter_user_namespace({.uid_map = "5 0 1\n0 10000 1\n33 33 1\n",
                          .gid_map = "5 0 1\n0 10000 1\n33 33 1\n",
                          .own_network = true});
    support::become(0, 0);
  };
  const auto launch = [&] {
    return support::run_in_child({launcher, "-u", "+33:33", "-p", "80", "--confine", "off", "--",
                                  program, "status", "bind=tcp/4/80"},
                                 as_inner_root);
  };
  auto result = launch();
  CAPTURE(result.err);
  CHECK(support::fields(result.out)["bind=tcp/4/80"] == "ok");
  support::set_file_capabilities(program, "cap_chown=p");
  result = launch();
  check_refused(result, 126,
                {"cannot execute: " + program +
                     ": its file capabilities cancel the capability that the daemon is given",
                 "hint: as root: setcap -r "});
}

TEST_CASE("file capabilities of an unmapped root do not count") {
  require_user_namespaces();
  const support::TemporaryDirectory directory;
  const auto launcher = support::copy_program(directory, support::launcher(), "lowportbind");
  const auto program = support::copy_program(directory, support::probe(), "carrier");
  const auto given = support::run({"setcap", "-n", "100000", "cap_chown=p", program});
  if (given.status != 0) {
    support::skip("no file capabilities of another user namespace here: " + given.err);
  }
  const auto result = support::run_in_child(
      {launcher, "-u", "+33:33", "-p", "80", "--confine", "off", "--", program, "status",
       "bind=tcp/4/80"},
      inside({.uid_map = "0 0 1000", .gid_map = "0 0 1000", .own_network = true}));
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(support::fields(result.out)["bind=tcp/4/80"] == "ok");
}

TEST_CASE("a pipe whose owner has no mapping keeps its owner") {
  require_user_namespaces();
  const auto launch = [&](const support::Words& options, uid_t owner) {
    return launch_probe(support::join({{"-u", "www-data", "--own-stdio"}, options}), {"status"},
                        [=] {
                          if (fchown(STDOUT_FILENO, owner, 0) != 0) {
                            _exit(122);
                          }
                          enter_user_namespace({.own_network = true});
                        });
  };
  // Both owners are shown as 65534, which one of them is.
  for (const support::Words& options : {support::Words{}, support::Words{"--check"}}) {
    const auto result = launch(options, 70000);
    CAPTURE(result.err);
    CHECK(result.status == 125);
    CHECK(result.err ==
          "lowportbind: cannot give the account: descriptor 1: its owner is not mapped in this "
          "user namespace\n"
          "lowportbind: hint: give it a pipe of the container's own: after the command, 2>&1 | "
          "cat\n");
    CHECK(launch(options, 65534).status == 0);
  }
}
