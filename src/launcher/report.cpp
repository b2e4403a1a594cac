// SPDX-License-Identifier: MIT
#include "launcher/report.hpp"

#include <algorithm>

#include "base/sorted.hpp"

namespace lowport {
namespace {

std::string line(std::string_view label, const std::string& text) {
  constexpr std::size_t kColumn = 13;
  std::string padded(label);
  padded.resize(std::max(kColumn, padded.size() + 1), ' ');
  return padded + text + "\n";
}

std::string account_line(const Plan& plan, std::string_view group_name) {
  const auto& account = plan.account;
  auto text = printable(describe_account(account)) + ", group ";
  const auto gid = std::to_string(account.gid);
  text += group_name.empty() ? gid : printable(group_name) + " (" + gid + ")";
  text += ", groups ";
  if (account.groups.empty()) {
    return text + "none";
  }
  for (const gid_t group : account.groups) {
    if (group != account.groups.front()) {
      text += ',';
    }
    text += std::to_string(group);
  }
  return text;
}

std::string describe_ports(const Plan& plan, std::string_view state) {
  constexpr std::size_t kPortColumn = 14;
  if (plan.listen.empty()) {
    return line("ports", plan.descriptors.inherited > 0 ? "inherited only" : "none");
  }
  std::string lines;
  for (const auto& address : plan.listen) {
    const auto start = std::to_string(plan.unprivileged_port_start);
    const bool privileged = is_privileged(address, plan.unprivileged_port_start);
    auto text = printable(format_address(address));
    text.resize(std::max(kPortColumn, text.size()), ' ');
    text += (privileged ? "  privileged here (< " : "  not privileged here (>= ") + start + ")";
    text += state;
    lines += line(lines.empty() ? "ports" : "", text);
  }
  return lines;
}

std::string describe_mode(const Plan& plan) {
  const std::string mode(mode_name(plan.mode));
  if (plan.mode != Mode::kAmbient) {
    const int count = plan.descriptors.inherited + plan.descriptors.count;
    return mode + ": " + std::to_string(count) + (count == 1 ? " open socket" : " open sockets") +
           ", no capability";
  }
  if (plan.privileges.capabilities != kNoCapability) {
    return mode + ": CAP_NET_BIND_SERVICE";
  }
  return mode + (plan.listen.empty() ? ": no capability"
                                     : ": no capability, since no listed port needs one here");
}

std::string describe_confinement(const Plan& plan) {
  const auto& confinement = plan.confinement;
  const bool open = plan.privileges.capabilities != kNoCapability;
  if (!confinement.why_not.empty()) {
    return "none, so every privileged port is open to the daemon: " + confinement.why_not;
  }
  if (confinement.kind == Confinement::kOff) {
    return open ? "off, so every privileged port is open to the daemon" : "off";
  }
  const bool unprivileged = confinement.kind == Confinement::kPrivileged;
  const auto allowed = [&](const std::vector<std::uint16_t>& listed) {
    auto ports = describe_port_list(listed);
    if (unprivileged) {
      ports += ports.empty() ? "unprivileged ports" : " and unprivileged ports";
    }
    return ports.empty() ? "no port" : ports;
  };
  const bool udp = confines_udp(confinement);
  return "TCP: " + allowed(confinement.ports) +
         (udp ? "; UDP: " + allowed(confinement.udp_ports) : "") + " (Landlock ABI " +
         std::to_string(confinement.landlock_abi) + " and seccomp)" +
         (udp ? "" : "; UDP not confined");
}

std::string describe_verdict(const Error* obstacle, Colour colour) {
  constexpr std::string_view kGreen = "\x1b[32m";
  constexpr std::string_view kRed = "\x1b[31m";
  constexpr std::string_view kPlain = "\x1b[0m";
  auto text =
      obstacle == nullptr ? std::string("ready") : std::string("not ready: ") + obstacle->what();
  if (colour == Colour::kNone) {
    return text;
  }
  return std::string(obstacle == nullptr ? kGreen : kRed) + text + std::string(kPlain);
}

}  // namespace

std::string describe_port_list(const std::vector<std::uint16_t>& listed) {
  const auto ports = sorted_once(listed);
  std::string text;
  for (auto first = ports.begin(); first != ports.end();) {
    auto last = first;
    while (last + 1 != ports.end() && *(last + 1) == *last + 1) {
      ++last;
    }
    if (!text.empty()) {
      text += ',';
    }
    text += std::to_string(*first);
    if (last != first) {
      text += "-" + std::to_string(*last);
    }
    first = last + 1;
  }
  return text;
}

std::string describe_addresses(const std::vector<ListenAddress>& addresses) {
  std::string text;
  for (const auto& address : addresses) {
    text += (text.empty() ? "" : ",") + format_address(address);
  }
  return text;
}

std::string describe_plan(const Plan& plan, std::string_view group_name, std::string_view file,
                          const Error* obstacle, Colour colour) {
  std::string text = line("account", account_line(plan, group_name));
  text += describe_ports(plan, obstacle == nullptr ? ", free" : "");
  text += line("mode", describe_mode(plan));
  text += line("confinement", describe_confinement(plan));
  const auto executable =
      obstacle == nullptr ? ", executable by " + printable(describe_account(plan.account)) : "";
  text += line("command", printable(file.empty() ? std::string_view(plan.command.front()) : file) +
                              executable);
  text += line("verdict", describe_verdict(obstacle, colour));
  return text;
}

std::vector<std::string> warnings_of(const Plan& plan) {
  const auto& why_not = plan.confinement.why_not;
  if (why_not.empty()) {
    return {};
  }
  return {"every privileged port is open to the daemon: " + why_not +
          "; --confine off silences this"};
}

std::string help_text() {
  return R"(Usage: lowportbind [OPTION...] -- COMMAND [ARG...]
Start an unmodified daemon on low ports without ever running it as root.

Account:
  -u, --user USER[:GROUP]   run as this user: names or ids; +N is always an id;
                            required for root, default: the caller
      --groups WHAT         supplementary groups: init (the user's own), none,
                            keep (the caller's), or a list: G1,G2; default:
                            init, or keep if the user does not change
Ports:
  -p, --port SPEC[,SPEC...] [NAME=][HOST:]PORT[-LAST][/tcp|/udp]; repeatable
  -m, --mode MODE           ambient (default): the daemon binds, with the
                            capability if a port needs it; listen-fds, inetd,
                            nginx: it gets open sockets and no capability
      --confine WHAT        privileged (default with the capability): no other
                            privileged port can be bound; listed: no other port
                            at all; off. Before Linux 7.2, TCP only: with the
                            capability, every privileged UDP port is open
      --backlog N           queue length of a listening socket (default 4096)
      --reuse-port          open the sockets with SO_REUSEPORT
Process:
      --env NAME[=VALUE]    set a variable, or keep it; repeatable
      --clear-env           start with only PATH, TERM, LANG, LC_* and TZ
      --keep-fd N           leave descriptor N open; repeatable
      --own-stdio           let the daemon open /dev/stdout and /dev/stderr
      --new-session         leave the terminal's session (setsid)
      --allow-new-privs     let the daemon's setuid and file-capability helpers
                            work; they can give it more than was listed
Other:
  -n, --check               do everything except the exec; print the plan
      --json                print that as a JSON object
  -v, --verbose             print each step on stderr
  -h, --help                print this and exit
  -V, --version             print the version and exit

Exit status: 125 lowportbind failed, 126 COMMAND cannot be executed,
127 COMMAND was not found, otherwise COMMAND's own.

  lowportbind --user www-data -p 80,443 -- nginx -g 'daemon off;'
)";
}

std::string version_text(std::string_view name_source) {
  return "lowportbind " LOWPORTBIND_VERSION " (" + std::string(name_source) + ")\n";
}

}  // namespace lowport
