// SPDX-License-Identifier: MIT
/* bare_launch USER FIRST-PORT COUNT COMMAND [ARG...]: what lowportbind does, in plain C, as the
   limit that it could reach: the same system calls in the same order, each as cheap to prepare as
   possible, without options, messages, or any other case. COUNT 0: mode ambient; otherwise that
   many sockets from FIRST-PORT on. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { kMostGroups = 64, kFirstSocket = 3, kBacklog = 4096, kFailed = 125, kTableSize = 65536 };

struct account {
  char* name;
  char* home;
  char* shell;
  uid_t uid;
  gid_t gid;
  gid_t groups[kMostGroups];
  int count;
};

static void require(int success, const char* what) {
  if (success) return;
  perror(what);
  _exit(kFailed);
}

static void read_file(const char* path, char* text, size_t size) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  require(file >= 0, path);
  const ssize_t length = read(file, text, size - 1);
  require(length >= 0 && (size_t)length < size - 1, path);
  text[length] = '\0';
  close(file);
}

/* Line by line, because most lines are for other accounts. */
static void look_up(struct account* account) {
  static char passwd[kTableSize];
  static char group[kTableSize];
  const size_t length = strlen(account->name);
  read_file("/etc/passwd", passwd, sizeof(passwd));
  char* line = passwd;
  while (strncmp(line, account->name, length) != 0 || line[length] != ':') {
    line = strchr(line, '\n');
    require(line != NULL && *++line != '\0', account->name);
  }
  strsep(&line, ":");
  strsep(&line, ":");
  account->uid = (uid_t)strtoul(strsep(&line, ":"), NULL, 10);
  account->gid = (gid_t)strtoul(strsep(&line, ":"), NULL, 10);
  strsep(&line, ":");
  account->home = strsep(&line, ":");
  account->shell = strsep(&line, "\n");
  account->groups[account->count++] = account->gid;

  read_file("/etc/group", group, sizeof(group));
  char* rest = group;
  for (line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
    char* members = strrchr(line, ':');
    if (members == NULL || strstr(members, account->name) == NULL) continue;
    strsep(&line, ":");
    strsep(&line, ":");
    const gid_t gid = (gid_t)strtoul(strsep(&line, ":"), NULL, 10);
    for (char* member = strsep(&line, ","); member != NULL; member = strsep(&line, ",")) {
      if (strcmp(member, account->name) != 0) continue;
      require(account->count < kMostGroups, "groups");
      account->groups[account->count++] = gid;
    }
  }
}

/* What a launcher must know about itself. Returns whether the port needs the capability here. */
static int inspect(int port) {
  uid_t uids[3];
  gid_t gids[3];
  int signal = 0;
  char text[16];
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  for (int descriptor = 0; descriptor < kFirstSocket; ++descriptor) {
    require(fcntl(descriptor, F_GETFD) >= 0, "stdio");
  }
  require(getresuid(&uids[0], &uids[1], &uids[2]) == 0, "getresuid");
  require(getresgid(&gids[0], &gids[1], &gids[2]) == 0, "getresgid");
  require(getgroups(0, NULL) >= 0, "getgroups");
  require(syscall(SYS_capget, &header, sets) == 0, "capget");
  read_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", text, sizeof(text));
  require(prctl(PR_GET_PDEATHSIG, &signal) == 0, "parent-death signal");
  return port < atoi(text);
}

static void close_others(void) {
  require(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, kFirstSocket) >= 0, "dup");
  require(syscall(SYS_close_range, kFirstSocket, ~0U, 0) == 0, "close_range");
  require(fcntl(kFirstSocket, F_GETFD) < 0, "a descriptor is open");
}

static void set_option(int socket, int level, int option, int value) {
  int actual = -1;
  socklen_t size = sizeof(actual);
  require(setsockopt(socket, level, option, &value, sizeof(value)) == 0, "setsockopt");
  require(getsockopt(socket, level, option, &actual, &size) == 0 && actual == value, "getsockopt");
}

static void open_socket(in_port_t port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in6 actual;
  socklen_t size = sizeof(actual);
  const int socket_fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(socket_fd >= 0, "socket");
  set_option(socket_fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(socket_fd, SOL_SOCKET, SO_REUSEADDR, 1);
  require(bind(socket_fd, (struct sockaddr*)&address, sizeof(address)) == 0, "bind");
  require(listen(socket_fd, kBacklog) == 0, "listen");
  require(getsockname(socket_fd, (struct sockaddr*)&actual, &size) == 0, "getsockname");
  int listens = 0;
  size = sizeof(listens);
  require(getsockopt(socket_fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1,
          "SO_ACCEPTCONN");
}

static void drop(const struct account* account, unsigned capabilities) {
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  for (int number = 0; number == CAP_NET_BIND_SERVICE || prctl(PR_CAPBSET_DROP, number) == 0;
       ++number) {
    if (number == CAP_NET_BIND_SERVICE && capabilities == 0) prctl(PR_CAPBSET_DROP, number);
  }
  const long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  require(keyring > 0 && syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) ==
                             keyring,
          "keyctl");
  if (capabilities != 0) require(prctl(PR_SET_KEEPCAPS, 1) == 0, "keepcaps");
  require(setgroups((size_t)account->count, account->groups) == 0, "setgroups");
  require(setresgid(account->gid, account->gid, account->gid) == 0, "setresgid");
  require(setresuid(account->uid, account->uid, account->uid) == 0, "setresuid");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2] = {{capabilities, capabilities, capabilities}, {0, 0, 0}};
  require(syscall(SYS_capset, &header, sets) == 0, "capset");
  require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, "ambient set");
  if (capabilities != 0) {
    require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0,
            "ambient set");
  }
}

static void verify(const struct account* account, unsigned capabilities) {
  uid_t uids[3];
  gid_t gids[3];
  gid_t groups[kMostGroups];
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  require(getresuid(&uids[0], &uids[1], &uids[2]) == 0 && uids[0] == account->uid, "getresuid");
  require(getresgid(&gids[0], &gids[1], &gids[2]) == 0 && gids[0] == account->gid, "getresgid");
  require(getgroups(0, NULL) == account->count, "getgroups");
  require(getgroups(kMostGroups, groups) == account->count, "getgroups");
  require(syscall(SYS_capget, &header, sets) == 0 && sets[0].permitted == capabilities, "capget");
  require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) ==
              (capabilities != 0),
          "ambient");
  for (int number = 0, found = 0; found >= 0; ++number) found = prctl(PR_CAPBSET_READ, number);
  require(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
  require(setresuid(0, 0, 0) != 0, "still root");
}

static void set_environment(const struct account* account) {
  require(setenv("HOME", account->home, 1) == 0 && setenv("USER", account->name, 1) == 0 &&
              setenv("LOGNAME", account->name, 1) == 0 && setenv("SHELL", account->shell, 1) == 0,
          "environment");
}

/* A regular file, executable, not a script, and without file capabilities. */
static void check_command(const char* path) {
  struct stat status;
  struct vfs_ns_cap_data capabilities;
  char beginning[4096];
  require(stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0, path);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  require(file >= 0 && read(file, beginning, sizeof(beginning)) > 2 && beginning[0] != '#', path);
  close(file);
  require(getxattr(path, "security.capability", &capabilities, sizeof(capabilities)) < 0, path);
}

int main(int argc, char** argv) {
  if (argc < 5) return kFailed;
  struct account account = {.name = argv[1]};
  const int first = atoi(argv[2]);
  const int count = atoi(argv[3]);
  const unsigned capabilities = inspect(first) && count == 0 ? 1U << CAP_NET_BIND_SERVICE : 0;
  look_up(&account);
  close_others();
  for (int index = 0; index < count; ++index) open_socket((in_port_t)(first + index));
  drop(&account, capabilities);
  verify(&account, capabilities);
  set_environment(&account);
  check_command(argv[4]);
  for (int index = 0; index < count; ++index) {
    require(fcntl(kFirstSocket + index, F_SETFD, 0) == 0 &&
                fcntl(kFirstSocket + index, F_GETFD) == 0,
            "hand over");
  }
  execv(argv[4], argv + 4);
  return 127;
}
