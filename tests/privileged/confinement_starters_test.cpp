// SPDX-License-Identifier: MIT
#include <linux/capability.h>
#include <sys/prctl.h>

#include "confinement.hpp"

// Who starts the launcher: Landlock and seccomp need no_new_privs, which is the launcher's default,
// or CAP_SYS_ADMIN.

using support::ask_daemon;
using support::check_filtered;
using support::check_refused;
using support::check_unfiltered;
using support::kEveryPort;
using support::launch_probe;
using support::launch_probe_with;
using support::Words;

namespace {

const std::string kNeedsAdmin = "with --allow-new-privs the confinement needs CAP_SYS_ADMIN";
const std::string kWarning =
    "lowportbind: every privileged port is open to the daemon: " + kNeedsAdmin +
    "; --confine off silences this\n";

/// The capabilities of root in a Docker container.
void be_root_of_docker() {
  support::keep_capabilities({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL,
                              CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE,
                              CAP_NET_RAW, CAP_SYS_CHROOT, CAP_MKNOD, CAP_AUDIT_WRITE,
                              CAP_SETFCAP});
}

void keep_the_least() {
  support::keep_capabilities({CAP_SETGID, CAP_SETUID, CAP_NET_BIND_SERVICE});
}

void become_www_data() { support::become(33, 33, {33}); }

/// Checks a launch that confines the daemon.
void check_confined(const support::Result& result, const std::string& ports) {
  CAPTURE(result.err);
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field[kEveryPort] == ports);
  check_filtered(field);
}

/// Checks a launch that reports that its default confinement is unavailable.
void check_open(const support::Result& result) {
  CHECK(result.err == kWarning);
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field[kEveryPort] == support::kAllOpen);
  CHECK(field["NoNewPrivs"] == "0");
  check_unfiltered(field);
}

}  // namespace

TEST_CASE("root without CAP_SYS_ADMIN confines the daemon") {
  support::require_confinement();
  const Words questions{"status", kEveryPort};
  const Words default_one{"-u", "www-data", "-p", "80"};
  const Words listed{"-u", "www-data", "-p", "80", "--confine", "listed"};
  for (const auto& start : {be_root_of_docker, keep_the_least}) {
    check_confined(launch_probe(default_one, questions, start), support::kConfinedToPrivileged);
    check_confined(launch_probe(listed, questions, start), support::kConfinedToListed);
  }
}

TEST_CASE("a user with a file capability confines the daemon") {
  support::require_confinement();
  const support::TemporaryDirectory directory;
  const auto path = support::copy_program(directory, support::launcher(), "lowportbind");
  const Words questions{"status", kEveryPort};
  for (const char* capabilities : {"cap_net_bind_service=p", "cap_net_bind_service=ep"}) {
    CAPTURE(capabilities);
    support::set_file_capabilities(path, capabilities);
    const auto launch = [&](const Words& options) {
      return launch_probe_with(path, support::join({{"-p", "80"}, options}), questions,
                               become_www_data);
    };
    check_confined(launch({}), support::kConfinedToPrivileged);
    check_confined(launch({"--confine", "listed"}), support::kConfinedToListed);
    check_open(launch({"--allow-new-privs"}));
    check_refused(launch({"--allow-new-privs", "--confine", "privileged"}), 125,
                  {kNeedsAdmin, "hint: "});
  }
}

TEST_CASE("a user without any right confines to the listed ports") {
  support::require_confinement();
  check_confined(
      launch_probe({"-p", "8080", "--confine", "listed"}, {"status", kEveryPort}, become_www_data),
      "0 ok 1-8079 EACCES 8080 ok 8081-65535 EACCES");
}

TEST_CASE("with --allow-new-privs set-user-ID helpers are confined too") {
  support::require_confinement();
  const support::TemporaryDirectory directory;
  const auto helper = support::copy_program(directory, support::probe(), "helper", 04755);
  for (const std::string kind : {"privileged", "listed", "off"}) {
    CAPTURE(kind);
    const auto result =
        support::launch({"-u", "www-data", "-p", "80", "--allow-new-privs", "--confine", kind, "--",
                         "/bin/sh", "-c", R"("$0" "$@"; exit $?)", helper, "status", kEveryPort,
                         "socket=2/1/262/22", "io_uring"});
    CAPTURE(result.err);
    CHECK(result.err.empty());
    REQUIRE(result.status == 0);
    auto field = support::fields(result.out);
    CHECK(field["Uid"] == "33\t0\t0\t0");
    CHECK(field["NoNewPrivs"] == "0");
    CHECK(field["CapEff"] == support::own_status("CapBnd"));
    if (kind == "off") {
      CHECK(field[kEveryPort] == support::kAllOpen);
      check_unfiltered(field);
      continue;
    }
    CHECK(field[kEveryPort] ==
          (kind == "listed" ? support::kConfinedToListed : support::kConfinedToPrivileged));
    CHECK(field["socket=2/1/262/22"] == "socket EPROTONOSUPPORT");
    CHECK(field["io_uring"] == "EPERM");
    check_filtered(field);
  }
}

TEST_CASE("--allow-new-privs without CAP_SYS_ADMIN warns or refuses") {
  support::require_confinement();
  const auto launch = [](const Words& options, void (*start)()) {
    return launch_probe(
        support::join({{"-u", "www-data", "-p", "80", "--allow-new-privs"}, options}),
        {"status", kEveryPort}, start);
  };
  for (const auto& start : {be_root_of_docker, keep_the_least}) {
    check_open(launch({}, start));
    for (const std::string kind : {"privileged", "listed"}) {
      check_refused(
          launch({"--confine", kind}, start), 125,
          {"cannot confine the daemon to its ports: --confine " + kind + ": " + kNeedsAdmin,
           "hint: "});
    }
    const auto silenced = launch({"--confine", "off"}, start);
    CHECK(silenced.status == 0);
    CHECK(silenced.err.empty());
  }
  // CAP_SYS_ADMIN alone is enough.
  check_confined(launch({},
                        [] {
                          support::keep_capabilities(
                              {CAP_SETGID, CAP_SETUID, CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN});
                        }),
                 support::kConfinedToPrivileged);
}

TEST_CASE("a launcher under no_new_privs still confines the daemon") {
  support::require_confinement();
  for (const auto& start : {+[] { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); },
                            +[] {
                              keep_the_least();
                              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                            }}) {
    check_confined(launch_probe({"-u", "www-data", "-p", "80"}, {"status", kEveryPort}, start),
                   support::kConfinedToPrivileged);
  }
}
