// SPDX-License-Identifier: MIT
// in-own-mounts COMMAND [ARG...]: runs it in a mount namespace of its own, also from within a
// chroot, which unshare(1) cannot: there "/" is not a mount whose propagation could be changed. It
// sets IN_OWN_MOUNTS=1 in the environment.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support.hpp"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: in-own-mounts COMMAND [ARG...]\n", stderr);
    return 2;
  }
  support::leave_callers_state();
  support::enter_own_mounts();
  setenv("IN_OWN_MOUNTS", "1", 1);
  execvp(argv[1], argv + 1);
  std::fprintf(stderr, "in-own-mounts: %s: %s\n", argv[1], std::strerror(errno));
  return 1;
}
