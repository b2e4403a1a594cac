// SPDX-License-Identifier: MIT
#include "starters.hpp"

#include <linux/capability.h>

#include <csignal>

#include "situations.hpp"

namespace fuzz {
namespace {

using lowport::Host;

struct Circumstance {
  char letter;
  void (*apply)(Host& host);
};

void take_away(Host& host, unsigned capability) {
  host = situation::without(std::move(host), capability);
}

constexpr Circumstance kCircumstances[] = {
    {'r',
     [](Host& host) {
       host = situation::started_by_root();
       host.may_keep_capabilities = true;
     }},
    {'u', [](Host& host) { host = situation::started_by_user(); }},
    {'c', [](Host& host) { host = situation::started_from_capable_file(); }},
    {'a',  // a user who holds the capability as ambient already
     [](Host& host) {
       host = situation::started_by_user();
       host.capabilities = {lowport::kNetBindService, lowport::kNetBindService,
                            lowport::kNetBindService};
     }},
    // Containers with few capabilities:
    {'p', [](Host& host) { take_away(host, CAP_SETPCAP); }},
    {'n', [](Host& host) { take_away(host, CAP_NET_BIND_SERVICE); }},
    {'s', [](Host& host) { take_away(host, CAP_SETUID); }},
    {'g', [](Host& host) { take_away(host, CAP_SETGID); }},
    {'w', [](Host& host) { take_away(host, CAP_SYS_ADMIN); }},
    // Kernels, and what they were told:
    {'4', [](Host& host) { host.has_ipv6 = false; }},
    {'0', [](Host& host) { host.unprivileged_port_start = 0; }},
    {'h', [](Host& host) { host.unprivileged_port_start = 65535; }},
    {'x', [](Host& host) { host.unprivileged_port_start.reset(); }},
    {'f', [](Host& host) { host.has_fsuid = false; }},
    {'k',
     [](Host& host) {
       host = situation::without_confinement(std::move(host), "this kernel has no Landlock");
     }},
    {'b', [](Host& host) { host.longest_backlog = 128; }},
    // What the starter set up:
    {'i',
     [](Host& host) {
       host.inherited = lowport::InheritedSockets{{"", "web"}};
     }},
    {'j', [](Host& host) { host.inherited = lowport::InheritedSockets{{""}}; }},
    {'v', [](Host& host) { host.no_new_privs = true; }},
    {'z', [](Host& host) { host.lacked = lowport::LackedCapability{}; }},
    {'d',
     [](Host& host) {
       host.parent_death = {SIGTERM, 1};
     }},
    {'m',
     [](Host& host) {
       host.identity.groups = {0, 4, 20, 33};
     }},
};

}  // namespace

Host host_from(std::string_view letters) {
  auto host = situation::started_by_root();
  for (const char letter : letters.substr(0, 16)) {
    for (const auto& circumstance : kCircumstances) {
      if (circumstance.letter == letter) {
        circumstance.apply(host);
      }
    }
  }
  return host;
}

}  // namespace fuzz
