// SPDX-License-Identifier: MIT
#include "launcher/consistency.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "launcher/environment.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

std::string mode_option(Mode mode) { return "--mode " + std::string(mode_name(mode)); }

/// In ambient mode the daemon does the binding, and of a listed address the kernel checks only the
/// port.
void check_ambient(const Options& options) {
  for (const auto& address : options.listen) {
    if (!address.name.empty()) {
      throw failure(kNoEffect, format_address(address),
                    "a descriptor name needs a descriptor, and --mode ambient passes none",
                    "leave \"" + address.name + "=\" out, or use --mode listen-fds");
    }
    if (address.host != HostKind::kEvery) {
      throw failure(kNoEffect, format_address(address),
                    "in --mode ambient the daemon chooses the address; only the port counts",
                    "leave the host out, or use --mode listen-fds, inetd or nginx");
    }
  }
  if (options.backlog) {
    throw failure(kNoEffect, "--backlog", "in --mode ambient the daemon opens its own sockets");
  }
  if (options.reuse_port) {
    throw failure(kNoEffect, "--reuse-port", "in --mode ambient the daemon opens its own sockets");
  }
}

void check_socket_mode(const Options& options, const Host& host) {
  const bool inherits = options.mode == Mode::kListenFds && host.inherited.has_value();
  if (options.listen.empty() && !inherits) {
    throw failure(kNoEffect, mode_option(options.mode), "no port is listed", "list one: -p 80");
  }
  if (options.mode == Mode::kInetd && options.listen.size() != 1) {
    throw failure(kContradiction, mode_option(options.mode),
                  "an inetd server has one socket, but " + std::to_string(options.listen.size()) +
                      " ports are listed");
  }
  const auto is_tcp = [](const ListenAddress& address) {
    return address.transport == Transport::kTcp;
  };
  if (options.backlog && std::none_of(options.listen.begin(), options.listen.end(), is_tcp)) {
    throw failure(kNoEffect, "--backlog", "no TCP port is listed, and only TCP has a queue");
  }
  if (options.backlog && *options.backlog > host.longest_backlog.value_or(0)) {
    const auto wanted = std::to_string(*options.backlog);
    if (!host.longest_backlog) {
      throw failure("cannot set the backlog", wanted,
                    "net.core.somaxconn, which caps it, cannot be read", "leave --backlog out");
    }
    throw failure("cannot set the backlog", wanted,
                  "the kernel caps it at " + std::to_string(*host.longest_backlog),
                  "as root: sysctl -w net.core.somaxconn=" + wanted);
  }
  if (options.reuse_port && options.listen.empty()) {
    throw failure(kNoEffect, "--reuse-port", "no port is listed");
  }
  if (options.mode == Mode::kListenFds) {
    return;
  }
  for (const auto& address : options.listen) {
    if (address.name.empty()) {
      continue;
    }
    throw failure(kNoEffect, format_address(address),
                  "only --mode listen-fds passes on descriptor names",
                  "leave \"" + address.name + "=\" out");
  }
}

void check_environment(const Options& options) {
  const auto& environment = options.environment;
  for (const auto& name : environment.keep) {
    if (!announces_descriptors(name)) {
      continue;
    }
    throw failure(kNoEffect, "--env " + name,
                  "it announces the caller's descriptors, which the daemon does not have",
                  "set it: --env " + name + "=VALUE, to announce a descriptor of --keep-fd");
  }
  if (!environment.clear && !environment.keep.empty()) {
    throw failure(kNoEffect, "--env " + environment.keep.front(),
                  "without --clear-env every variable is kept",
                  "set it: --env " + environment.keep.front() + "=VALUE, or add --clear-env");
  }
  for (const auto& name : environment.keep) {
    if (is_always_kept(name)) {
      throw failure(kNoEffect, "--env " + name, "--clear-env keeps this variable anyway");
    }
    if (options.user && follows_account(name)) {
      throw failure(kNoEffect, "--env " + name, "with --user this variable follows the account",
                    "set it: --env " + name + "=VALUE");
    }
  }
}

}  // namespace

void check_consistency(const Options& options, const Host& host) {
  if (host.inherited && options.mode != Mode::kListenFds) {
    throw failure(
        kContradiction, mode_option(options.mode),
        "lowportbind was itself started with sockets (LISTEN_FDS), which only listen-fds passes on",
        "use --mode listen-fds, or start it without socket activation");
  }
  if (options.allow_new_privs && host.no_new_privs.value()) {
    throw failure(kNoEffect, "--allow-new-privs", "no_new_privs is already set and cannot be unset",
                  "leave the option out, or start lowportbind without no_new_privs; "
                  "container: docker run without --security-opt no-new-privileges");
  }
  if (options.json && options.action != Action::kCheck) {
    throw failure(kNoEffect, "--json", "without --check there is nothing to print",
                  "add --check, or leave --json out");
  }
  check_environment(options);
  if (opens_sockets(options.mode)) {
    check_socket_mode(options, host);
  } else {
    check_ambient(options);
  }
  if (const auto overlap = find_overlap(
          options.listen, options.reuse_port ? Repeats::kAllowed : Repeats::kOverlap)) {
    const auto& [one, other] = *overlap;
    if (one == other) {
      throw failure(kContradiction, format_address(one), "it is listed twice",
                    opens_sockets(options.mode)
                        ? "for several sockets on one address, add --reuse-port"
                        : "");
    }
    throw failure(kContradiction, format_address(other), "it overlaps " + format_address(one));
  }
}

}  // namespace lowport
