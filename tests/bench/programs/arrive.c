// SPDX-License-Identifier: MIT
/* The program that is launched: it writes to stdout when it began, as a timespec of
   CLOCK_MONOTONIC. */
#include <time.h>
#include <unistd.h>

int main(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 1;
  return write(STDOUT_FILENO, &now, sizeof(now)) == (ssize_t)sizeof(now) ? 0 : 1;
}
