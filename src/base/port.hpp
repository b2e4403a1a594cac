// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Ports as both programs take them on the command line: `443`, `https`, `8000-8099`, each with
/// `/tcp` or `/udp`.
namespace lowport {

constexpr int kHighestPort = 65535;

enum class Transport { kTcp, kUdp };

/// "tcp" or "udp".
std::string_view transport_name(Transport transport);

/// What services(5) has for a name.
struct ServiceLookup {
  enum class Result { kFound, kUnknown, kNoDatabase };
  Result result = Result::kUnknown;
  std::uint16_t port = 0;
};
using FindService = std::function<ServiceLookup(const std::string& name, Transport)>;

/// Why a text could not be read, and a hint, which may be empty.
struct Problem {
  std::string reason;
  std::string hint;
};

/// A range of consecutive ports as typed by a user, or the problem with the text.
struct ParsedPorts {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::optional<Problem> problem;  ///< absent when `first` and `last` hold
};

/// Takes `/tcp` or `/udp` off the end of `text`; without either it is TCP. Returns nullopt if
/// another word follows the last slash. Pure.
std::optional<Transport> take_transport(std::string_view& text);

/// Reads PORT, FIRST-LAST or the name of a service. A word is looked up as a whole before its
/// hyphen is taken to mean a range, because services(5) has names like `iso-tsap`; a range takes
/// numbers only. Pure except for `find_service`, which is asked about words that are not numbers.
ParsedPorts parse_ports(std::string_view text, Transport transport,
                        const FindService& find_service);

}  // namespace lowport
