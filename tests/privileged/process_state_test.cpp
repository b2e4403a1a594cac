// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "daemon.hpp"

using support::launch_probe;

namespace {

const support::Words kUser{"-u", "www-data"};

}  // namespace

TEST_CASE("the daemon is the same process as the launcher") {
  support::enter_own_network();
  const auto note_pid = [] { setenv("LAUNCHED_AS", std::to_string(getpid()).c_str(), 1); };
  for (const char* mode : {"ambient", "listen-fds", "nginx"}) {
    const auto result =
        launch_probe({"-u", "www-data", "-p", "80", "-m", mode, "--new-session", "--own-stdio"},
                     {"env", "pid"}, note_pid);
    CHECK(result.status == 0);
    CHECK(support::variable(result, "LAUNCHED_AS") == support::fields(result.out)["pid"]);
  }
}

TEST_CASE("umask and directory and limits and niceness are the caller's") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto locked = directory.path("locked");
  REQUIRE(mkdir(locked.c_str(), 0700) == 0);
  for (const auto& place : {directory.path(), locked}) {
    const auto result = launch_probe(kUser, {"umask", "cwd", "limits"}, [&] {
      umask(0137);
      const rlimit files{77, 88};
      const bool done = chdir(place.c_str()) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0;
      if (!done || setpriority(PRIO_PROCESS, 0, 19) != 0) {
        _exit(122);
      }
    });
    auto field = support::fields(result.out);
    CHECK(field["umask"] == "0137");
    CHECK(field["cwd"] == place);
    CHECK(field["limits"] == "nofile 77 nice 19");
  }
}

TEST_CASE("settings made by chrt or ionice or choom stay") {
  support::require_root();
  // SECURITY.md explains for each why it stays.
  const auto prepare = [] {
    constexpr int kBestEffort = 2 << 13;  // IOPRIO_CLASS_BE
    const sched_param first{1};
    cpu_set_t one{};
    CPU_SET(0, &one);
    const itimerval soon{{}, {600, 0}};
    const auto require = [](bool done) {
      if (!done) {
        _exit(122);
      }
    };
    const auto write_line = [&](const char* path, const char* line) {
      std::ofstream file(path);
      file << line << std::endl;
      require(static_cast<bool>(file));
    };
    const int flags = fcntl(STDIN_FILENO, F_GETFL);
    require(sched_setscheduler(0, SCHED_RR, &first) == 0 &&
            sched_setaffinity(0, sizeof(one), &one) == 0);
    require(syscall(SYS_ioprio_set, 1, 0, kBestEffort | 7) == 0 &&
            personality(ADDR_NO_RANDOMIZE) >= 0);
    require(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 &&
            prctl(PR_SET_TIMERSLACK, 12345, 0, 0, 0) == 0);
    require(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0 &&
            setitimer(ITIMER_REAL, &soon, nullptr) == 0);
    require(flags >= 0 && fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK | O_ASYNC) == 0);
    write_line("/proc/self/oom_score_adj", "77");
    write_line("/proc/self/coredump_filter", "0x1");
  };
  if (support::run_in_child({"/bin/true"}, prepare).status != 0) {
    support::skip("real-time scheduling is refused here");
  }
  const auto ask = [](const std::function<void()>& caller) {
    return support::fields(launch_probe(kUser, {"inherited"}, caller).out);
  };
  const auto state = ask(prepare);
  CHECK(state ==
        support::fields(support::run_in_child({support::probe(), "inherited"}, prepare).out));
  const auto usual = ask({});
  CHECK(state.size() == 12);
  for (const auto& entry : state) {
    const auto& name = entry.first;
    const auto& value = entry.second;
    CAPTURE(name);
    CAPTURE(value);
    if (name != "processors") {
      CHECK(value != usual.at(name));  // there may be only one
    }
  }
}

TEST_CASE("only the caller's blocked and ignored signals stay so") {
  support::enter_own_network();
  const auto prepare = [] {
    for (const int number : {SIGCHLD, SIGHUP, SIGPIPE}) {
      signal(number, SIG_IGN);
    }
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
  };
  const auto reset = [] {
    for (int number = 1; number < NSIG; ++number) {
      signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
  };
  for (const std::function<void()>& caller :
       {std::function<void()>(prepare), std::function<void()>(reset)}) {
    auto without = support::fields(support::run_in_child({support::probe(), "status"}, caller).out);
    for (const support::Words& options : {support::Words{"-p", "80", "--new-session"},
                                          support::Words{"-p", "80", "-m", "listen-fds"}}) {
      auto with =
          support::fields(launch_probe(support::join({kUser, options}), {"status"}, caller).out);
      for (const char* name : {"SigBlk", "SigIgn", "SigCgt", "SigPnd"}) {
        CAPTURE(name);
        CHECK(with[name] == without[name]);
      }
    }
  }
  // The control: the first caller did ignore SIGHUP, SIGPIPE and SIGCHLD.
  auto control = support::fields(support::run_in_child({support::probe(), "status"}, prepare).out);
  CHECK(control["SigIgn"] == "0000000000011001");
  CHECK(control["SigBlk"] == "0000000000004200");
}

TEST_CASE("the parent-death signal survives the change of user") {
  support::enter_own_network();
  const auto ask = [](const support::Words& options, int signal_number) {
    const auto result =
        launch_probe(options, {"pdeathsig"}, [=] { prctl(PR_SET_PDEATHSIG, signal_number); });
    return support::fields(result.out)["pdeathsig"];
  };
  CHECK(ask({"-u", "www-data", "-p", "80"}, SIGTERM) == std::to_string(SIGTERM));
  CHECK(ask({"-u", "www-data", "-p", "80", "-m", "listen-fds"}, SIGKILL) ==
        std::to_string(SIGKILL));
  CHECK(ask({"-u", "www-data"}, 0) == "0");
  // The control: a change of user alone clears it.
  const auto control = support::run_in_child({support::probe(), "pdeathsig"}, [] {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    support::become(33, 33);
  });
  CHECK(support::fields(control.out)["pdeathsig"] == "0");
}

TEST_CASE("a daemon whose parent dies receives the signal") {
  support::require_root();
  // A parent that sets the signal, launches a daemon which would stay, and dies once that has
  // answered. The daemon's end is seen at the pipe: as long as it lives, the run is not over.
  const support::TemporaryDirectory directory;
  const auto fifo = directory.path("started");
  REQUIRE(mkfifo(fifo.c_str(), 0622) == 0);
  const auto script =
      directory.write("daemon", "#!/bin/sh\necho started >" + fifo + "\nexec sleep 1000\n", 0755);
  REQUIRE(chmod(fifo.c_str(), 0622) == 0);
  const auto parent = directory.write("parent",
                                      "#!/bin/sh\nsetpriv --pdeathsig TERM " + support::launcher() +
                                          " -u www-data -- " + script + " &\nread -r line <" +
                                          fifo + "\necho $line\n",
                                      0755);
  support::Invocation invocation;
  invocation.argv = {parent};
  invocation.timeout_seconds = 20;
  const auto result = support::run(invocation);
  CHECK(result.out == "started\n");
  CHECK(result.status == 0);
}

TEST_CASE("the daemon's exit status is the launch's") {
  support::require_root();
  CHECK(launch_probe(kUser, {"exit=0"}).status == 0);
  CHECK(launch_probe(kUser, {"exit=7"}).status == 7);
  CHECK(launch_probe(kUser, {"exit=125"}).status == 125);
  CHECK(launch_probe(kUser, {"kill=15"}).status == 128 + SIGTERM);
  CHECK(launch_probe(kUser, {"kill=9"}).status == 128 + SIGKILL);
}

TEST_CASE("the daemon's arguments may look like options") {
  support::require_root();
  const auto result = support::launch(
      {"-u", "www-data", "--", support::probe(), "-u", "root", "--", "", "--check", "a b"});
  CHECK(result.status == 0);
  CHECK(result.out ==
        "argument:\t-u\nargument:\troot\nargument:\t--\nargument:\t\nargument:\t--check\nargument:"
        "\ta b\n");
}
