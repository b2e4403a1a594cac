// SPDX-License-Identifier: MIT
#include "launcher/report_json.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/sorted.hpp"
#include "base/text.hpp"
#include "launcher/report.hpp"

namespace lowport {
namespace {

constexpr int kSchema = 1;
constexpr std::string_view kNull = "null";

/// A string. Bytes that are not printable ASCII are \xNN in the value itself, as in the messages: a
/// file name need not be UTF-8, and the decoded value must not drive a terminal either.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte >= 0x7f) {
      quoted += "\\\\x" + hexadecimal(byte, 2);
      continue;
    }
    if (character == '"' || character == '\\') {
      quoted += '\\';
    }
    quoted += character;
  }
  return quoted + "\"";
}

std::string quote_or_null(std::string_view text) {
  return text.empty() ? std::string(kNull) : quote(text);
}

std::string truth(bool value) { return value ? "true" : "false"; }

/// `value` is JSON already.
using Member = std::pair<std::string_view, std::string>;

std::string object(std::initializer_list<Member> members) {
  std::string text;
  for (const auto& [key, value] : members) {
    text += (text.empty() ? "{" : ",") + quote(key) + ":" + value;
  }
  return text + "}";
}

template <typename Values, typename Write>
std::string array(const Values& values, Write write) {
  std::string text;
  for (const auto& value : values) {
    text += (text.empty() ? "" : ",") + std::string(write(value));
  }
  return "[" + text + "]";
}

template <typename Number>
std::string numbers(const std::vector<Number>& values) {
  return array(values, [](Number value) { return std::to_string(value); });
}

std::string account_object(const Account& account, std::string_view group_name) {
  return object({{"user", quote_or_null(account.user)},
                 {"uid", std::to_string(account.uid)},
                 {"group", quote_or_null(group_name)},
                 {"gid", std::to_string(account.gid)},
                 {"groups", numbers(account.groups)}});
}

std::string port_object(const ListenAddress& address, int unprivileged_port_start) {
  return object({{"address", quote(format_address(address))},
                 {"name", quote_or_null(address.name)},
                 {"port", std::to_string(address.port)},
                 {"transport", quote(transport_name(address.transport))},
                 {"privileged", truth(is_privileged(address, unprivileged_port_start))}});
}

/// Sorted, without duplicates.
std::string port_numbers(const std::vector<std::uint16_t>& ports) {
  return numbers(sorted_once(ports));
}

/// The ports of a transport that is not confined are null: an empty list means that no port is
/// open.
std::string confinement_object(const ConfinementPlan& plan) {
  const bool confined = plan.kind != Confinement::kOff;
  return object(
      {{"kind", quote(confinement_name(plan.kind))},
       {"missing", quote_or_null(plan.why_not)},
       {"landlock_abi", confined ? std::to_string(plan.landlock_abi) : std::string(kNull)},
       {"tcp_ports", confined ? port_numbers(plan.ports) : std::string(kNull)},
       {"udp_ports", confines_udp(plan) ? port_numbers(plan.udp_ports) : std::string(kNull)},
       {"unprivileged_ports", truth(plan.kind != Confinement::kListed)}});
}

std::string error_object(const Obstacle* obstacle) {
  if (obstacle == nullptr) {
    return std::string(kNull);
  }
  return object({{"message", quote(obstacle->error.what())},
                 {"hint", quote_or_null(obstacle->error.hint())},
                 {"status", std::to_string(static_cast<int>(obstacle->status))}});
}

/// What is known of a plan; all null if there is none.
struct Facts {
  std::string account{kNull};
  std::string ports{kNull};
  std::string unprivileged_port_start{kNull};
  std::string mode{kNull};
  std::string sockets{kNull};
  std::string capabilities{kNull};
  std::string no_new_privs{kNull};
  std::string confinement{kNull};
  std::string command{kNull};
  std::string warnings{kNull};
};

std::string report(const Facts& facts, const Obstacle* obstacle) {
  return object({{"schema", std::to_string(kSchema)},
                 {"version", quote(LOWPORTBIND_VERSION)},
                 {"verdict", quote(obstacle == nullptr ? "ready" : "not ready")},
                 {"error", error_object(obstacle)},
                 {"warnings", facts.warnings},
                 {"account", facts.account},
                 {"ports", facts.ports},
                 {"unprivileged_port_start", facts.unprivileged_port_start},
                 {"mode", facts.mode},
                 {"sockets", facts.sockets},
                 {"capabilities", facts.capabilities},
                 {"no_new_privs", facts.no_new_privs},
                 {"confinement", facts.confinement},
                 {"command", facts.command}}) +
         "\n";
}

}  // namespace

std::string describe_plan_as_json(const Plan& plan, std::string_view group_name,
                                  std::string_view file, const Obstacle* obstacle) {
  Facts facts;
  facts.account = account_object(plan.account, group_name);
  const auto start = plan.unprivileged_port_start;
  facts.ports =
      array(plan.listen, [&](const ListenAddress& address) { return port_object(address, start); });
  facts.unprivileged_port_start = std::to_string(start);
  facts.mode = quote(mode_name(plan.mode));
  facts.sockets = object({{"inherited", std::to_string(plan.descriptors.inherited)},
                          {"opened", std::to_string(plan.descriptors.count)}});
  const bool granted = plan.privileges.capabilities != kNoCapability;
  facts.capabilities = granted ? "[" + quote("CAP_NET_BIND_SERVICE") + "]" : "[]";
  facts.no_new_privs = truth(plan.privileges.set_no_new_privs);
  facts.confinement = confinement_object(plan.confinement);
  facts.command = object({{"name", quote(plan.command.front())}, {"file", quote_or_null(file)}});
  facts.warnings = array(warnings_of(plan), quote);
  return report(facts, obstacle);
}

std::string describe_obstacle_as_json(const Obstacle& obstacle) { return report({}, &obstacle); }

}  // namespace lowport
