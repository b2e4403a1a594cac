// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "check.hpp"
#include "hostile.hpp"

using hostile::check_as_planned;
using support::check_refused;
using support::Words;

namespace {

using Resource = decltype(RLIMIT_AS);

void limit(Resource resource, rlim_t value) {
  const rlimit both{value, value};
  if (setrlimit(resource, &both) != 0) {
    _exit(122);
  }
}

/// Idle processes of a user, until the end of the test.
class Crowd {
 public:
  Crowd(uid_t uid, int count) {
    for (int made = 0; made < count; ++made) {
      const pid_t child = fork();
      if (child == 0) {
        support::become(uid, uid);
        for (;;) {
          pause();
        }
      }
      children_.push_back(child);
    }
    // They count from the moment they become the user.
    for (const pid_t child : children_) {
      const auto status = "/proc/" + std::to_string(child) + "/status";
      while (support::fields(support::read_file(status))["Uid"].find(std::to_string(uid)) != 0) {
        sched_yield();
      }
    }
  }
  ~Crowd() {
    for (const pid_t child : children_) {
      kill(child, SIGKILL);
    }
    for (const pid_t child : children_) {
      waitpid(child, nullptr, 0);
    }
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  std::vector<pid_t> children_;
};

/// What became of a launch with little memory. The launcher cannot report all of it: not a failure
/// of the loader, nor a death before its main or after its exec, when the kernel has already torn
/// down the old program.
enum class Outcome { kAsPlanned, kRefused, kNotOurs, kWrong };

Outcome judge(const support::Result& result, bool can_start) {
  const auto has = [&](std::string_view text) {
    return result.err.find(text) != std::string::npos;
  };
  if (result.status == 0) {
    return Outcome::kAsPlanned;
  }
  if (!result.out.empty()) {
    return Outcome::kWrong;
  }
  if (result.status == 125 || result.status == 126) {
    const bool says_why = has("annot allocate memory");
    return says_why && !has("Success") ? Outcome::kRefused : Outcome::kWrong;
  }
  // The test's own exec of the launcher failed.
  if (result.status == 120) {
    return Outcome::kNotOurs;
  }
  // A launcher that has started prints before it does anything; after "executing" it is already the
  // daemon's image, whose C library reports the same in its own words, with status 127 or a signal.
  const bool speaks = result.err.starts_with("lowportbind: ");
  const bool executing =
      speaks &&
      result.err.find("executing ", result.err.rfind("lowportbind: ")) != std::string::npos;
  if (result.status == 127 && !executing) {
    return speaks ? Outcome::kWrong : Outcome::kNotOurs;
  }
  const bool before_main = result.err.empty() && !can_start;
  return executing || before_main ? Outcome::kNotOurs : Outcome::kWrong;
}

/// Launches with less and less of a resource, until not even `--version` works.
void descend(Resource resource, const hostile::Mode& mode, rlim_t from, rlim_t step) {
  bool planned = false;
  bool failed = false;
  for (rlim_t value = from; value >= step; value -= step) {
    CAPTURE(value);
    const auto starve = [=] { limit(resource, value); };
    const bool can_start =
        support::run_in_child({support::launcher(), "--version"}, starve).status == 0;
    const auto result = hostile::launch(mode, starve, {"-v", "--confine", "off"});
    CAPTURE(result.status);
    CAPTURE(result.err);
    const auto outcome = judge(result, can_start);
    CHECK(outcome != Outcome::kWrong);
    if (outcome == Outcome::kAsPlanned) {
      check_as_planned(mode, result);
    }
    (outcome == Outcome::kAsPlanned ? planned : failed) = true;
  }
  CHECK(planned);
  CHECK(failed);
}

}  // namespace

TEST_CASE("little address space suffices or lack of memory is reported") {
  support::enter_own_network();
  constexpr rlim_t kFrom = 6U << 20U;
  constexpr rlim_t kStep = 96U << 10U;
  descend(RLIMIT_AS, hostile::modes()[0], kFrom, kStep);
  descend(RLIMIT_AS, hostile::modes()[1], kFrom, kStep);
}

TEST_CASE("a low data limit suffices or lack of memory is reported") {
  support::enter_own_network();
  constexpr rlim_t kFrom = 1U << 20U;
  constexpr rlim_t kStep = 20U << 10U;
  descend(RLIMIT_DATA, hostile::modes()[0], kFrom, kStep);
}

TEST_CASE("a user with too many processes is told so in every mode") {
  support::enter_own_network();
  constexpr uid_t kUser = 49200;
  const Crowd crowd(kUser, 2);
  for (const auto& mode : hostile::modes()) {
    CAPTURE(mode.name);
    const Words options{"-u", "49200:49200", "-p", "80", "-m", mode.name};
    check::not_ready_as_launched(
        {.options = options,
         .command = {support::probe()},
         .in_child = [] { limit(RLIMIT_NPROC, 1); }},
        126,
        {"cannot execute: " + support::probe() +
             ": the account has reached its process limit (RLIMIT_NPROC)",
         "to see the limit: grep processes /proc/self/limits; it counts all the account's "
         "processes and threads, on the host and in every container"});
    check::ready({.options = options, .command = {support::probe()}, .in_child = [] {
                    limit(RLIMIT_NPROC, 3);
                  }});
    const support::TemporaryDirectory directory;
    const auto file = directory.write("answers", "", 0666);
    const auto argv =
        support::join({{support::launcher()}, options, {"--"}, hostile::ask_for_state(file)});
    check_as_planned(mode, hostile::run_to(file, argv, [] { limit(RLIMIT_NPROC, 3); }),
                     {.uid = "49200", .gid = "49200", .groups = "49200"});
  }
}

TEST_CASE("a limit of one process is enough for the daemon") {
  support::enter_own_network();
  for (const auto& mode : hostile::modes()) {
    const support::TemporaryDirectory directory;
    const auto file = directory.write("answers", "", 0666);
    const auto argv = support::join(
        {{support::launcher(), "-u", "49201:49201", "-p", "80", "-m", mode.name, "--"},
         hostile::ask_for_state(file)});
    check_as_planned(mode, hostile::run_to(file, argv, [] { limit(RLIMIT_NPROC, 1); }),
                     {.uid = "49201", .gid = "49201", .groups = "49201"});
  }
}

TEST_CASE("every limit that the caller set reaches the daemon") {
  support::enter_own_network();
  const auto set_all = [] {
    limit(RLIMIT_AS, 64U << 20U);
    limit(RLIMIT_DATA, 32U << 20U);
    limit(RLIMIT_STACK, 128U << 10U);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, 100);
    limit(RLIMIT_RSS, 1);
    limit(RLIMIT_NPROC, 1000);
    limit(RLIMIT_NOFILE, 12);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_LOCKS, 1);
    limit(RLIMIT_SIGPENDING, 1);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_NICE, 0);
    limit(RLIMIT_RTPRIO, 0);
    limit(RLIMIT_RTTIME, 1000000);
  };
  const Words ask{"/bin/cat", "/proc/self/limits", "/proc/self/status"};
  const auto without = support::run_in_child(ask, set_all);
  REQUIRE(without.status == 0);
  const auto limits_of = [](const support::Result& result) {
    return result.out.substr(0, result.out.find("Name:"));
  };
  REQUIRE(limits_of(without).find("Max open files            12                   12 ") !=
          std::string::npos);
  for (const auto& mode : hostile::modes()) {
    if (mode.name == "inetd") {
      continue;  // its stdout is a socket
    }
    const auto result = support::run_in_child(
        support::join({{support::launcher()}, hostile::options_of(mode), {"--"}, ask}), set_all);
    support::check_daemon(result, {.capabilities = mode.capabilities});
    CHECK(limits_of(result) == limits_of(without));
  }
}

TEST_CASE("a small stack leaves the daemon as planned") {
  support::enter_own_network();
  for (const auto& mode : hostile::modes()) {
    for (const rlim_t kilobytes : {1024U, 256U, 128U}) {
      check_as_planned(mode, hostile::launch(mode, [=] { limit(RLIMIT_STACK, kilobytes << 10U); }));
    }
  }
}
