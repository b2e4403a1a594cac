#include "bind_failure.hpp"

#include <sys/fsuid.h>
#include <unistd.h>

#include <cerrno>

#include "port_holders.hpp"

namespace lowportbind {

Error explain_bind(const std::string& object, const ListenAddress& address, int error) {
  std::string reason(describe_errno(error));
  std::string hint;
  if (error == EADDRINUSE) {
    const std::string option = address.transport == Transport::kTcp ? "-ltnp" : "-lunp";
    hint = "as root, this shows who has it: ss " + option + " 'sport = :" + std::to_string(address.port) + "'";
    setfsuid(geteuid());
    if (const auto holder = find_port_holder(address)) {
      reason += " by " + holder->name + " (pid " + holder->pid + ")";
      hint = "this shows what it is: ps -fp " + holder->pid;
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
