// SPDX-License-Identifier: MIT
#include "launcher/bind_failure.hpp"

#include <sys/fsuid.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "base/credentials.hpp"
#include "launcher/inherited_sockets.hpp"
#include "launcher/port_holders.hpp"
#include "launcher/what_failed.hpp"

namespace lowport {
namespace {

// The usual soft limit, which the daemon would have without the launcher.
constexpr rlim_t kFilesOfDaemon = 1024;

/// A resolver on 127.0.0.53, say, leaves the port free on other addresses.
std::string hint_at_other_addresses(const PortHolder& holder, const ListenAddress& address,
                                    Binder binder) {
  if (binder == Binder::kDaemon) {
    return "a daemon that binds a free address can still be launched; ";
  }
  const auto example =
      (holder.address.find(':') == std::string::npos ? "192.0.2.1:" : "[2001:db8::1]:") +
      std::to_string(address.port) + (address.transport == Transport::kUdp ? "/udp" : "");
  return "another address may be free, as in -p " + example + "; ";
}

std::string hint_for_limit(rlim_t needed) {
  const auto number = std::to_string(needed);
  auto hint = "raise the limit before the launch: ulimit -n " + number +
              " (for these sockets and " + std::to_string(kFilesOfDaemon) +
              " files for the daemon)";
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || needed <= files.rlim_max) {
    return hint;
  }
  return hint + "; root can raise the hard limit of " + std::to_string(files.rlim_max) +
         "; container: docker run --ulimit nofile=" + number + "; systemd: LimitNOFILE=" + number;
}

/// For example, a unit that lists the port of its own socket unit.
Error explain_inherited(const std::string& object, const ListenAddress& address, int descriptor) {
  return failure(kCannotBind, object,
                 "it is already among the sockets that lowportbind was started with: descriptor " +
                     std::to_string(descriptor),
                 "leave " + std::to_string(address.port) +
                     (address.transport == Transport::kUdp ? "/udp" : "") +
                     " out of -p; if that leaves no port, leave --mode out too, "
                     "unless the socket came through LISTEN_FDS");
}

}  // namespace

Error explain_socket(const std::string& object, int error, std::size_t descriptors) {
  std::string hint;
  if (error == EMFILE) {
    hint = hint_for_limit(descriptors + kFilesOfDaemon);
  }
  if (error == ENFILE) {
    hint = "the whole system has too many open files; as root: sysctl fs.file-nr fs.file-max";
  }
  if (error == EAFNOSUPPORT) {
    hint = "this host has no IPv6: list an IPv4 address, or the port alone";
  }
  return system_failure("cannot open a socket for", object, error, hint);
}

Error explain_bind(const std::string& object, const ListenAddress& address, int error,
                   Binder binder) {
  std::string reason(describe_errno(error));
  std::string hint;
  if (error == EADDRINUSE) {
    if (const auto inherited = find_inherited_socket(address)) {
      return explain_inherited(object, address, *inherited);
    }
    const std::string option = address.transport == Transport::kTcp ? "-ltnp" : "-lunp";
    const auto command = "ss " + option + " 'sport = :" + std::to_string(address.port) + "'";
    // Root sees only the processes of its PID namespace, and containers may share a network.
    hint = (geteuid() == 0 ? "no process visible here has it; to see who does, "
                             "on the host or in another container of the pod: "
                           : "to see who has it, as root: ") +
           command;
    setfsuid(geteuid());
    if (const auto holder = find_port_holder(address)) {
      reason += " by " + holder->name + " (pid " + holder->pid + ")";
      hint = "to see what it is: ps -fp " + holder->pid;
      if (is_wildcard(address) && !holder->address.empty()) {
        reason += " on " + holder->address;
        hint.insert(0, hint_at_other_addresses(*holder, address, binder));
      }
    }
  } else if (error == EADDRNOTAVAIL) {
    const std::string family = address.host == HostKind::kIpv4 ? "ipv4" : "ipv6";
    hint =
        "`ip address` lists this host's addresses; for one that it gets later: "
        "After=network-online.target in the unit, or as root: sysctl -w net." +
        family + ".ip_nonlocal_bind=1";
  } else if (error == EACCES &&
             !contains(read_thread_capabilities().effective, CAP_NET_BIND_SERVICE)) {
    hint =
        "a low port needs CAP_NET_BIND_SERVICE: start it as root, "
        "or docker run --cap-add NET_BIND_SERVICE; "
        "for any other port, lowportbind itself is confined";
  } else if (error == EACCES) {
    hint =
        "the network may belong to another user namespace, where the capability does not count: "
        "to make your own, unshare --map-current-user --keep-caps --net; "
        "or lowportbind itself may be confined";
  } else if (error == EINVAL) {
    hint = "a link-local address needs its interface: [fe80::1%eth0]:80";
  }
  return failure(kCannotBind, object, reason, hint);
}

}  // namespace lowport
