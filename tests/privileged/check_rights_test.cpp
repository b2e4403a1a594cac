// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.hpp"

// What `--check` reports about the rights of whoever starts the launcher. Without the right to a
// port there is nothing to plan, and so no plan to print.

namespace {

void become_www_data() { support::become(33, 33, {33}); }

const std::string kNoCapability =
    "cannot grant the port: 80/tcp: ports below 1024 need CAP_NET_BIND_SERVICE, and lowportbind "
    "was "
    "started without it";
const std::string kNotInBoundingSet =
    "it is not in the bounding set; container: docker run --cap-add NET_BIND_SERVICE; systemd: "
    "CapabilityBoundingSet=CAP_NET_BIND_SERVICE in the unit";

/// A copy of the launcher with the file capability that the hints name.
class GrantedLauncher {
 public:
  GrantedLauncher() : path_(support::copy_program(directory_, support::launcher(), "lowportbind")) {
    support::set_file_capabilities(path_, "cap_net_bind_service=p");
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  support::TemporaryDirectory directory_;
  std::string path_;
};

}  // namespace

TEST_CASE("--check names the commands that grant a user the capability") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto launcher = support::copy_program(directory, support::launcher(), "lowportbind");
  const check::Setting setting{
      .options = {"-p", "80"}, .in_child = become_www_data, .launcher = launcher};
  const auto command = "chgrp 33 " + launcher + " && chmod 0750 " + launcher +
                       " && setcap cap_net_bind_service=p " + launcher;
  check::not_planned(
      setting,
      {kNoCapability,
       "start it as root; or, as root, let the group that may open low ports run it: " + command});
  if (support::run({"/bin/sh", "-c", command}).status != 0) {
    support::skip("setcap does not work here");
  }
  check::ready(setting);
}

TEST_CASE("--check names where the bounding set gets the capability") {
  support::enter_own_network();
  const GrantedLauncher launcher;
  check::not_planned({.options = {"-u", "www-data", "-p", "80"},
                      .in_child = [] { support::drop_capabilities({CAP_NET_BIND_SERVICE}); }},
                     {kNoCapability, kNotInBoundingSet});
  check::not_planned({.options = {"-p", "80"},
                      .in_child =
                          [] {
                            support::drop_capabilities({CAP_NET_BIND_SERVICE});
                            become_www_data();
                          },
                      .launcher = launcher.path()},
                     {kNoCapability, kNotInBoundingSet});
}

TEST_CASE("--check reports that no_new_privs voids a file capability") {
  support::enter_own_network();
  const GrantedLauncher launcher;
  check::not_planned(
      {.options = {"-p", "80"},
       .in_child =
           [] {
             become_www_data();
             prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
           },
       .launcher = launcher.path()},
      {kNoCapability, "no_new_privs is set: a file capability (setcap cap_net_bind_service=p " +
                          launcher.path() +
                          ") then counts only for a container's first program, in containerd, "
                          "CRI-O and Docker 24.0.6 or later; elsewhere, Kubernetes: "
                          "allowPrivilegeEscalation: true; "
                          "systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit"});
  check::ready({.options = {"-p", "80"}, .in_child = become_www_data, .launcher = launcher.path()});
}

TEST_CASE("--check names the capability root lacks to change its ids") {
  support::enter_own_network();
  const std::string hint =
      "container: docker run --cap-add SETUID --cap-add SETGID; elsewhere `capsh --print` shows "
      "why root lacks it: the bounding set or securebits";
  check::not_planned(
      {.options = {"-u", "www-data", "-p", "80"},
       .in_child = [] { support::drop_capabilities({CAP_SETUID}); }},
      {"cannot become: www-data (uid 33): uid 0 may not change its user (CAP_SETUID)", hint});
  check::not_planned(
      {.options = {"-u", "www-data", "-p", "80"},
       .in_child = [] { support::drop_capabilities({CAP_SETGID}); }},
      {"cannot become: www-data (uid 33): uid 0 may not change its groups (CAP_SETGID)", hint});
}

TEST_CASE("--check finds securebits that forbid raising the ambient set") {
  support::enter_own_network();
  const auto restrict_ambient = [] {
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0) != 0) {
      _exit(122);
    }
  };
  check::not_ready_as_launched(
      {.options = {"-u", "www-data", "-p", "80"}, .in_child = restrict_ambient}, 125,
      {"cannot set the capabilities: PR_CAP_AMBIENT: securebits forbid raising the ambient set "
       "(no_cap_ambient_raise)",
       "use --mode listen-fds; or start it without those securebits: capsh --print shows them"});
  check::ready({.options = {"-u", "www-data", "-p", "80", "-m", "listen-fds"},
                .in_child = restrict_ambient});
  const auto shown = support::run_in_child({"setpriv", "--dump"}, restrict_ambient);
  CHECK(shown.out.find("Securebits: ") != std::string::npos);
  CHECK(shown.out.find("Securebits: [none]") == std::string::npos);
}

TEST_CASE("--check reports that unprivileged ports need no capability") {
  support::enter_own_network();
  const check::Setting by_root{.options = {"-u", "www-data", "-p", "80"}};
  const check::Setting by_user{.options = {"-p", "80"}, .in_child = become_www_data};
  CHECK(check::line(check::ready(by_root), "mode") == "ambient: CAP_NET_BIND_SERVICE");
  support::set_unprivileged_port_start(80);
  for (const auto& setting : {by_root, by_user}) {
    const auto result = check::ready(setting);
    CHECK(check::line(result, "ports") == "80/tcp          not privileged here (>= 80), free");
    CHECK(check::line(result, "mode") ==
          "ambient: no capability, since no listed port needs one here");
    CHECK(check::line(result, "confinement") == "off");
    CHECK(result.err.empty());
  }
}
