// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>

#include "daemon.hpp"

using support::check_refused;

// What descriptors 0 to 2 may be, and what they are in the daemon.

namespace {

const support::Words kUser{"-u", "www-data"};
const support::Words kQuestions{"fd=0", "access=0", "fd=1", "access=1", "fd=2", "access=2"};
const std::string kNull = "/dev/null";

/// For in_child: closes those whose bits are set.
void close_standard(unsigned bits) {
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if ((bits >> static_cast<unsigned>(descriptor) & 1U) != 0) {
      close(descriptor);
    }
  }
}

/// For in_child: makes `opened` this descriptor of the daemon.
void be(int descriptor, int opened) {
  // It may already have that number, and dup2(2) onto the same number leaves close-on-exec set.
  if (opened < 0 || dup2(opened, descriptor) != descriptor || fcntl(descriptor, F_SETFD, 0) != 0) {
    _exit(122);
  }
}

/// What the daemon has as 0 to 2; its answers go to a file.
std::map<std::string, std::string> ask(const std::string& launcher, const support::Words& options,
                                       const std::function<void()>& in_child) {
  const support::TemporaryDirectory directory;
  const auto file = directory.write("answers", "", 0666);
  const auto result = support::launch_probe_with(
      launcher, options, support::join({{"to=" + file}, kQuestions}), in_child);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  return support::fields(support::read_file(file));
}

void check_null(std::map<std::string, std::string> field, int descriptor) {
  CAPTURE(descriptor);
  CHECK(field["fd=" + std::to_string(descriptor)] == kNull);
  CHECK(field["access=" + std::to_string(descriptor)] == "read and write");
}

int make_io_uring() {
  io_uring_params parameters{};
  return static_cast<int>(syscall(SYS_io_uring_setup, 8, &parameters));
}

}  // namespace

TEST_CASE("closed descriptors 0 to 2 can be read and written") {
  support::require_root();
  for (unsigned closed = 1; closed < 8; ++closed) {
    CAPTURE(closed);
    auto field = ask(support::launcher(), kUser, [=] { close_standard(closed); });
    for (int descriptor = 0; descriptor < 3; ++descriptor) {
      if ((closed >> static_cast<unsigned>(descriptor) & 1U) != 0) {
        check_null(field, descriptor);
      } else {
        CHECK(field["fd=" + std::to_string(descriptor)].starts_with("pipe:"));
      }
    }
  }
}

TEST_CASE("descriptors 0 to 2 opened for a file capability are usable") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto launcher = support::copy_program(directory, support::launcher(), "lowportbind");
  const auto probe = support::copy_program(directory, support::probe(), "probe");
  support::set_file_capabilities(launcher, "cap_net_bind_service=p");
  support::set_file_capabilities(probe, "cap_net_bind_service=p");
  for (unsigned closed = 1; closed < 8; ++closed) {
    CAPTURE(closed);
    auto field = ask(launcher, {}, [=] {
      close_standard(closed);
      support::become(33, 33);
    });
    for (int descriptor = 0; descriptor < 3; ++descriptor) {
      if ((closed >> static_cast<unsigned>(descriptor) & 1U) != 0) {
        check_null(field, descriptor);
      }
    }
  }
  // The control: what glibc opens in a program that is given rights by its file.
  const auto file = directory.write("answers", "", 0666);
  support::run_in_child(support::join({{probe, "to=" + file}, kQuestions}), [] {
    close_standard(7);
    support::become(33, 33);
  });
  auto field = support::fields(support::read_file(file));
  CHECK(field["fd=0"] == "/dev/full");
  CHECK(field["access=0"] == "write");
  CHECK(field["fd=1"] == kNull);
  CHECK(field["access=1"] == "read");
  CHECK(field["access=2"] == "read");
}

TEST_CASE("descriptors 0 to 2 opened by the starter are usable") {
  support::require_root();
  // For example by sudo that was started with closed descriptors.
  const auto field = ask(support::launcher(), kUser, [] {
    close_standard(7);
    const bool done =
        open("/dev/full", O_WRONLY) == 0 && open("/dev/null", O_RDONLY) == 1 && dup(1) == 2;
    if (!done) {
      _exit(122);
    }
  });
  for (const int descriptor : {0, 1, 2}) {
    check_null(field, descriptor);
  }
}

TEST_CASE("a usable null device stays as it was opened") {
  support::require_root();
  auto field = ask(support::launcher(), kUser, [] {
    be(0, open("/dev/null", O_RDONLY | O_CLOEXEC));
    be(1, open("/dev/null", O_WRONLY | O_CLOEXEC));
    be(2, open("/dev/full", O_WRONLY | O_CLOEXEC));
  });
  CHECK(field["access=0"] == "read");
  CHECK(field["access=1"] == "write");
  CHECK(field["access=2"] == "write");
  CHECK(field["fd=2"] == "/dev/full");
}

TEST_CASE("a file that is not the null device is not opened as it") {
  support::require_root();
  support::enter_own_mounts();
  const auto result = support::launch_probe(kUser, {"status"}, [] {
    const bool done = mount("none", "/dev", "tmpfs", 0, nullptr) == 0 &&
                      close(open("/dev/null", O_CREAT, 0666)) == 0;
    if (!done) {
      _exit(122);
    }
    close(STDIN_FILENO);
  });
  check_refused(result, 125,
                {"cannot open /dev/null as: descriptor 0: it is not the null device",
                 "hint: as root: ls -l /dev/null shows what it is; mknod -m 666 /dev/null c 1 3 "
                 "creates it"});
}

TEST_CASE("a directory or device or kernel object is refused as 0 to 2") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto block = directory.path("block");
  REQUIRE(mknod(block.c_str(), S_IFBLK | 0600, makedev(7, 0)) == 0);
  const std::string kernel_object =
      "it is not a file, pipe, socket or character device but a kernel object, such as io_uring or "
      "epoll";
  struct Row {
    std::string reason;
    std::function<int()> open_one;
  };
  const Row rows[] = {
      {"it is a directory", [] { return open("/", O_RDONLY | O_CLOEXEC); }},
      {"it is a directory", [] { return open("/", O_PATH | O_CLOEXEC); }},
      {"it is a block device", [&] { return open(block.c_str(), O_PATH | O_CLOEXEC); }},
      {kernel_object, make_io_uring},
      {kernel_object, [] { return epoll_create1(EPOLL_CLOEXEC); }},
      {kernel_object, [] { return eventfd(0, EFD_CLOEXEC); }},
      {kernel_object, [] { return static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)); }},
  };
  for (const auto& row : rows) {
    for (const int descriptor : {0, 1, 2}) {
      CAPTURE(row.reason);
      CAPTURE(descriptor);
      for (const support::Words& more : {support::Words{}, support::Words{"--check"}}) {
        const auto result = support::launch_probe(support::join({kUser, more}), {"status"},
                                                  [&] { be(descriptor, row.open_one()); });
        CHECK(result.status == 125);
        CHECK(result.out.empty());
        if (descriptor == 2) {
          continue;  // there is nowhere to print it
        }
        const std::string redirection = descriptor == 0 ? "</dev/null" : "1>/dev/null";
        check_refused(
            result, 125,
            {"refusing to pass on: descriptor " + std::to_string(descriptor) + ": " + row.reason,
             "hint: redirect it: lowportbind ... " + redirection});
      }
    }
  }
}

TEST_CASE("a file or pipe or socket or terminal is accepted as 0 to 2") {
  support::require_root();
  const support::TemporaryDirectory directory;
  const auto log = directory.write("log", "", 0600);
  struct Row {
    std::string link;
    std::function<int()> open_one;
  };
  const Row rows[] = {
      {log, [&] { return open(log.c_str(), O_RDWR | O_CLOEXEC); }},
      {"/memfd:input (deleted)", [] { return memfd_create("input", MFD_CLOEXEC); }},
      {"/dev/zero", [] { return open("/dev/zero", O_RDWR | O_CLOEXEC); }},
      {"/dev/ptmx", [] { return posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC); }},
      {"socket of family 1", [] { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }},
  };
  for (const auto& row : rows) {
    for (const int descriptor : {0, 1, 2}) {
      CAPTURE(row.link);
      auto field = ask(support::launcher(), kUser, [&] { be(descriptor, row.open_one()); });
      const auto& link = field["fd=" + std::to_string(descriptor)];
      CHECK((link == row.link || (row.link == "/dev/ptmx" && link.ends_with("ptmx"))));
    }
  }
}

TEST_CASE("a named or announced kernel object is passed on") {
  support::require_root();
  const auto named =
      support::launch_probe(support::join({kUser, {"--keep-fd", "5"}}), {"fds", "fd=5"},
                            [] { be(5, epoll_create1(EPOLL_CLOEXEC)); });
  CHECK(support::fields(named.out)["fd=5"] == "anon_inode:[eventpoll]");
  const auto announced =
      support::launch_probe(support::join({kUser, {"-m", "listen-fds"}}), {"fds", "fd=3"}, [] {
        be(3, eventfd(0, EFD_CLOEXEC));
        setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
        setenv("LISTEN_FDS", "1", 1);
      });
  CHECK(support::fields(announced.out)["fd=3"] == "anon_inode:[eventfd]");
}
