// SPDX-License-Identifier: MIT
#include "launch.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <stdexcept>

#include "base/unique_fd.hpp"
#include "comparison.hpp"

namespace bench {
namespace {

using lowport::UniqueFd;

/// Spawns a command with stdout on `pipe`.
pid_t spawn(std::vector<std::string> command, const UniqueFd& pipe) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (auto& argument : command) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  check(posix_spawn_file_actions_init(&actions) == 0, "posix_spawn_file_actions_init");
  posix_spawn_file_actions_adddup2(&actions, pipe.value(), STDOUT_FILENO);
  pid_t child = 0;
  errno = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  check(errno == 0, command.front());
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

}  // namespace

std::string program(const std::string& name) { return std::string(BENCH_PROGRAMS) + "/" + name; }

double measure_launch(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const double start = read_clock();
  const pid_t child = spawn(command, write_end);
  write_end = UniqueFd();
  timespec arrived{};
  const bool has_arrived = read(read_end.value(), &arrived, sizeof(arrived)) == sizeof(arrived);
  int status = 0;
  check(waitpid(child, &status, 0) == child, "waitpid");
  if (!has_arrived || status != 0) {
    throw std::runtime_error(command.front() + ": wait status " + std::to_string(status));
  }
  return static_cast<double>(arrived.tv_sec) * 1e6 + static_cast<double>(arrived.tv_nsec) / 1e3 -
         start;
}

}  // namespace bench
