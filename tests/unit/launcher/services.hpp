// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "launcher/listen_address.hpp"

/// A services(5) of the tests' own.
inline lowport::ServiceLookup find_known_service(const std::string& name,
                                                 lowport::Transport transport) {
  using lowport::ServiceLookup;
  using lowport::Transport;
  struct Row {
    std::string name;
    Transport transport;
    std::uint16_t port;
  };
  const std::vector<Row> rows{
      {"http", Transport::kTcp, 80},      {"https", Transport::kTcp, 443},
      {"https", Transport::kUdp, 443},    {"domain", Transport::kTcp, 53},
      {"domain", Transport::kUdp, 53},    {"tftp", Transport::kUdp, 69},
      {"iso-tsap", Transport::kTcp, 102}, {"3com-amp3", Transport::kTcp, 629}};
  for (const auto& row : rows) {
    if (row.name == name && row.transport == transport) {
      return {ServiceLookup::Result::kFound, row.port};
    }
  }
  return {ServiceLookup::Result::kUnknown, 0};
}

inline lowport::ServiceLookup find_no_database(const std::string& /*name*/,
                                               lowport::Transport /*transport*/) {
  return {lowport::ServiceLookup::Result::kNoDatabase, 0};
}

inline std::vector<lowport::ListenAddress> parse_known(std::string_view text) {
  return lowport::parse_listen_addresses(text, find_known_service);
}
