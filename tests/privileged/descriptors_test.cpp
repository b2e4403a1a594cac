// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon.hpp"

using support::launch_probe;

namespace {

std::string fds_of(const support::Result& result) {
  CAPTURE(result.err);
  CHECK(result.status == 0);
  return support::fields(result.out)["fds"];
}

/// Opens descriptors until there are `count` of them or the limit is reached.
void open_many(int count) {
  while (open("/dev/null", O_RDONLY) >= 0 && --count > 0) {  // NOLINT
  }
}

}  // namespace

TEST_CASE("nine hundred leaked descriptors are closed") {
  support::enter_own_network();
  const auto leak = [] { open_many(900); };
  auto control = support::run_in_child({support::probe(), "fds"}, leak);
  CHECK(support::fields(control.out)["fds"].size() > 3 * 800);
  CHECK(fds_of(launch_probe({"-u", "www-data", "-p", "80"}, {"fds"}, leak)) == "0 1 2");
  CHECK(fds_of(launch_probe({"-u", "www-data"}, {"fds"}, leak)) == "0 1 2");
  CHECK(fds_of(launch_probe({"-u", "www-data", "-p", "80-82", "-m", "listen-fds"}, {"fds"},
                            leak)) == "0 1 2 3 4 5");
  CHECK(fds_of(launch_probe({"-u", "www-data", "-p", "80", "-m", "nginx"}, {"fds"}, leak)) ==
        "0 1 2 3 4");
}

TEST_CASE("a descriptor above a limit lowered afterwards is closed") {
  support::require_root();
  const auto leak = [] {
    dup2(STDIN_FILENO, 900);
    const rlimit low{40, 40};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) {
      _exit(122);
    }
  };
  CHECK(
      support::fields(support::run_in_child({support::probe(), "fds"}, leak).out)["fds"].ends_with(
          " 900"));
  CHECK(fds_of(launch_probe({"-u", "www-data"}, {"fds"}, leak)) == "0 1 2");
}

TEST_CASE("descriptors are closed even if no number is free") {
  support::require_root();
  const auto leak = [] { open_many(100000); };
  CHECK(fds_of(launch_probe({"-u", "www-data", "--groups", "none"}, {"fds"}, leak)) == "0 1 2");
}

TEST_CASE("a named descriptor stays open and its neighbours are closed") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("kept", "");
  const auto leak = [&] {
    const int descriptor = open(file.c_str(), O_RDONLY);
    for (int number = 3; number < 70; ++number) {
      if (number != descriptor) {
        dup2(descriptor, number);
      }
    }
    dup2(descriptor, 500);
  };
  auto result = launch_probe({"-u", "www-data", "--keep-fd", "7"}, {"fds", "fd=7"}, leak);
  CHECK(fds_of(result) == "0 1 2 7");
  CHECK(support::fields(result.out)["fd=7"] == file);
  CHECK(fds_of(launch_probe({"-u", "www-data", "--keep-fd", "500", "--keep-fd=7"}, {"fds"},
                            leak)) == "0 1 2 7 500");
  CHECK(fds_of(launch_probe({"-u", "www-data", "--keep-fd", "3", "--keep-fd", "4"}, {"fds"},
                            leak)) == "0 1 2 3 4");
  result = launch_probe({"-u", "www-data", "--keep-fd", "7", "-p", "80-82", "-m", "listen-fds"},
                        {"fds", "fd=7"}, leak);
  CHECK(fds_of(result) == "0 1 2 3 4 5 7");
  CHECK(support::fields(result.out)["fd=7"] == file);
}

TEST_CASE("a kept descriptor must be open and not a socket's place") {
  support::enter_own_network();
  support::check_refused(launch_probe({"-u", "www-data", "--keep-fd", "77"}, {"status"}), 125,
                         {"cannot keep the descriptor: 77: it is not open", "hint: "});
  const auto open_four = [] { dup2(STDIN_FILENO, 4); };
  support::check_refused(
      launch_probe({"-u", "www-data", "--keep-fd", "4", "-p", "80,81", "-m", "listen-fds"},
                   {"status"}, open_four),
      125,
      {"--keep-fd 4: --mode listen-fds puts a socket there",
       "hint: the sockets take descriptors 3 to 4"});
  CHECK(fds_of(launch_probe({"-u", "www-data", "--keep-fd", "4", "-p", "80", "-m", "listen-fds"},
                            {"fds"}, open_four)) == "0 1 2 3 4");
}

TEST_CASE("sockets replace leaked descriptors and are not close-on-exec") {
  support::enter_own_network();
  const auto leak = [] { open_many(20); };
  const auto result = launch_probe({"-u", "www-data", "-p", "80,81,82", "-m", "listen-fds"},
                                   {"fds", "fd=3", "fd=4", "fd=5"}, leak);
  CHECK(fds_of(result) == "0 1 2 3 4 5");
  for (const int descriptor : {3, 4, 5}) {
    CHECK(support::fields(result.out)["fd=" + std::to_string(descriptor)] ==
          "tcp [::]:" + std::to_string(77 + descriptor) +
              " dual-stack listening reuseaddr blocking");
  }
  support::check_denied("tcp/4/80");
}

TEST_CASE("closed descriptors 0 to 2 become the null device") {
  support::enter_own_network();
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const support::Words launches[] = {{"-u", "www-data", "-p", "80"},
                                     {"-u", "www-data", "-p", "80", "-m", "listen-fds"},
                                     {"-u", "www-data", "-p", "80", "-m", "inetd"}};
  for (const auto& options : launches) {
    const bool has_socket = options.back() == "listen-fds";
    const bool is_inetd = options.back() == "inetd";
    for (int closed = 0; closed < 8; ++closed) {
      CAPTURE(closed);
      CAPTURE(options.back());
      support::write_file(file, "");
      const auto result = launch_probe(
          options, {"to=" + file, "status", "fds", "fd=0", "fd=1", "fd=2", "fd=3"}, [closed] {
            for (int descriptor = 0; descriptor < 3; ++descriptor) {
              if ((closed >> descriptor & 1) != 0) {
                close(descriptor);
              }
            }
          });
      CHECK(result.status == 0);
      auto field = support::fields(support::read_file(file));
      CHECK(field["Uid"] == "33\t33\t33\t33");
      CHECK(field["fds"] == (has_socket ? "0 1 2 3" : "0 1 2"));
      for (int descriptor = 0; descriptor < 3; ++descriptor) {
        const bool is_socket = is_inetd && descriptor < 2;
        const bool was_closed = (closed >> descriptor & 1) != 0;
        const std::string expected = is_socket ? "tcp [::]:80" : was_closed ? "/dev/null" : "pipe:";
        CHECK(field["fd=" + std::to_string(descriptor)].starts_with(expected));
      }
      if (has_socket) {
        CHECK(field["fd=3"] == "tcp [::]:80 dual-stack listening reuseaddr blocking");
      }
    }
  }
}

TEST_CASE("a launch that fails with every descriptor closed exits 125") {
  support::require_root();
  const auto result = launch_probe({"-u", "root"}, {"status"}, [] {
    for (int descriptor = 0; descriptor < 3; ++descriptor) {
      close(descriptor);
    }
  });
  CHECK(result.status == 125);
  CHECK(result.out.empty());
  CHECK(result.err.empty());
}

TEST_CASE("a limit too low for the sockets is refused with the fix") {
  support::enter_own_network();
  support::check_refused(
      launch_probe({"-u", "www-data", "-p", "100-160", "-m", "listen-fds"}, {"status"},
                   [] {
                     const rlimit low{20, 20};
                     if (setrlimit(RLIMIT_NOFILE, &low) != 0) {
                       _exit(122);
                     }
                   }),
      125,
      {"cannot open a socket for: ", "Too many open files",
       "hint: raise the limit before the launch: ulimit -n 1088 (for these sockets and 1024 files "
       "for the daemon); root can raise the hard limit of 20; container: docker run --ulimit "
       "nofile=1088; "
       "systemd: "
       "LimitNOFILE=1088\n"});
}
