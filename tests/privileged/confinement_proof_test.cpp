#include <doctest/doctest.h>

#include "confinement.hpp"
#include "spoiled_call.hpp"

// Before the exec the confinement is tried: what is not listed must be refused, and what is listed must not.

TEST_CASE("a confinement that cannot be proved ends the launch") {
  support::require_confinement();
  support::require_strace();
  const std::string refusing = "refusing to start the daemon: ";
  spoiled_call::check({.options = {"-p", "80", "--confine", "listed"}},
                      {
                          {"socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)", "error=EMFILE",
                           refusing + "a socket to prove the confinement with: Too many open files"},
                          {"bind(", "error=ENOMEM", refusing + "TCP port 80: Cannot allocate memory"},
                          {"bind(", "error=EACCES", refusing + "TCP port 80: it was listed, and is refused"},
                          {"socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0xffff", "error=EINVAL",
                           refusing + "confinement: the seccomp filter does not answer"},
                      });
}

TEST_CASE("a listed port that any process may bind is proved open though the daemon has no capability") {
  support::require_confinement();
  support::require_strace();
  spoiled_call::check({.options = {"-p", "80,8080", "-m", "listen-fds", "--confine", "listed"}},
                      {{"landlock_add_rule(", "retval=0",
                        "refusing to start the daemon: TCP port 8080: it was listed, and is refused all the same"}});
}

TEST_CASE("the confinement is proved where addresses that are nobody's can be bound") {
  support::require_confinement();
  support::write_file("/proc/sys/net/ipv4/ip_nonlocal_bind", "1\n");
  for (const support::Words& options : {support::Words{}, support::Words{"-m", "listen-fds", "--confine", "listed"}}) {
    const auto field = support::ask_daemon(support::join({{"-p", "80,8080"}, options}), {"status", "bind=tcp/4/81"});
    support::check_filtered(field);
    CHECK(field.at("bind=tcp/4/81") == "EACCES");
  }
}
