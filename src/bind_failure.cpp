#include "bind_failure.hpp"

#include <sys/fsuid.h>
#include <unistd.h>

#include <cerrno>

#include "port_holders.hpp"

namespace lowportbind {
namespace {

/// A resolver on 127.0.0.53, say, leaves the port to whoever does not want every address.
std::string hint_at_other_addresses(const PortHolder& holder, const ListenAddress& address, bool daemon_chooses) {
  if (daemon_chooses) return "a daemon that binds a free address can be launched all the same; ";
  const auto example = (holder.address.find(':') == std::string::npos ? "192.0.2.1:" : "[2001:db8::1]:") +
                       std::to_string(address.port) + (address.transport == Transport::kUdp ? "/udp" : "");
  return "another address may be free, as in -p " + example + "; ";
}

}  // namespace

Error explain_bind(const std::string& object, const ListenAddress& address, int error, bool daemon_chooses) {
  std::string reason(describe_errno(error));
  std::string hint;
  if (error == EADDRINUSE) {
    const std::string option = address.transport == Transport::kTcp ? "-ltnp" : "-lunp";
    hint = "as root, this shows who has it: ss " + option + " 'sport = :" + std::to_string(address.port) + "'";
    setfsuid(geteuid());
    if (const auto holder = find_port_holder(address)) {
      reason += " by " + holder->name + " (pid " + holder->pid + ")";
      hint = "this shows what it is: ps -fp " + holder->pid;
      const bool wants_every_address = address.bytes == decltype(address.bytes){};
      if (wants_every_address && !holder->address.empty()) {
        reason += " on " + holder->address;
        hint.insert(0, hint_at_other_addresses(*holder, address, daemon_chooses));
      }
    }
  } else if (error == EADDRNOTAVAIL) {
    hint = "`ip address` lists the addresses that this host has";
  } else if (error == EACCES) {
    hint =
        "the network may belong to another user namespace, where the capability does not count: one of your own is "
        "made by unshare --map-current-user --keep-caps --net; or lowportbind itself is confined";
  } else if (error == EINVAL) {
    hint = "a link-local address needs its interface: [fe80::1%eth0]:80";
  }
  return failure("cannot bind", object, reason, hint);
}

}  // namespace lowportbind
