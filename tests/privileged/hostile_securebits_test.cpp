// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hostile.hpp"

using support::check_daemon;
using support::check_refused;
using support::kBindCapability;
using support::kNoCapability;
using support::Words;

namespace {

constexpr unsigned kKeepCapsLocked = SECBIT_KEEP_CAPS_LOCKED;

void set_securebits(unsigned bits) {
  if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0) {
    _exit(122);
  }
}

bool has(unsigned bits, unsigned one) { return (bits & one) != 0; }

/// Root's launch under these securebits: as planned, unless one of them takes away what the launch
/// cannot do without.
void check_root(unsigned bits, const Words& options, bool grants) {
  CAPTURE(bits);
  CAPTURE(options);
  const auto result =
      support::launch_probe(support::join({{"-u", "www-data", "--confine", "off"}, options}),
                            {"status", "fds"}, [=] { set_securebits(bits); });
  if (has(bits, SECBIT_NOROOT)) {  // root's uid gives no capability then
    check_refused(result, 125,
                  {"cannot become: www-data (uid 33): ", "CAP_SETUID", "hint: ", "securebits"});
  } else if (grants && has(bits, kKeepCapsLocked)) {
    check_refused(result, 125,
                  {"PR_SET_KEEPCAPS: Operation not permitted", "hint: ", "securebits"});
  } else if (grants && has(bits, SECBIT_NO_CAP_AMBIENT_RAISE)) {
    check_refused(result, 125,
                  {"securebits forbid raising the ambient set", "hint: ", "--mode listen-fds"});
  } else {
    auto field = check_daemon(result, {.capabilities = grants ? kBindCapability : kNoCapability});
    CHECK(field["fds"] == (options.size() == 4 ? "0 1 2 3" : "0 1 2"));
  }
}

/// Every combination that the kernel has: four bits, each with its lock.
constexpr unsigned kCombinations = 256;

}  // namespace

TEST_CASE("under any securebits only the listed port is granted") {
  support::enter_own_network();
  for (unsigned bits = 0; bits < kCombinations; ++bits) {
    check_root(bits, {"-p", "80"}, true);
  }
  support::check_denied("tcp/4/80");
}

TEST_CASE("under any securebits a socket is handed over") {
  support::enter_own_network();
  for (unsigned bits = 0; bits < kCombinations; ++bits) {
    check_root(bits, {"-p", "80", "-m", "listen-fds"}, false);
  }
}

TEST_CASE("securebits without a port leave no capability behind") {
  support::require_root();
  for (unsigned bits = 0; bits < kCombinations; bits += 4) {  // without SECBIT_NOROOT
    check_root(bits, {}, false);
    check_root(bits, {"-p", "8080"}, false);
  }
}

TEST_CASE("securebits do not preserve the caller's ambient set") {
  support::enter_own_network();
  constexpr unsigned kApart = SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP;
  const auto hold = [](unsigned bits) {
    using hostile::bit;
    hostile::hold_ambient(bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_SETPCAP) |
                              bit(CAP_NET_BIND_SERVICE) | bit(CAP_NET_RAW) | bit(CAP_SYS_ADMIN),
                          0);
    set_securebits(bits);
  };
  // The control: a change of user alone leaves all of it.
  const auto control = support::run_in_child({support::probe(), "status"}, [&] {
    hold(kApart);
    support::become(33, 33);
  });
  CHECK(support::fields(control.out)["CapEff"] == "00000000002025c0");
  for (const unsigned bits :
       {kApart & SECBIT_NOROOT, kApart & SECBIT_NO_SETUID_FIXUP, kApart, kApart | kApart << 1U}) {
    for (const Words& options :
         {Words{"-p", "80"}, Words{"-p", "80", "-m", "listen-fds"}, Words{"-p", "8080"}, Words{}}) {
      CAPTURE(bits);
      CAPTURE(options);
      const bool grants = options == Words{"-p", "80"};
      check_daemon(support::launch_probe(support::join({{"-u", "www-data"}, options}), {"status"},
                                         [&] { hold(bits); }),
                   {.capabilities = grants ? kBindCapability : kNoCapability});
    }
  }
}
