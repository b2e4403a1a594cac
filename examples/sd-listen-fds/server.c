/* Answers each connection with the name of the socket that accepted it, as sd_listen_fds(3) gives
 * it. It tells systemd when it is ready, and, if WatchdogSec= asks for it, that it is alive.
 *
 *   cc -o server server.c -lsystemd
 *   lowportbind --user www-data -m listen-fds -p web=80,admin=127.0.0.1:81 -- ./server
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { kMaximum = 16 };

/* One connection at a time. Don't wait long for a silent client: the other clients and the watchdog
 * are waiting too. */
static void answer(int listener, const char* name) {
  const struct timeval patience = {.tv_sec = 1};
  char request[4096];
  char reply[512];
  const int connection = accept(listener, NULL, NULL);
  if (connection < 0) return;
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (read(connection, request, sizeof(request)) > 0) {
    const int length =
        snprintf(reply, sizeof(reply), "HTTP/1.0 200 OK\r\n\r\nthe socket named %s\n", name);
    if (write(connection, reply, (size_t)length) != length) perror("write");
  }
  close(connection);
}

/* How long poll(2) may wait, in milliseconds: half of WATCHDOG_USEC, if WATCHDOG_PID is this
 * process. */
static int pause_between_messages(void) {
  uint64_t microseconds = 0;
  return sd_watchdog_enabled(0, &microseconds) > 0 ? (int)(microseconds / 2000) : -1;
}

int main(void) {
  struct pollfd sockets[kMaximum];
  char** names = NULL;
  const int count = sd_listen_fds_with_names(1, &names);
  if (count < 0) {
    fprintf(stderr, "sd_listen_fds_with_names: %s\n", strerror(-count));
    return EXIT_FAILURE;
  }
  if (count == 0 || count > kMaximum) {
    fprintf(stderr, "%d sockets, expected 1 to %d\n", count, kMaximum);
    return EXIT_FAILURE;
  }
  for (int index = 0; index < count; ++index) {
    sockets[index] = (struct pollfd){.fd = SD_LISTEN_FDS_START + index, .events = POLLIN};
    if (sd_is_socket(sockets[index].fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
      fprintf(stderr, "descriptor %d (%s) does not listen\n", sockets[index].fd, names[index]);
      return EXIT_FAILURE;
    }
    fprintf(stderr, "descriptor %d is %s\n", sockets[index].fd, names[index]);
  }
  sd_notify(0, "READY=1");
  const int timeout = pause_between_messages();
  while (poll(sockets, (nfds_t)count, timeout) >= 0) {
    if (timeout >= 0) sd_notify(0, "WATCHDOG=1");
    for (int index = 0; index < count; ++index) {
      if (sockets[index].revents != 0) answer(sockets[index].fd, names[index]);
    }
  }
  perror("poll");
  return EXIT_FAILURE;
}
