// SPDX-License-Identifier: MIT
// in-own-network COMMAND [ARG...]: runs it in a network namespace of its own with loopback up,
// where every port is free and ip_unprivileged_port_start is 1024 whatever the host has, and in a
// mount namespace of its own.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support.hpp"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: in-own-network COMMAND [ARG...]\n", stderr);
    return 2;
  }
  support::leave_callers_state();
  support::enter_own_network();
  support::enter_own_mounts();
  setenv("IN_OWN_NETWORK", "1", 1);
  execvp(argv[1], argv + 1);
  std::fprintf(stderr, "in-own-network: %s: %s\n", argv[1], std::strerror(errno));
  return 1;
}
