// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <grp.h>
#include <linux/capability.h>
#include <unistd.h>

#include "hostile.hpp"
#include "user_namespace.hpp"

// User namespaces that do not map the ids a launch relies on: an id without a mapping is shown as
// 65534.

using hostile::check_as_planned;
using support::check_daemon;
using support::check_refused;
using support::launch_probe;
using support::Words;
using user_namespace::enter;
using user_namespace::Maps;

namespace {

void require_user_namespaces() {
  support::enter_own_network();
  support::enter_own_mounts();  // a chroot would have none
  if (support::run_in_child({"/bin/true"}, [] { enter({"0 0 65536", "0 0 65536"}); }).status != 0) {
    support::skip("user namespaces are not available here");
  }
}

/// The test's own root file, which only root outside can read.
bool reads_root_file(const support::Result& result) {
  return result.out.find("of root alone") != std::string::npos;
}

}  // namespace

TEST_CASE("without a mapped uid 0 a user can pass on the capability") {
  require_user_namespaces();
  const auto start = [](std::uint64_t held) {
    return [held] {
      const gid_t group = 33;
      if (setgroups(1, &group) != 0) {
        _exit(122);
      }
      enter({"33 33 1", "33 33 1"});
      // The ids outside are exchanged for the mapped ones, with all the capabilities of the
      // namespace's first process.
      hostile::hold_ambient(held, 33);
    };
  };
  for (const auto held :
       {hostile::bit(CAP_NET_BIND_SERVICE),
        hostile::bit(CAP_NET_BIND_SERVICE) | hostile::bit(CAP_SETPCAP) |
            hostile::bit(CAP_SYS_ADMIN) | hostile::bit(CAP_SETUID) | hostile::bit(CAP_SETGID)}) {
    CAPTURE(held);
    const bool cut = (held & hostile::bit(CAP_SETPCAP)) != 0;
    const support::Expected expected{.bounding = cut ? "" : "000001ffffffffff"};
    for (const auto& mode : hostile::modes()) {
      for (const Words& user : {Words{}, Words{"-u", "33:33"}}) {
        CAPTURE(user);
        const support::TemporaryDirectory directory;
        const auto file = directory.write("answers", "", 0666);
        auto result =
            hostile::run_to(file,
                            support::join({{support::launcher(), "-p", "80", "-m", mode.name},
                                           user,
                                           {"--"},
                                           hostile::ask_for_state(file)}),
                            start(held));
        auto wanted = expected;
        if (!cut) {
          wanted.bounding = support::fields(result.out)["CapBnd"];
        }
        check_as_planned(mode, result, wanted);
      }
    }
  }
  const auto control = support::run_in_child({support::probe(), "bind=tcp/4/80"}, [] {
    enter({"33 33 1", "33 33 1"});
    hostile::hold_ambient(0, 33);
  });
  CHECK(support::fields(control.out)["bind=tcp/4/80"] == "EACCES");
}

TEST_CASE("without a mapped uid 0 no user is treated as root") {
  require_user_namespaces();
  const auto start = [] {
    enter({"33 33 1", "33 33 1", true});
    hostile::hold_ambient(0, 0);  // the ids outside are invisible
  };
  check_refused(launch_probe({"-u", "33:33", "-p", "8080"}, {"status"}, start), 125,
                {"cannot become: ", "hint: "});
  check_refused(launch_probe({"-u", "root"}, {"status"}, start), 125, {"it is root"});
}

TEST_CASE("unmapped root is not taken for the overflow uid's account") {
  require_user_namespaces();
  const support::TemporaryDirectory directory;
  const auto secret = directory.write("secret", "of root alone\n", 0600);
  struct Row {
    std::string name;
    Maps maps;
  };
  const Row rows[] = {{"no map at all", {"", ""}},
                      {"another user alone", {"33 33 1", "33 33 1"}},
                      {"all but root", {"1 1 65535", "1 1 65535"}},
                      {"all but root and nobody", {"1 1 65533", "1 1 65533"}}};
  for (const auto& row : rows) {
    for (const Words& options :
         {Words{}, Words{"--groups", "keep"}, Words{"-u", "65534:65534"},
          Words{"-u", "65534:65534", "--groups", "keep"},
          Words{"-u", "nobody:nogroup", "--groups", "keep", "-p", "8080", "-m", "listen-fds"}}) {
      CAPTURE(row.name);
      CAPTURE(options);
      const auto result = support::run_in_child(
          support::join({{support::launcher()}, options, {"--", "/bin/cat", secret}}),
          [&] { enter(row.maps); });
      CHECK_FALSE(reads_root_file(result));
      check_refused(result, 125,
                    {"cannot become: ", "hint: in a user namespace, /proc/self/uid_map"});
    }
  }
  // The control: that is what it could read.
  CHECK(reads_root_file(support::run_in_child({"/bin/cat", secret}, [] { enter({"", ""}); })));
}

TEST_CASE("unmapped groups are not taken for the overflow gid's group") {
  require_user_namespaces();
  const support::TemporaryDirectory directory;
  const auto secret = directory.write("secret", "of root alone\n", 0640);
  REQUIRE(chown(secret.c_str(), 0, 5000) == 0);
  const auto with_group = [](const Maps& maps) {
    return [maps] {
      const gid_t group = 5000;
      if (setgroups(1, &group) != 0) {
        _exit(122);
      }
      enter(maps);
    };
  };
  // Only the file's group is not mapped.
  const Maps maps{"0 0 65536", "0 0 5000"};
  const Words command{"--", "/bin/cat", secret};
  for (const Words& options : {Words{"-u", "33:33", "--groups", "65534"}, Words{"-u", "33:33"}}) {
    CAPTURE(options);
    const auto result = support::run_in_child(
        support::join({{support::launcher()}, options, command}), with_group(maps));
    CHECK_FALSE(reads_root_file(result));
  }
  // keep does what it says: the group stays, as rootless containers want it.
  CHECK(reads_root_file(support::run_in_child(
      support::join({{support::launcher(), "-u", "33:33", "--groups", "keep"}, command}),
      with_group(maps))));
}

TEST_CASE("with setgroups denied every mode is as planned or refused") {
  require_user_namespaces();
  const Maps denied{"0 0 65536", "0 0 65536", true};
  for (const auto& mode : hostile::modes()) {
    check_refused(launch_probe(hostile::options_of(mode), {"status"}, [&] { enter(denied); }), 125,
                  {"cannot become: www-data (uid 33): setgroups: Operation not permitted",
                   "hint: in a user namespace, /proc/self/setgroups must say allow"});
    const auto without_groups = [&] {
      if (setgroups(0, nullptr) != 0) {
        _exit(122);
      }
      enter(denied);
    };
    check_as_planned(mode, hostile::launch(mode, without_groups, {"--groups", "none"}),
                     {.groups = ""});
  }
}
