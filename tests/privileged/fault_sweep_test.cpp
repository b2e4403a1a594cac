// SPDX-License-Identifier: MIT
#include "fault_sweep.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "confinement.hpp"

// Every system call of a launch fails once in each way that makes sense for it, and those that
// matter most lie once: the launch is refused with the name of the step, or the daemon is exactly
// as planned.

namespace {

using fault_sweep::Launch;
using support::Expected;
using support::kBindCapability;

/// A network and tables of the test's own: www-data has two more groups there, and /etc's files are
/// the only name service, so that the default build makes as few calls as the static one.
void enter_own_system() {
  support::enter_own_network();
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\nservices: files\n");
  support::mount_over("/etc/passwd",
                      "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n");
  support::mount_over("/etc/group",
                      "root:x:0:\nwww-data:x:33:\nweb:x:500:www-data\nlogs:x:501:www-data\n");
}

const std::string kGroups = "33 500 501";

/// What a launch has to leave behind, or to leave alone: open descriptors, groups, stale variables,
/// signals.
void be_untidy() {
  for (const int descriptor : {5, 7, 9}) {
    if (descriptor != dup2(STDIN_FILENO, descriptor)) {
      _exit(122);
    }
  }
  const gid_t groups[] = {0, 7, 9};
  if (geteuid() == 0 && setgroups(std::size(groups), groups) != 0) {
    _exit(122);
  }
  setenv("LISTEN_FDS", "3", 1);
  setenv("NGINX", "3;4;", 1);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  std::signal(SIGUSR1, SIG_IGN);
}

/// An ordinary user that already has the ambient capability.
void be_granted_user() {
  be_untidy();
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  support::become(33, 33, {33, 500});
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  data[0] = {1U << CAP_NET_BIND_SERVICE, 1U << CAP_NET_BIND_SERVICE, 1U << CAP_NET_BIND_SERVICE};
  if (syscall(SYS_capset, &header, data) != 0) {
    _exit(122);
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0) {
    _exit(122);
  }
}

}  // namespace

TEST_CASE("--confine listed survives or refuses every fault") {
  support::require_confinement();
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-u", "www-data", "-p", "80,5000", "--confine", "listed"},
      .questions = {"bind=tcp/4/80", "bind=tcp/4/5000", "bind=tcp/4/0", "bind=tcp/4/81",
                    "bind=tcp/6/8080", "socket=2/1/0x106/81", "io_uring"},
      .expected = {.groups = kGroups, .capabilities = kBindCapability},
      .answers = {{"fds", "0 1 2"},
                  {"bind=tcp/4/80", "ok"},
                  {"bind=tcp/4/0", "ok"},
                  {"bind=tcp/4/81", "EACCES"},
                  {"bind=tcp/6/8080", "EACCES"},
                  {"socket=2/1/0x106/81", "socket EPROTONOSUPPORT"}},
      .in_child = be_untidy,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("the default confinement survives or refuses every fault") {
  support::require_confinement();
  enter_own_system();
  // Each port from there on costs a system call, and the kernel may not choose one below.
  support::write_file("/proc/sys/net/ipv4/ip_local_port_range", "65530 65535\n");
  support::set_unprivileged_port_start(65530);
  fault_sweep::sweep({
      .options = {"-u", "www-data", "-p", "2000,53/udp"},
      .questions = {"bind=tcp/4/2000", "bind=udp/4/53", "bind=tcp/4/2001", "bind=tcp/4/65499",
                    "bind=tcp/6/65530", "bind=tcp/4/65535", "socket=2/1/0x106/81"},
      .expected = {.groups = kGroups, .capabilities = kBindCapability},
      .answers = {{"bind=tcp/4/2000", "ok"},
                  {"bind=tcp/4/2001", "EACCES"},
                  {"bind=tcp/4/65535", "ok"}},
      .in_child = be_untidy,
      .may_be_open = true,
  });
  support::check_denied("tcp/4/2000");
}

TEST_CASE("--confine off survives or refuses every fault") {
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-u", "www-data:web", "--groups", "web,logs", "-p", "80", "--confine", "off",
                  "--clear-env", "--env", "MODE=test"},
      .questions = {"bind=tcp/4/80", "socket=2/1/0x106/81"},
      .expected = {.gid = "500", .groups = "500 501", .capabilities = kBindCapability},
      .answers = {{"bind=tcp/4/80", "ok"}},
      .in_child = be_untidy,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("listen-fds mode survives or refuses every fault") {
  support::require_confinement();
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-u", "www-data", "-p", "web=80,dns=53/udp", "-m", "listen-fds", "--reuse-port",
                  "--backlog", "7", "--confine", "listed"},
      .questions = {"fd=3", "fd=4", "backlog=3", "reach=3/4/80", "reach=4/6/53", "bind=tcp/4/8080",
                    "bind=tcp/4/80/reuseport"},
      .expected = {.groups = kGroups},
      .answers = {{"fds", "0 1 2 3 4"},
                  {"fd=3", "tcp [::]:80 dual-stack listening reuseaddr reuseport blocking"},
                  {"fd=4", "udp [::]:53 dual-stack reuseport blocking"},
                  {"bind=tcp/4/8080", "EACCES"}},
      .in_child = be_untidy,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("inetd mode survives or refuses every fault") {
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-u", "www-data", "-p", "80", "-m", "inetd"},
      .questions = {"reach=0/4/80"},
      .expected = {.groups = kGroups},
      .answers = {{"fds", "0 1 2"},
                  {"fd=0", "tcp [::]:80 dual-stack listening reuseaddr blocking"},
                  {"fd=1", "tcp [::]:80 dual-stack listening reuseaddr blocking"},
                  {"reach=0/4/80", "ok"}},
      .in_child = be_untidy,
      .answers_in_file = true,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("nginx mode survives or refuses every fault") {
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-u", "33:33", "-p", "80", "-m", "nginx"},
      .questions = {"fd=3", "fd=4", "reach=3/4/80", "reach=4/6/80"},
      .expected = {.groups = kGroups},
      .answers = {{"fds", "0 1 2 3 4"},
                  {"fd=3", "tcp 0.0.0.0:80 listening reuseaddr blocking"},
                  {"fd=4", "tcp [::]:80 v6only listening reuseaddr blocking"}},
      .in_child = be_untidy,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("an ordinary user's launch survives or refuses every fault") {
  support::require_confinement();
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-p", "80", "--confine", "listed"},
      .questions = {"bind=tcp/4/80", "bind=tcp/4/81"},
      .expected = {.groups = "33 500",
                   .capabilities = kBindCapability,
                   .bounding = support::own_status("CapBnd")},
      .answers = {{"bind=tcp/4/80", "ok"}, {"bind=tcp/4/81", "EACCES"}},
      .in_child = be_granted_user,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("--own-stdio --new-session survives or refuses every fault") {
  enter_own_system();
  fault_sweep::sweep({
      .options = {"-u", "www-data", "-p", "80", "-m", "listen-fds", "--own-stdio", "--new-session",
                  "--keep-fd", "7"},
      .questions = {"fd=3", "fd=7", "open=/dev/stdout", "open=/dev/stderr"},
      .expected = {.groups = kGroups},
      .answers = {{"open=/dev/stdout", "ok"},
                  {"session", "leader"},
                  {"pdeathsig", std::to_string(SIGTERM)}},
      .in_child =
          [] {
            be_untidy();
            prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
          },
      // The launcher is the test's own child, and has its parent-death signal.
      .strace_options = {"-D"},
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("an NSS lookup survives or refuses every fault") {
  enter_own_system();
  // The C library follows a line with an action, and finds the memberships if there is more than
  // one source: here one that has none, and is not a separate module, whose faults would not be the
  // launcher's. The static build still reads /etc.
  support::mount_over("/etc/nsswitch.conf", "passwd: files [NOTFOUND=return]\ngroup: files dns\n");
  fault_sweep::sweep({
      .options = {"-u", "www-data:web", "-p", "80", "--confine", "off"},
      .questions = {"bind=tcp/4/80"},
      .expected = {.gid = "500", .groups = "500 501", .capabilities = kBindCapability},
      .answers = {{"bind=tcp/4/80", "ok"}},
      .in_child = be_untidy,
  });
  support::check_denied("tcp/4/80");
}

TEST_CASE("--check of ambient mode survives or reports every fault") {
  support::require_confinement();
  enter_own_system();
  fault_sweep::sweep_check(
      {.options = {"-u", "www-data", "-p", "80", "--confine", "listed"}, .in_child = be_untidy});
}

TEST_CASE("--check of listen-fds mode survives or reports every fault") {
  enter_own_system();
  fault_sweep::sweep_check({.options = {"-u", "www-data", "-p", "80,53/udp", "-m", "listen-fds"},
                            .in_child = be_untidy});
}
