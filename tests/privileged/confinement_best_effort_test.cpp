// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "confinement.hpp"

// strace makes system calls of the confinement fail or lie. If the kernel lacks something, the
// default continues and prints a line about it; an explicit request, or a failure half-way, ends
// the launch.

using support::check_unfiltered;
using support::Words;

namespace {

// Not all of them: strace stops the probe at each system call, too.
const std::string kLowPorts = "ports=tcp/4/0-1024";

Words command_line(const Words& options) {
  return support::join(
      {{support::launcher(), "-u", "www-data", "-p", "80"},
       options,
       {"--", support::probe(), "status", kLowPorts, "socket=2/1/0xffff", "io_uring"}});
}

support::Result launch_with(const std::string& injection, const Words& options) {
  return support::trace({"-e", "inject=" + injection}, command_line(options)).result;
}

/// What the probe can see of the confinement.
std::string state_of(const support::Result& result) {
  auto field = support::fields(result.out);
  return field["Seccomp"] + " " + field["Seccomp_filters"] + " " + field[kLowPorts] + " " +
         field["socket=2/1/0xffff"] + " " + field["io_uring"];
}

struct Lack {
  std::string injection;
  std::string reason;
};

const Lack kLacks[] = {
    {"landlock_create_ruleset:error=ENOSYS", "this kernel has no Landlock"},
    {"landlock_create_ruleset:error=EOPNOTSUPP", "Landlock is disabled in this kernel"},
    {"landlock_create_ruleset:error=EPERM", "Landlock cannot be used: Operation not permitted"},
    {"landlock_create_ruleset:retval=1",
     "this kernel's Landlock has no network rules, which came with Linux 6.7"},
    {"landlock_create_ruleset:retval=3",
     "this kernel's Landlock has no network rules, which came with Linux 6.7"},
    {"seccomp:error=ENOSYS", "seccomp filters cannot be used: Function not implemented"},
    {"seccomp:error=EINVAL", "seccomp filters cannot be used: Invalid argument"},
    {"seccomp:error=EPERM", "seccomp filters cannot be used: Operation not permitted"},
    {"seccomp:error=EOPNOTSUPP", "seccomp filters cannot be used: Operation not supported"},
};

/// Those that a launch reaches here: without Landlock, it does not ask about seccomp.
std::vector<Lack> lacks_to_try() {
  std::vector<Lack> lacks(std::begin(kLacks), std::end(kLacks));
  if (!support::has_landlock()) {
    std::erase_if(lacks, [](const Lack& lack) { return lack.injection.starts_with("seccomp"); });
  }
  return lacks;
}

}  // namespace

TEST_CASE("the default confinement warns if the kernel cannot confine") {
  support::enter_own_network();
  support::require_strace();
  for (const auto& lack : lacks_to_try()) {
    CAPTURE(lack.injection);
    const auto result = launch_with(lack.injection, {});
    CHECK(result.err == "lowportbind: every privileged port is open to the daemon: " + lack.reason +
                            "; --confine off silences this\n");
    REQUIRE(result.status == 0);
    // Neither of the two without the other.
    auto field = support::fields(result.out);
    CHECK(field[kLowPorts] == "0-1024 ok");
    CHECK(field["socket=2/1/0xffff"] == "socket EINVAL");
    check_unfiltered(field);
    CHECK(field["CapEff"] == support::kBindCapability);

    const auto silenced = launch_with(lack.injection, {"--confine", "off"});
    CHECK(silenced.err.empty());
    CHECK(silenced.status == 0);
    CHECK(state_of(silenced) == state_of(result));
  }
}

TEST_CASE("a requested confinement is refused if the kernel cannot") {
  support::enter_own_network();
  support::require_strace();
  for (const auto& lack : lacks_to_try()) {
    CAPTURE(lack.injection);
    for (const std::string kind : {"privileged", "listed"}) {
      support::check_refused(launch_with(lack.injection, {"--confine", kind}), 125,
                             {"lowportbind: cannot confine the daemon to its ports: --confine " +
                                  kind + ": " + lack.reason + "\n",
                              "hint: ", "--confine off"});
    }
  }
}

TEST_CASE("a daemon without the capability never causes the warning") {
  support::enter_own_network();
  support::require_strace();
  for (const Words& options :
       {Words{"-p", "8080"}, Words{"-p", "80", "-m", "listen-fds"}, Words{}}) {
    const auto argv = support::join({{support::launcher(), "-u", "www-data"},
                                     options,
                                     {"--", support::probe(), "status", "bind=tcp/4/81"}});
    const auto result =
        support::trace({"-e", "inject=landlock_create_ruleset:error=ENOSYS"}, argv).result;
    CHECK(result.err.empty());
    CHECK(result.status == 0);
    CHECK(support::fields(result.out)["bind=tcp/4/81"] == "EACCES");
  }
}

TEST_CASE("a confinement that fails half-way names the failing call") {
  support::require_confinement();
  support::require_strace();
  const struct {
    std::string call;
    int occurrence;  ///< the first call of landlock_create_ruleset and of seccomp asks what they
                     ///< can do
    std::string name;
  } rows[] = {
      {"landlock_create_ruleset", 2, "landlock_create_ruleset"},
      {"landlock_add_rule", 1, "landlock_add_rule for port 0"},
      {"landlock_add_rule", 2, "landlock_add_rule for port 80"},
      {"landlock_restrict_self", 1, "landlock_restrict_self"},
      {"seccomp", 2, "seccomp"},
  };
  const struct {
    std::string name;
    std::string text;
  } errors[] = {{"EPERM", "Operation not permitted"},
                {"ENOMEM", "Cannot allocate memory"},
                {"EINVAL", "Invalid argument"},
                {"ENOSYS", "Function not implemented"}};
  for (const auto& row : rows) {
    for (const auto& error : errors) {
      const auto injection =
          row.call + ":error=" + error.name + ":when=" + std::to_string(row.occurrence);
      CAPTURE(injection);
      support::check_refused(
          launch_with(injection, {"--confine", "listed"}), 125,
          {"lowportbind: cannot confine the daemon to its ports: " + row.name + ": " + error.text});
    }
    const auto injection = row.call + ":error=EPERM:when=" + std::to_string(row.occurrence);
    // The default ends the launch too: the kernel has not reported a missing feature.
    support::check_refused(launch_with(injection, {}), 125,
                           {"lowportbind: cannot confine the daemon to its ports: " + row.name});
  }
  support::check_refused(launch_with("landlock_add_rule:error=ENOMEM:when=3", {}), 125,
                         {"landlock_add_rule for port 1024: Cannot allocate memory"});
  support::check_refused(launch_with("landlock_add_rule:error=ENOMEM:when=64514", {}), 125,
                         {"landlock_add_rule for port 65535: Cannot allocate memory"});
}

TEST_CASE("a lying confinement call is caught or changes nothing") {
  support::require_confinement();
  support::require_strace();
  const auto planned = state_of(support::run(command_line({"--confine", "listed"})));
  CHECK(planned.find("0 ok 1-79 EACCES 80 ok 81-1024 EACCES socket EPROTONOSUPPORT EPERM") !=
        std::string::npos);
  for (const std::string call :
       {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"}) {
    const int calls = call == "landlock_restrict_self" ? 1 : 2;
    for (int occurrence = 0; occurrence <= calls; ++occurrence) {
      const auto when = occurrence == 0 ? "" : ":when=" + std::to_string(occurrence);
      const auto injection = call + ":retval=0" + when;
      CAPTURE(injection);
      const auto result = launch_with(injection, {"--confine", "listed"});
      CAPTURE(result.err);
      if (result.status == 125) {
        CHECK(result.out.empty());
        CHECK(result.err.find("lowportbind: ") == 0);
      } else {
        CHECK(result.status == 0);
        CHECK(state_of(result) == planned);
      }
    }
  }
}

TEST_CASE("rules and a filter that are not in force are reported") {
  support::require_confinement();
  support::require_strace();
  for (const Words& options : {Words{}, Words{"--confine", "listed"}}) {
    support::check_refused(
        launch_with("landlock_restrict_self:retval=0", options), 125,
        {"refusing to start the daemon: TCP port ", "it is not listed, yet it can be bound"});
    support::check_refused(
        launch_with("seccomp:retval=0", options), 125,
        {"refusing to start the daemon: confinement: the seccomp filter is not in force"});
  }
}

TEST_CASE("a warning that cannot be written ends the launch") {
  support::enter_own_network();
  support::require_strace();
  const support::TemporaryDirectory directory;
  const auto mark = directory.path("mark");
  REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
  const auto launch = [&](const Words& options, const std::string& stderr_path) {
    std::filesystem::remove(mark);
    const auto words = support::join({{"strace", "-f", "-qq", "-o", "/dev/null", "-e",
                                       "inject=landlock_create_ruleset:error=ENOSYS",
                                       support::launcher(), "-u", "www-data", "-p", "80"},
                                      options,
                                      {"--", support::probe(), "to=" + mark, "pid"}});
    return support::run_in_child(words, [&] {
      const int opened = open(stderr_path.c_str(), O_WRONLY | O_CLOEXEC);
      if (opened < 0 || dup2(opened, STDERR_FILENO) != STDERR_FILENO) {
        _exit(122);
      }
    });
  };
  CHECK(launch({}, "/dev/full").status == 125);
  CHECK(!std::filesystem::exists(mark));
  CHECK(launch({}, "/dev/null").status == 0);
  CHECK(std::filesystem::exists(mark));
  CHECK(launch({"--confine", "off"}, "/dev/full").status == 0);
  CHECK(std::filesystem::exists(mark));
}
