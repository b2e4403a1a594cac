// SPDX-License-Identifier: MIT
/* trampoline COMMAND [ARG...]: the least that a program can do before another. */
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 125;
  execv(argv[1], argv + 1);
  return 127;
}
