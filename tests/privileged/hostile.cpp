// SPDX-License-Identifier: MIT
#include "hostile.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace hostile {

using support::Words;

const std::vector<Mode>& modes() {
  static const std::string dual_stack = "tcp [::]:80 dual-stack listening reuseaddr blocking";
  static const std::vector<Mode> all{
      {"ambient", support::kBindCapability, "0 1 2", {}},
      {"listen-fds", support::kNoCapability, "0 1 2 3", {{"fd=3", dual_stack}}},
      {"inetd", support::kNoCapability, "0 1 2", {{"fd=0", dual_stack}, {"fd=1", dual_stack}}},
      {"nginx",
       support::kNoCapability,
       "0 1 2 3 4",
       {{"fd=3", "tcp 0.0.0.0:80 listening reuseaddr blocking"},
        {"fd=4", "tcp [::]:80 v6only listening reuseaddr blocking"}}},
  };
  return all;
}

Words options_of(const Mode& mode, const Words& more) {
  return support::join({{"-u", "www-data", "-p", "80", "-m", mode.name}, more});
}

Words questions_to(const std::string& file, const Words& more) {
  return support::join(
      {{"to=" + file, "status", "fds", "fd=0", "fd=1", "fd=2", "fd=3", "fd=4"}, more});
}

Words ask_for_state(const std::string& file, const Words& more) {
  return support::join({{support::probe()}, questions_to(file, more)});
}

support::Result run_to(const std::string& file, const Words& argv, std::function<void()> in_child) {
  auto result = support::run_in_child(argv, std::move(in_child));
  result.out = support::read_file(file);
  return result;
}

support::Result launch(const Mode& mode, std::function<void()> in_child, const Words& options,
                       const Words& questions) {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  return run_to(file,
                support::join({{support::launcher()},
                               options_of(mode, options),
                               {"--"},
                               ask_for_state(file, questions)}),
                std::move(in_child));
}

std::map<std::string, std::string> check_as_planned(const Mode& mode, const support::Result& result,
                                                    support::Expected expected) {
  expected.capabilities = mode.capabilities;
  CAPTURE(mode.name);
  auto field = support::check_daemon(result, expected);
  CHECK(field["fds"] == mode.open);
  for (const auto& [question, socket] : mode.sockets) {
    CHECK(field[question] == socket);
  }
  return field;
}

bool launcher_is_static() {
  static const bool is_static =
      support::run({support::launcher(), "--version"}).out.find("static") != std::string::npos;
  return is_static;
}

void hold_ambient(std::uint64_t set, uid_t uid) {
  const auto require = [](bool done) {
    if (!done) {
      _exit(122);
    }
  };
  if (uid != 0) {
    require(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
    require(setgroups(1, &uid) == 0 && setresgid(uid, uid, uid) == 0 &&
            setresuid(uid, uid, uid) == 0);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> halves{};
  for (std::size_t half = 0; half < halves.size(); ++half) {
    const auto bits = static_cast<std::uint32_t>(set >> (32 * half));
    halves[half] = {bits, bits, bits};
  }
  require(syscall(SYS_capset, &header, halves.data()) == 0);
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((set & bit(capability)) == 0) {
      continue;
    }
    require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0);
  }
}

}  // namespace hostile
