// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "confinement.hpp"
#include "hostile.hpp"

using hostile::check_as_planned;
using support::check_refused;

namespace {

/// For in_child: closes those of descriptors 0 to 2 whose bits are set.
void close_standard(unsigned bits) {
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if ((bits >> static_cast<unsigned>(descriptor) & 1U) != 0) {
      close(descriptor);
    }
  }
}

void limit_files(rlim_t soft) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = soft;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    _exit(122);
  }
}

/// For in_child, in mounts of the test's own: an empty /dev.
void lose_devices() {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/dev", "tmpfs", 0, nullptr) != 0) {
    _exit(122);
  }
}

}  // namespace

TEST_CASE("closed descriptors 0 to 2 leave the daemon as planned") {
  support::enter_own_network();
  for (const auto& mode : hostile::modes()) {
    for (unsigned closed = 0; closed < 8; ++closed) {
      CAPTURE(closed);
      auto field = check_as_planned(mode, hostile::launch(mode, [=] { close_standard(closed); }));
      for (unsigned descriptor = 0; descriptor < 3; ++descriptor) {
        const auto question = "fd=" + std::to_string(descriptor);
        CAPTURE(question);
        if (mode.sockets.count(question) != 0) {
          continue;
        }
        CHECK(
            field[question].starts_with((closed >> descriptor & 1U) != 0 ? "/dev/null" : "pipe:"));
      }
    }
  }
  support::check_denied("tcp/4/80");
}

TEST_CASE("nine hundred open descriptors leave the daemon as planned") {
  support::enter_own_network();
  // Without close-on-exec, and above a gap as well as from 3 on.
  const auto leak = [](unsigned closed) {
    for (int number = 0; number < 900; ++number) {
      if (dup2(STDERR_FILENO, 3 + number + (number >= 450 ? 17 : 0)) < 0) {
        _exit(122);
      }
    }
    close_standard(closed);
  };
  auto control = support::run_in_child({support::probe(), "fds"}, [&] { leak(0); });
  CHECK(support::fields(control.out)["fds"].ends_with(" 919"));
  for (const auto& mode : hostile::modes()) {
    for (const unsigned closed : {0U, 1U, 7U}) {
      CAPTURE(closed);
      check_as_planned(mode, hostile::launch(mode, [&] { leak(closed); }));
    }
  }
}

TEST_CASE("a limit of eight descriptors suffices or is reported") {
  support::enter_own_network();
  struct Row {
    support::Words options;
    std::string open;  ///< empty where the launch must be refused
  };
  const Row rows[] = {
      {{"-m", "ambient", "-p", "100-110", "--confine", "off"}, "0 1 2"},
      {{"-m", "ambient", "-p", "100-110"}, "0 1 2"},
      {{"-m", "listen-fds", "-p", "100"}, "0 1 2 3"},
      {{"-m", "listen-fds", "-p", "100-103"}, "0 1 2 3 4 5 6"},
      {{"-m", "listen-fds", "-p", "100-103", "--confine", "listed"}, "0 1 2 3 4 5 6"},
      // Inspecting the command takes one, and so would any daemon.
      {{"-m", "listen-fds", "-p", "100-104"}, ""},
      {{"-m", "listen-fds", "-p", "100-104", "--confine", "listed"}, ""},
      {{"-m", "listen-fds", "-p", "100-105"}, ""},
      {{"-m", "listen-fds", "-p", "100-199"}, ""},
      {{"-m", "nginx", "-p", "100-101"}, "0 1 2 3 4 5 6"},
      {{"-m", "nginx", "-p", "100-101,0.0.0.0:102"}, ""},
      {{"-m", "nginx", "-p", "100-102"}, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.options);
    if (row.options.back() == "listed" && !support::has_landlock()) {
      continue;
    }
    // The daemon raises the limit, as it may: without a free number it cannot look into /proc.
    const auto result =
        support::launch_probe(support::join({{"-u", "www-data"}, row.options}),
                              {"limits", "nofile=64", "status", "fds"}, [] { limit_files(8); });
    if (row.open.empty()) {
      check_refused(result, 125, {"Too many open files", "hint: raise the limit", "ulimit -n"});
      continue;
    }
    const bool ambient = row.options[1] == "ambient";
    auto field = support::check_daemon(
        result, {.capabilities = ambient ? support::kBindCapability : support::kNoCapability});
    CHECK(field["fds"] == row.open);
    CHECK(field["limits"].starts_with("nofile 8 "));
  }
}

TEST_CASE("a limit below the open descriptors never half-starts") {
  support::enter_own_network();
  for (const auto& mode : hostile::modes()) {
    for (rlim_t limit = 0; limit < 8; ++limit) {
      CAPTURE(mode.name);
      CAPTURE(limit);
      const support::TemporaryDirectory directory;
      const auto file = directory.write("answers", "", 0666);
      const auto argv = support::join({{support::launcher()},
                                       hostile::options_of(mode),
                                       {"--", support::probe(), "nofile=64"},
                                       hostile::questions_to(file)});
      auto result = hostile::run_to(file, argv, [=] { limit_files(limit); });
      CAPTURE(result.err);
      if (result.status == 0) {
        check_as_planned(mode, result);
      } else if (result.status == 127 && !hostile::launcher_is_static()) {
        // The dynamic loader's own message, before the launcher runs.
        CHECK(result.err.find("error while loading shared libraries") != std::string::npos);
        CHECK(result.out.empty());
      } else {
        check_refused(result, 125, {"Too many open files"});
      }
    }
  }
}

TEST_CASE("without /dev the launch works unless it needs /dev/null") {
  support::enter_own_network();
  support::enter_own_mounts();
  for (const auto& mode : hostile::modes()) {
    check_as_planned(mode, hostile::launch(mode, lose_devices));
    for (unsigned closed = 1; closed < 8; ++closed) {
      CAPTURE(mode.name);
      CAPTURE(closed);
      const auto result = hostile::launch(mode, [=] {
        lose_devices();
        close_standard(closed);
      });
      const unsigned first = (closed & 1U) != 0 ? 0 : (closed & 2U) != 0 ? 1 : 2;
      if ((closed & 4U) != 0) {  // stderr is closed
        CHECK(result.status == 125);
        CHECK(result.out.empty());
      } else {
        check_refused(result, 125,
                      {"cannot open /dev/null as: descriptor " + std::to_string(first) +
                       ": No such file or directory"});
      }
    }
  }
}
