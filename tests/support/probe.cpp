// SPDX-License-Identifier: MIT
// What the tests launch in place of a daemon. Each argument is a question or an experiment,
// answered in a line "word:\tanswer" on stdout, or in the file that a first argument `to=FILE`
// names.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "descriptor_experiments.hpp"
#include "inherited_state.hpp"
#include "ring_experiments.hpp"
#include "socket_experiments.hpp"

namespace {

using experiments::errno_name;

std::FILE* output = stdout;

void answer(const std::string& question, const std::string& text) {
  std::fprintf(output, "%s:\t%s\n", question.c_str(), text.c_str());
  std::fflush(output);
}

/// Everything that /proc shows of this process.
void print_status() {
  std::ifstream status("/proc/self/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  std::fputs(text.c_str(), output);
}

/// "3 4 7": the open descriptors, except the one that reads the directory and the one that this is
/// written to.
std::string open_descriptors() {
  std::vector<int> numbers;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] == '.') {
      continue;
    }
    const int number = std::atoi(entry->d_name);
    if (number != dirfd(directory) && (number <= 2 || number != fileno(output))) {
      numbers.push_back(number);
    }
  }
  closedir(directory);
  std::sort(numbers.begin(), numbers.end());
  std::string list;
  for (const int number : numbers) {
    if (!list.empty()) {
      list += ' ';
    }
    list += std::to_string(number);
  }
  return list;
}

/// For a socket "tcp 0.0.0.0:80 listening blocking", for anything else the target of its link in
/// /proc/self/fd.
std::string describe_descriptor(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::array<char, 4096> target{};
    const auto link = "/proc/self/fd/" + std::to_string(descriptor);
    return readlink(link.c_str(), target.data(), target.size() - 1) < 0 ? errno_name()
                                                                        : target.data();
  }
  const auto option = [&](int level, int name) {
    int value = 0;
    socklen_t size = sizeof(value);
    return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1;
  };
  std::string text = option(SOL_SOCKET, SO_TYPE) == SOCK_STREAM ? "tcp " : "udp ";
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    text += inet_ntop(AF_INET, &ipv4.sin_addr, host.data(), host.size());
    text += ':';
    text += std::to_string(ntohs(ipv4.sin_port));
  } else if (address.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    text += std::string("[") + inet_ntop(AF_INET6, &ipv6.sin6_addr, host.data(), host.size()) + "]";
    text += ':';
    text += std::to_string(ntohs(ipv6.sin6_port));
    text += option(IPPROTO_IPV6, IPV6_V6ONLY) == 1 ? " v6only" : " dual-stack";
  } else {
    return "socket of family " + std::to_string(address.ss_family);
  }
  if (option(SOL_SOCKET, SO_ACCEPTCONN) == 1) {
    text += " listening";
  }
  if (option(SOL_SOCKET, SO_REUSEADDR) == 1) {
    text += " reuseaddr";
  }
  if (option(SOL_SOCKET, SO_REUSEPORT) == 1) {
    text += " reuseport";
  }
  text += (fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0 ? " nonblocking" : " blocking";
  if ((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0) {
    text += " cloexec";
  }
  return text;
}

std::string access_mode(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) {
    return errno_name();
  }
  const int mode = flags & O_ACCMODE;
  return mode == O_RDWR ? "read and write" : mode == O_RDONLY ? "read" : "write";
}

/// TRANSPORT/FAMILY/PORT[/reuseport], as in tcp/4/80: "ok", or the errno of bind(2).
std::string try_bind(const std::string& what) {
  const bool is_tcp = what.starts_with("tcp");
  const bool is_ipv6 = what.at(4) == '6';
  const int port = std::atoi(what.c_str() + 6);
  const int descriptor = socket(is_ipv6 ? AF_INET6 : AF_INET, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  if (descriptor < 0) {
    return "socket " + errno_name();
  }
  const int on = 1;
  if (what.ends_with("/reuseport")) {
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  }
  int result = 0;
  if (is_ipv6) {
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    result = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    result = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  const auto text = result == 0 ? "ok" : errno_name();
  close(descriptor);
  return text;
}

/// FD/FAMILY/PORT, as in 3/4/80: whether a client on loopback reaches this listening or UDP socket.
std::string try_to_reach(const std::string& what) {
  constexpr int kMilliseconds = 5000;
  const int socket_here = std::atoi(what.c_str());
  const auto rest = what.substr(what.find('/') + 1);
  const int port = std::atoi(rest.c_str() + 2);
  int type = 0;
  socklen_t size = sizeof(type);
  if (getsockopt(socket_here, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return errno_name();
  }
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_addr = in6addr_loopback;
  ipv6.sin6_port = htons(static_cast<std::uint16_t>(port));
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ipv4.sin_port = ipv6.sin6_port;
  const bool is_ipv6 = rest.front() == '6';
  const int client = socket(is_ipv6 ? AF_INET6 : AF_INET, type, 0);
  if (client < 0) {
    return "socket " + errno_name();
  }
  const auto* address =
      is_ipv6 ? reinterpret_cast<const sockaddr*>(&ipv6) : reinterpret_cast<const sockaddr*>(&ipv4);
  if (connect(client, address, is_ipv6 ? sizeof(ipv6) : sizeof(ipv4)) != 0) {
    return "connect " + errno_name();
  }
  if (send(client, "x", 1, 0) != 1) {
    return "send " + errno_name();
  }
  pollfd ready{socket_here, POLLIN, 0};
  if (poll(&ready, 1, kMilliseconds) != 1) {
    return "nothing arrived";
  }
  const int connection = type == SOCK_STREAM ? accept(socket_here, nullptr, nullptr) : socket_here;
  char byte = 0;
  const bool received = recv(connection, &byte, 1, 0) == 1 && byte == 'x';
  if (connection != socket_here) {
    close(connection);
  }
  close(client);
  return received ? "ok" : errno_name();
}

/// The length of the queue that listen(2) was asked for: the kernel shows it in a field of tcp_info
/// that a listening socket has no other use for.
std::string read_backlog(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0
             ? std::to_string(info.tcpi_sacked)
             : errno_name();
}

std::string limits() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  return "nofile " + std::to_string(files.rlim_cur) + " nice " +
         std::to_string(getpriority(PRIO_PROCESS, 0));
}

/// So that a daemon whose descriptors are all taken can look into /proc. Silent: stdout may be a
/// socket.
void raise_file_limit(int limit) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = static_cast<rlim_t>(limit);
  setrlimit(RLIMIT_NOFILE, &files);
}

std::string try_open(const std::string& path, int access) {
  const int descriptor = open(path.c_str(), access | O_NOCTTY);
  if (descriptor < 0) {
    return errno_name();
  }
  close(descriptor);
  return "ok";
}

/// Whether a key of this name is possessed, and can be read.
std::string try_key(const std::string& name) {
  const auto key =
      syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", name.c_str(), 0);
  if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, nullptr, 0) < 0) {
    return errno_name();
  }
  return "ok";
}

std::string parent_death_signal() {
  int signal = -1;
  prctl(PR_GET_PDEATHSIG, &signal);
  return std::to_string(signal);
}

std::string permissions_mask() {
  const auto mask = umask(0);
  umask(mask);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mask));
  return text.data();
}

void print_environment() {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    answer("env", *entry);
  }
}

void ask(const std::string& question) {
  const auto argument = question.substr(std::min(question.size(), question.find('=') + 1));
  if (question == "status") {
    return print_status();
  }
  if (question == "env") {
    return print_environment();
  }
  if (question == "inherited") {
    for (const auto& [name, value] : inherited_state::read()) {
      answer(name, value);
    }
    return;
  }
  if (question == "fds") {
    return answer(question, open_descriptors());
  }
  if (question == "pid") {
    return answer(question, std::to_string(getpid()));
  }
  if (question == "limits") {
    return answer(question, limits());
  }
  if (question == "session") {
    return answer(question, getsid(0) == getpid() ? "leader" : "member");
  }
  if (question == "pdeathsig") {
    return answer(question, parent_death_signal());
  }
  if (question == "umask") {
    return answer(question, permissions_mask());
  }
  if (question == "secure") {
    return answer(question, std::to_string(getauxval(AT_SECURE)));
  }
  if (question == "cwd") {
    return answer(question, getcwd(nullptr, 0));
  }
  if (question.starts_with("fd=")) {
    return answer(question, describe_descriptor(std::atoi(argument.c_str())));
  }
  if (question.starts_with("access=")) {
    return answer(question, access_mode(std::atoi(argument.c_str())));
  }
  if (question.starts_with("bind=")) {
    return answer(question, try_bind(argument));
  }
  if (question.starts_with("ports=")) {
    return answer(question, experiments::try_ports(argument));
  }
  if (question.starts_with("socket=")) {
    return answer(question, experiments::try_socket(argument));
  }
  if (question.starts_with("connect=")) {
    return answer(question, experiments::try_to_connect(argument));
  }
  if (question.starts_with("call=")) {
    return answer(question, experiments::try_system_call(argument));
  }
  if (question.starts_with("i386=")) {
    return answer(question, experiments::try_i386_in_child(argument));
  }
  if (question == "io_uring") {
    return answer(question, experiments::try_io_uring());
  }
  if (question.starts_with("ring=")) {
    return answer(question, experiments::try_ring(argument));
  }
  if (question.starts_with("range=")) {
    return answer(question, experiments::try_port_range(argument));
  }
  if (question.starts_with("send=")) {
    return answer(question, experiments::try_to_send(argument));
  }
  if (question == "unix") {
    return answer(question, experiments::try_unix_socket());
  }
  if (question == "listen") {
    return answer(question, experiments::try_to_listen_unbound());
  }
  if (question.starts_with("reach=")) {
    return answer(question, try_to_reach(argument));
  }
  if (question.starts_with("backlog=")) {
    return answer(question, read_backlog(std::atoi(argument.c_str())));
  }
  if (question.starts_with("open=")) {
    return answer(question, try_open(argument, O_WRONLY));
  }
  if (question.starts_with("read=")) {
    return answer(question, try_open(argument, O_RDONLY));
  }
  if (question.starts_with("rewrite=")) {
    return answer(question, experiments::try_to_rewrite(std::atoi(argument.c_str())));
  }
  if (question.starts_with("received=")) {
    return answer(question, experiments::try_to_bind_received(argument));
  }
  if (question.starts_with("key=")) {
    return answer(question, try_key(argument));
  }
  if (question.starts_with("nofile=")) {
    return raise_file_limit(std::atoi(argument.c_str()));
  }
  if (question.starts_with("exit=")) {
    std::exit(std::atoi(argument.c_str()));
  }
  if (question.starts_with("kill=")) {
    raise(std::atoi(argument.c_str()));
  }
  answer("argument", question);
}

}  // namespace

int main(int argc, char** argv) {
  for (int index = 1; index < argc; ++index) {
    const std::string question = argv[index];
    if (question.starts_with("to=")) {
      output = std::fopen(question.c_str() + 3, "we");
      if (output == nullptr) {
        return 119;
      }
    } else {
      ask(question);
    }
  }
  return 0;
}
