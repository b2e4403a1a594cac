// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon.hpp"

using support::check_daemon;
using support::check_denied;
using support::check_refused;
using support::drop_capabilities;
using support::kBindCapability;
using support::keep_capabilities;
using support::launch_probe;

// Root with few capabilities, as container engines start it: root does not get what is not in the
// bounding set.

TEST_CASE("without CAP_SETPCAP only the bounding set stays") {
  support::enter_own_network();
  auto result = launch_probe({"-u", "www-data", "-p", "80"}, {"status", "bind=tcp/4/80"}, [] {
    keep_capabilities({CAP_SETUID, CAP_SETGID, CAP_NET_BIND_SERVICE, CAP_NET_RAW});
  });
  auto field =
      check_daemon(result, {.capabilities = kBindCapability, .bounding = "00000000000024c0"});
  CHECK(field["bind=tcp/4/80"] == "ok");
  check_denied("tcp/4/80");

  result = launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds", "--reuse-port"},
                        {"status", "fd=3"}, [] {
                          keep_capabilities({CAP_SETUID, CAP_SETGID, CAP_NET_BIND_SERVICE});
                        });
  field = check_daemon(result, {.bounding = "00000000000004c0"});
  CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr reuseport blocking");
}

TEST_CASE("Docker's default capabilities are enough for every mode") {
  support::enter_own_network();
  const auto like_docker = [] {
    keep_capabilities({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_MKNOD, CAP_NET_RAW,
                       CAP_SETGID, CAP_SETUID, CAP_SETFCAP, CAP_SETPCAP, CAP_NET_BIND_SERVICE,
                       CAP_SYS_CHROOT, CAP_KILL, CAP_AUDIT_WRITE});
  };
  check_daemon(launch_probe({"-u", "www-data", "-p", "80"}, {"status"}, like_docker),
               {.capabilities = kBindCapability});
  for (const char* mode : {"listen-fds", "nginx"}) {
    check_daemon(launch_probe({"-u", "www-data", "-p", "80", "-m", mode}, {"status"}, like_docker),
                 {});
  }
  auto field = check_daemon(launch_probe({"-u", "www-data", "-p", "80", "--own-stdio"},
                                         {"status", "open=/dev/stdout"}, like_docker),
                            {.capabilities = kBindCapability});
  CHECK(field["open=/dev/stdout"] == "ok");
}

TEST_CASE("root without CAP_NET_BIND_SERVICE gets a bounding-set hint") {
  support::enter_own_network();
  for (const char* mode : {"ambient", "listen-fds", "inetd", "nginx"}) {
    CAPTURE(mode);
    check_refused(
        launch_probe({"-u", "www-data", "-p", "80", "-m", mode}, {"status"},
                     [] { drop_capabilities({CAP_NET_BIND_SERVICE}); }),
        125,
        {"cannot grant the port: 80/tcp: ", "need CAP_NET_BIND_SERVICE",
         "hint: it is not in the bounding set; container: docker run --cap-add NET_BIND_SERVICE"});
  }
}

TEST_CASE("root without CAP_NET_BIND_SERVICE gives unprivileged ports") {
  support::enter_own_network();
  const auto without = [] { drop_capabilities({CAP_NET_BIND_SERVICE}); };
  check_daemon(launch_probe({"-u", "www-data", "-p", "8080"}, {"status"}, without), {});
  support::set_unprivileged_port_start(0);
  auto field = check_daemon(
      launch_probe({"-u", "www-data", "-p", "80"}, {"status", "bind=tcp/4/80"}, without), {});
  CHECK(field["bind=tcp/4/80"] == "ok");
  field = check_daemon(launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds"},
                                    {"status", "reach=3/4/80"}, without),
                       {});
  CHECK(field["reach=3/4/80"] == "ok");
}

TEST_CASE("root that cannot change ids is told the missing capability") {
  support::require_root();
  check_refused(
      launch_probe({"-u", "www-data"}, {"status"}, [] { drop_capabilities({CAP_SETUID}); }), 125,
      {"cannot become: www-data (uid 33): ", "CAP_SETUID", "hint: ", "--cap-add SETUID"});
  check_refused(
      launch_probe({"-u", "www-data"}, {"status"}, [] { drop_capabilities({CAP_SETGID}); }), 125,
      {"cannot become: www-data (uid 33): ", "CAP_SETGID", "hint: ", "--cap-add SETGID"});
}

TEST_CASE("the caller's other ambient capabilities are dropped") {
  support::enter_own_network();
  const support::Words with_ambient{"setpriv", "--inh-caps", "+net_raw,+chown,+net_bind_service",
                                    "--ambient-caps", "+net_raw,+chown,+net_bind_service"};
  const auto control = support::run(support::join({with_ambient, {support::probe(), "status"}}));
  REQUIRE(support::fields(control.out)["CapAmb"] == "0000000000002401");
  const auto launch = [&](const support::Words& options) {
    return support::run(support::join(
        {with_ambient, {support::launcher()}, options, {"--", support::probe(), "status"}}));
  };
  check_daemon(launch({"-u", "www-data", "-p", "80"}), {.capabilities = kBindCapability});
  check_daemon(launch({"-u", "www-data", "-p", "8080"}), {});
  check_daemon(launch({"-u", "www-data"}), {});
  check_daemon(launch({"-u", "www-data", "-p", "80", "-m", "listen-fds"}), {});
}

TEST_CASE("securebits that forbid a step end the launch at that step") {
  support::enter_own_network();
  struct Row {
    unsigned long securebits;
    std::string message;
  };
  const Row rows[] = {
      {SECBIT_NO_CAP_AMBIENT_RAISE,
       "cannot set the capabilities: PR_CAP_AMBIENT: securebits forbid raising the ambient set"},
      {SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
       "securebits forbid raising the ambient set"},
      {SECBIT_KEEP_CAPS_LOCKED, "PR_SET_KEEPCAPS: Operation not permitted"},
      {SECBIT_NOROOT, "cannot become: www-data (uid 33): "},
      {SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, "cannot become: www-data (uid 33): "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.securebits);
    const auto restrict = [&] {
      if (prctl(PR_SET_SECUREBITS, row.securebits, 0, 0, 0) != 0) {
        _exit(122);
      }
    };
    check_refused(launch_probe({"-u", "www-data", "-p", "80"}, {"status"}, restrict), 125,
                  {row.message, "hint: "});
  }
}

TEST_CASE("harmless securebits are accepted") {
  support::enter_own_network();
  const auto set = [](unsigned long securebits) {
    return [securebits] {
      if (prctl(PR_SET_SECUREBITS, securebits, 0, 0, 0) != 0) {
        _exit(122);
      }
    };
  };
  constexpr unsigned long kNoRaise =
      SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  for (const unsigned long bits : {kNoRaise, kNoRaise | SECBIT_KEEP_CAPS_LOCKED}) {
    check_daemon(
        launch_probe({"-u", "www-data", "-p", "80", "-m", "listen-fds"}, {"status"}, set(bits)),
        {});
    check_daemon(launch_probe({"-u", "www-data", "-p", "8080"}, {"status"}, set(bits)), {});
  }
  // Capabilities then survive a change of uid, yet none of them may get through.
  check_daemon(
      launch_probe({"-u", "www-data", "-p", "80"}, {"status"}, set(SECBIT_NO_SETUID_FIXUP)),
      {.capabilities = kBindCapability});
  check_daemon(launch_probe({"-u", "www-data"}, {"status"},
                            set(SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS_LOCKED)),
               {});
}

TEST_CASE("an earlier no_new_privs does not hinder root") {
  support::enter_own_network();
  auto field =
      check_daemon(launch_probe({"-u", "www-data", "-p", "80"}, {"status", "bind=tcp/4/80"},
                                [] { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }),
                   {.capabilities = kBindCapability});
  CHECK(field["bind=tcp/4/80"] == "ok");
  check_denied("tcp/4/80");
}
