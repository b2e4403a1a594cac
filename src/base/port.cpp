// SPDX-License-Identifier: MIT
#include "base/port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/number.hpp"

namespace lowport {
namespace {

ParsedPorts refuse(std::string reason, std::string hint = {}) {
  return {0, 0, Problem{std::move(reason), std::move(hint)}};
}

ParsedPorts parse_port_number(std::string_view text) {
  if (in_addr address{}; inet_pton(AF_INET, std::string(text).c_str(), &address) == 1) {
    return refuse("the port is missing", "add the port: " + std::string(text) + ":80");
  }
  const auto number = parse_number(text, 0, kHighestPort);
  if (!number.valid()) {
    return refuse(number.problem);
  }
  if (number.value == 0) {
    return refuse("port 0 means \"any port\"; list the port itself");
  }
  const auto port = static_cast<std::uint16_t>(number.value);
  return {port, port, std::nullopt};
}

ParsedPorts parse_numbers(std::string_view text) {
  const auto hyphen = text.find('-', 1);
  auto first = parse_port_number(text.substr(0, hyphen));
  if (first.problem || hyphen == std::string_view::npos) {
    return first;
  }
  auto last = parse_port_number(text.substr(hyphen + 1));
  if (last.problem) {
    return last;
  }
  if (last.last < first.first) {
    return refuse("the range runs backwards");
  }
  return {first.first, last.last, std::nullopt};
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char character) {
    const auto lower = static_cast<char>(character | 0x20);
    return lower >= 'a' && lower <= 'z';
  });
}

ParsedPorts refuse_name(std::string_view text, Transport transport, ServiceLookup::Result result) {
  const std::string hint = "use the port number, or list the names with `getent services`";
  if (result == ServiceLookup::Result::kNoDatabase) {
    return refuse("service names need /etc/services, which does not exist here", hint);
  }
  const std::string range =
      text.find('-') == std::string_view::npos ? "" : "; a range takes numbers only";
  return refuse(
      "no such service for " + std::string(transport_name(transport)) + " in /etc/services" + range,
      hint);
}

}  // namespace

std::string_view transport_name(Transport transport) {
  return transport == Transport::kTcp ? "tcp" : "udp";
}

std::optional<Transport> take_transport(std::string_view& text) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) {
    return Transport::kTcp;
  }
  const auto word = text.substr(slash + 1);
  text.remove_suffix(text.size() - slash);
  if (word == transport_name(Transport::kTcp)) {
    return Transport::kTcp;
  }
  if (word == transport_name(Transport::kUdp)) {
    return Transport::kUdp;
  }
  return std::nullopt;
}

ParsedPorts parse_ports(std::string_view text, Transport transport,
                        const FindService& find_service) {
  if (text.empty()) {
    return refuse("the port is missing");
  }
  if (!has_letter(text)) {
    return parse_numbers(text);
  }
  const auto service = find_service(std::string(text), transport);
  if (service.result == ServiceLookup::Result::kFound) {
    return {service.port, service.port, std::nullopt};
  }
  // A text that begins like a number gets a number's reason: a sign, hexadecimal or trailing text.
  const bool is_like_number =
      std::string_view("0123456789+-").find(text.front()) != std::string_view::npos;
  return is_like_number ? parse_port_number(text) : refuse_name(text, transport, service.result);
}

}  // namespace lowport
