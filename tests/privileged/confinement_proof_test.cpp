// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "confinement.hpp"
#include "spoiled_call.hpp"

// The launcher tries the confinement before the exec: unlisted ports must be refused, and listed
// ones must not.

namespace {

/// For in_child: socket(2) fails with EAFNOSUPPORT for this family, as with
/// RestrictAddressFamilies= of a systemd unit.
void refuse_family(std::uint32_t family) {
  constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  constexpr auto kFirstArgument = static_cast<std::uint32_t>(offsetof(seccomp_data, args));
  sock_filter filter[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumber},
                          {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_socket},
                          {BPF_LD | BPF_W | BPF_ABS, 0, 0, kFirstArgument},
                          {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, family},
                          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EAFNOSUPPORT},
                          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program{std::size(filter), filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
    _exit(122);
  }
}

}  // namespace

TEST_CASE("a confinement that cannot be proved ends the launch") {
  support::require_confinement();
  support::require_strace();
  const std::string refusing = "refusing to start the daemon: ";
  spoiled_call::check(
      {.options = {"-p", "80", "--confine", "listed"}},
      {
          {"socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)", "error=EMFILE",
           refusing + "a socket to prove the confinement: Too many open files"},
          {"bind(", "error=ENOMEM", refusing + "TCP port 80: Cannot allocate memory"},
          {"bind(", "error=EACCES", refusing + "TCP port 80: it is listed, yet it is refused"},
          {"socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0xffff", "error=EINVAL",
           refusing + "confinement: the seccomp filter is not in force"},
      });
}

TEST_CASE("a port refused by another check does not fail the proof") {
  support::require_confinement();
  support::require_strace();
  // SocketBindDeny= of a systemd unit is checked after Landlock, and answers EPERM; here for all
  // but the first three binds, which try unlisted ports.
  const auto launch_with = [](const std::string& effect) {
    return support::trace({"-e", "inject=bind:" + effect},
                          {support::launcher(), "-u", "www-data", "-p", "80", "--",
                           support::probe(), "status"})
        .result;
  };
  const auto refused = launch_with("error=EPERM:when=4..5");
  CAPTURE(refused.err);
  CHECK(refused.status == 0);
  support::check_filtered(support::fields(refused.out));
  const char* const unlisted[] = {"1023", "79", "81"};
  for (int index = 0; index < 3; ++index) {
    support::check_refused(launch_with("error=EPERM:when=" + std::to_string(index + 1)), 125,
                           {std::string("refusing to start the daemon: TCP port ") +
                            unlisted[index] + ": Operation not permitted"});
  }
}

TEST_CASE("an extra rule next to a listed port ends the launch") {
  support::require_confinement();
  support::require_strace();
  // A bind that fails with EADDRNOTAVAIL has been allowed the port. strace filters by seccomp,
  // since a stop at each rule would take minutes.
  const auto open_at = [](const support::Words& options, int bind) {
    return support::run(support::join(
        {{"strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=bind", "-e",
          "inject=bind:error=EADDRNOTAVAIL:when=" + std::to_string(bind), support::launcher(), "-u",
          "www-data"},
         options,
         {"--", support::probe(), "status"}}));
  };
  const auto check = [&](const support::Words& options, const support::Words& ports) {
    for (std::size_t index = 0; index < ports.size(); ++index) {
      CAPTURE(ports[index]);
      support::check_refused(open_at(options, static_cast<int>(index) + 1), 125,
                             {"refusing to start the daemon: TCP port " + ports[index] +
                              ": it is not listed, yet it can be bound\n"});
    }
    // The next bind is that of port 0, which is allowed anyway.
    CHECK(open_at(options, static_cast<int>(ports.size()) + 1).status == 0);
  };
  check({"-p", "443,80"}, {"1023", "79", "81"});
  check({"-p", "8080,21-23"}, {"1023", "20", "24"});
  check({"-p", "1,8080"}, {"1023", "2"});
  check({"-p", "1023"}, {"1022", "1022"});
  check({"-p", "443,80", "--confine", "listed"}, {"65535", "79", "81"});
  check({"-p", "53/udp"}, {"1023"});
  check({"-p", "1-1023"}, {});
}

TEST_CASE("a kernel that falsely claims UDP rules ends the launch") {
  support::require_confinement();
  support::require_strace();
  if (support::has_udp_rules()) {
    support::skip("this kernel has rules for UDP");
  }
  const auto launch = [](const support::Words& options) {
    return support::trace({"-e", "inject=landlock_create_ruleset:retval=10:when=1"},
                          support::join({{support::launcher(), "-u", "www-data", "-p", "80"},
                                         options,
                                         {"--", support::probe(), "status"}}))
        .result;
  };
  support::check_refused(
      launch({}), 125,
      {"cannot confine the daemon to its ports: landlock_create_ruleset: Invalid argument"});
  CHECK(
      launch({"-v"}).err.find("lowportbind: confining TCP and UDP ports: --confine privileged\n") !=
      std::string::npos);
}

TEST_CASE("without IPv4 sockets the confinement is proved by IPv6") {
  support::require_confinement();
  support::require_strace();
  const auto without_ipv4 = [] { refuse_family(AF_INET); };
  const auto result = support::launch_probe(
      {"-u", "www-data", "-p", "80"}, {"status", "bind=tcp/6/80", "bind=tcp/6/81", "bind=tcp/4/80"},
      without_ipv4);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  auto field = support::fields(result.out);
  CHECK(field["bind=tcp/6/80"] == "ok");
  CHECK(field["bind=tcp/6/81"] == "EACCES");
  CHECK(field["bind=tcp/4/80"] == "socket EAFNOSUPPORT");
  support::check_refused(
      support::launch_probe({"-u", "www-data", "-p", "80"}, {"status"},
                            [] {
                              refuse_family(AF_INET);
                              refuse_family(AF_INET6);
                            }),
      125, {"a socket to prove the confinement: Address family not supported by protocol"});
}

TEST_CASE("the audit log has the daemon's denials but not our probes") {
  support::require_confinement();
  support::require_strace();
  const auto traced =
      support::trace({"-X", "raw"}, {support::launcher(), "-u", "www-data", "-p", "80", "--confine",
                                     "listed", "--", "/bin/true"});
  REQUIRE(traced.result.status == 0);
  // LANDLOCK_CREATE_RULESET_VERSION.
  const auto abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U);
  const std::string flags = abi >= 7 ? ", 0x3)" : ", 0)";
  const auto is_restriction = [&](const std::string& call) {
    return call.starts_with("landlock_restrict_self(") && call.find(flags) != std::string::npos;
  };
  CAPTURE(flags);
  CHECK(std::count_if(traced.calls.begin(), traced.calls.end(), is_restriction) == 1);
}

TEST_CASE("a listed unprivileged port is proved open") {
  support::require_confinement();
  support::require_strace();
  spoiled_call::check(
      {.options = {"-p", "80,8080", "-m", "listen-fds", "--confine", "listed"}},
      {{"landlock_add_rule(", "retval=0",
        "refusing to start the daemon: TCP port 8080: it is listed, yet it is refused"}});
}

TEST_CASE("the proof works if documentation addresses can be bound") {
  support::require_confinement();
  support::write_file("/proc/sys/net/ipv4/ip_nonlocal_bind", "1\n");
  for (const support::Words& options :
       {support::Words{}, support::Words{"-m", "listen-fds", "--confine", "listed"}}) {
    const auto field = support::ask_daemon(support::join({{"-p", "80,8080"}, options}),
                                           {"status", "bind=tcp/4/81"});
    support::check_filtered(field);
    CHECK(field.at("bind=tcp/4/81") == "EACCES");
  }
}
