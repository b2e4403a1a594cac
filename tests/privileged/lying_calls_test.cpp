#include <doctest/doctest.h>

#include <algorithm>

#include "daemon.hpp"

// A system call that says 0 and does nothing: strace makes one of every occurrence in turn. Either the launch is
// refused, or the daemon is exactly what was planned all the same.

namespace {

support::Words command_line(const support::Words& options) {
  return support::join({{support::launcher(), "-u", "www-data", "--confine", "off"},
                        options,
                        {"--", support::probe(), "status", "fds"}});
}

/// What is planned, as far as the probe can see it.
std::string state_of(const support::Result& result) {
  auto field = support::fields(result.out);
  std::string state;
  for (const char* name :
       {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "fds"}) {
    state += std::string(name) + "=" + field[name] + "\n";
  }
  return state;
}

struct Lie {
  std::string name;  ///< of the call
  int occurrence = 0;
  std::string call;  ///< as strace prints it
};

/// Every occurrence of these calls; of the drops from the bounding set, of which there are forty, one in ten.
std::vector<Lie> choose_lies(const support::Words& calls, const support::Words& names) {
  std::map<std::string, int> counts;
  std::vector<Lie> lies;
  int drops = 0;
  for (const auto& call : calls) {
    const auto name = call.substr(0, call.find('('));
    const int occurrence = ++counts[name];
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    if (call.starts_with("prctl(PR_CAPBSET_READ")) continue;
    if (call.starts_with("prctl(PR_CAPBSET_DROP") && drops++ % 10 != 0) continue;
    lies.push_back({name, occurrence, call});
  }
  return lies;
}

void check_lies(const support::Words& options, const support::Words& names) {
  const auto honest = support::trace({}, command_line(options));
  CAPTURE(honest.result.err);
  REQUIRE(honest.result.status == 0);
  const auto planned = state_of(honest.result);
  const auto lies = choose_lies(honest.calls, names);
  REQUIRE(lies.size() >= names.size());
  int refused = 0;
  for (const auto& lie : lies) {
    const auto inject = "inject=" + lie.name + ":retval=0:when=" + std::to_string(lie.occurrence);
    const auto result = support::trace({"-e", inject}, command_line(options)).result;
    CAPTURE(lie.call);
    CAPTURE(inject);
    CAPTURE(result.err);
    if (result.status == 125) {
      ++refused;
      CHECK(result.out.empty());
      CHECK(result.err.find("lowportbind: ") == 0);
    } else {
      CHECK(result.status == 0);
      CHECK(state_of(result) == planned);
    }
  }
  MESSAGE(lies.size() << " lies, " << refused << " launches refused");
  CHECK(refused > 0);
}

}  // namespace

TEST_CASE("a system call that lies is caught in ambient mode") {
  support::enter_own_network();
  support::require_strace();
  check_lies({"-p", "80"}, {"setresuid", "setresgid", "setgroups", "capset", "close_range", "prctl"});
}

TEST_CASE("a system call that lies is caught in listen-fds mode") {
  support::enter_own_network();
  support::require_strace();
  check_lies({"-p", "80", "-m", "listen-fds", "--reuse-port"},
             {"setresuid", "setresgid", "setgroups", "capset", "close_range", "prctl", "setfsuid"});
}

TEST_CASE("a system call that lies every time is caught") {
  support::enter_own_network();
  support::require_strace();
  struct Row {
    std::string call;
    std::string message;
  };
  const Row rows[] = {
      {"setresuid", "refusing to start the daemon: user id: the kernel says 0, planned is 33"},
      {"setresgid", "refusing to start the daemon: group id: the kernel says 0, planned is 33"},
      {"setgroups", "refusing to start the daemon: supplementary groups: "},
      {"capset", "lowportbind: "},
      {"close_range", "cannot close the descriptors from: 3: close_range did not close them"},
      {"prctl", "lowportbind: "},
      {"setfsuid", "cannot open sockets as: uid 33: setfsuid did not take effect"},
      {"bind", "cannot listen on: 80/tcp (IPv4 and IPv6): the system calls succeeded, but the socket is another"},
      {"listen", "cannot listen on: 80/tcp (IPv4 and IPv6): the system calls succeeded, but the socket is another"},
  };
  for (const auto& row : rows) {
    const auto inject = "inject=" + row.call + ":retval=0";
    CAPTURE(inject);
    const bool opens_sockets = row.call == "setfsuid" || row.call == "bind" || row.call == "listen";
    const auto options = opens_sockets ? support::Words{"-p", "80", "-m", "listen-fds"} : support::Words{"-p", "80"};
    support::check_refused(support::trace({"-e", inject}, command_line(options)).result, 125, {row.message});
  }
}
