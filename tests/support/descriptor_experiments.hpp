// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "socket_experiments.hpp"

/// What the probe tries with descriptors that others opened. Every function returns "ok" or what
/// failed.
namespace experiments {

/// Replaces what was written to a file that was opened only for appending.
inline std::string try_to_rewrite(int descriptor) {
  if ((fcntl(descriptor, F_GETFL) & O_APPEND) == 0) {
    return "not appending";
  }
  if (fcntl(descriptor, F_SETFL, 0) != 0) {
    return "fcntl " + errno_name();
  }
  if (ftruncate(descriptor, 0) != 0) {
    return "ftruncate " + errno_name();
  }
  return pwrite(descriptor, "forged\n", 7, 0) == 7 ? "ok" : "pwrite " + errno_name();
}

/// Room for one descriptor in a message of a UNIX socket.
struct DescriptorMessage {
  char byte = 'x';
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};

  DescriptorMessage() {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  DescriptorMessage(const DescriptorMessage&) = delete;
  DescriptorMessage& operator=(const DescriptorMessage&) = delete;
};

inline bool send_descriptor(int channel, int descriptor) {
  DescriptorMessage message;
  auto* header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
  return sendmsg(channel, &message.header, 0) == 1;
}

/// Takes a socket from the UNIX socket that is stdin, and binds it to this port of IPv4.
inline std::string try_to_bind_received(const std::string& port) {
  DescriptorMessage message;
  if (recvmsg(STDIN_FILENO, &message.header, 0) != 1) {
    return "recvmsg " + errno_name();
  }
  const auto* header = CMSG_FIRSTHDR(&message.header);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) {
    return "nothing came with it";
  }
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
  const Address address(AF_INET, numbers(port).at(0));
  const std::string text =
      bind(descriptor, address.get(), address.length) == 0 ? "ok" : "bind " + errno_name();
  close(descriptor);
  return text;
}

}  // namespace experiments
