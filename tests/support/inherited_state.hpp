// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace inherited_state {

/// What a process inherits and neither /proc/PID/status nor another question to the probe shows.
inline std::vector<std::pair<std::string, std::string>> read() {
  constexpr int kWhoProcess = 1;  // IOPRIO_WHO_PROCESS
  constexpr unsigned long kAsk = 0xffffffff;
  const auto line_of = [](const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  };
  sched_param parameters{};
  sched_getparam(0, &parameters);
  cpu_set_t processors{};
  sched_getaffinity(0, sizeof(processors), &processors);
  itimerval timer{};
  getitimer(ITIMER_REAL, &timer);
  int is_subreaper = -1;
  prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0);
  const auto stdin_flags = fcntl(STDIN_FILENO, F_GETFL) & (O_NONBLOCK | O_ASYNC);
  return {
      {"policy", std::to_string(sched_getscheduler(0))},
      {"priority", std::to_string(parameters.sched_priority)},
      {"processors", std::to_string(CPU_COUNT(&processors))},
      {"ioprio", std::to_string(syscall(SYS_ioprio_get, kWhoProcess, 0))},
      {"personality", std::to_string(personality(kAsk))},
      {"subreaper", std::to_string(is_subreaper)},
      {"timerslack", std::to_string(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0))},
      {"thp_disable", std::to_string(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0))},
      {"oom_score_adj", line_of("/proc/self/oom_score_adj")},
      {"coredump_filter", line_of("/proc/self/coredump_filter")},
      {"timer", timer.it_value.tv_sec > 0 ? "set" : "not set"},
      {"stdin", std::to_string(stdin_flags)},
  };
}

}  // namespace inherited_state
