// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon.hpp"
#include "ring_experiments.hpp"

// An io_uring that the caller left open: whoever holds it acts with the rights of whoever set it
// up.

using support::check_refused;
using support::launch_probe;
using support::Words;

namespace {

/// A ring of root's with a kernel thread, which lives as long as the test.
class Ring {
 public:
  Ring() : descriptor_(experiments::set_up_polled_ring(parameters_)) {
    if (descriptor_ < 0) {
      support::skip("this kernel refuses io_uring: " + experiments::errno_name());
    }
  }
  ~Ring() { close(descriptor_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// For in_child: leaves it open as this number, with its thread at work.
  void pass_as(int number) const {
    experiments::wake_ring(descriptor_);
    if (descriptor_ == number) {
      fcntl(number, F_SETFD, 0);
    } else {
      dup2(descriptor_, number);
    }
  }
  [[nodiscard]] std::string question(int number, const std::string& socket) const {
    return experiments::ask_ring(number, parameters_, socket);
  }

 private:
  io_uring_params parameters_{};
  int descriptor_;
};

const std::string kPacketSocket = std::to_string(AF_PACKET) + "/" + std::to_string(SOCK_RAW) + "/0";

}  // namespace

TEST_CASE("an inherited io_uring is refused as a kept descriptor") {
  support::enter_own_network();
  const Ring ring;
  const auto pass = [&] { ring.pass_as(7); };
  // The negative control: without any right or system call of its own, the account makes a socket
  // that only root may make.
  const auto question = ring.question(7, kPacketSocket);
  auto field = support::fields(
      support::run_in_child({support::probe(), "socket=" + kPacketSocket, question}, [&] {
        pass();
        support::become(33, 33, {33});
      }).out);
  CHECK(field["socket=" + kPacketSocket] == "socket EPERM");
  // On a busy machine, the thread may not get to it: that does not count as another answer.
  const bool was_idle = field[question] == "nothing happened";
  CHECK((was_idle || field[question] == "ok"));
  for (const Words& options : {Words{"-p", "80"}, Words{"-p", "80", "--confine", "off"},
                               Words{"-p", "80", "-m", "listen-fds"}, Words{}}) {
    check_refused(
        launch_probe(support::join({{"-u", "www-data", "--keep-fd", "7"}, options}), {"fds"}, pass),
        125,
        {"cannot keep the descriptor: 7: it is, or may be, an io_uring, which acts with the rights "
         "of whoever set it up",
         "hint: leave --keep-fd 7 out"});
  }
  // Unless it is kept, it is closed like everything else.
  const auto closed = launch_probe({"-u", "www-data", "-p", "80"}, {"fds", question}, pass);
  CHECK(closed.status == 0);
  field = support::fields(closed.out);
  CHECK(field["fds"] == "0 1 2");
  CHECK(field[question] == "mmap EBADF");
}

TEST_CASE("an inherited io_uring is refused as an announced socket") {
  support::enter_own_network();
  const Ring ring;
  const auto result = support::run_in_child(
      {"/bin/sh", "-c", R"(export LISTEN_PID=$$; exec "$0" "$@")", support::launcher(), "-u",
       "www-data", "-m", "listen-fds", "--", support::probe(), "fds"},
      [&] {
        ring.pass_as(3);
        setenv("LISTEN_FDS", "1", 1);
      });
  check_refused(result, 125,
                {"cannot take over the sockets of: LISTEN_FDS=1: descriptor 3: it is, or may be, "
                 "an io_uring"});
}

TEST_CASE("other objects without a file type can be kept") {
  support::require_root();
  const auto pass = [] {
    const auto event = static_cast<int>(syscall(SYS_eventfd2, 0U, 0));
    if (dup2(event, 7) != 7) {
      _exit(122);
    }
  };
  const auto result = launch_probe({"-u", "www-data", "--keep-fd", "7"}, {"fd=7"}, pass);
  CHECK(result.status == 0);
  CHECK(support::fields(result.out)["fd=7"].starts_with("anon_inode:[eventfd"));
}

TEST_CASE("without /proc a possible io_uring is refused") {
  support::enter_own_mounts();
  const Ring ring;
  const support::TemporaryDirectory directory;
  const auto file = directory.write("kept", "");
  const auto hide = [] {
    if (unshare(CLONE_NEWNS) != 0 || umount2("/proc", MNT_DETACH) != 0) {
      _exit(122);
    }
  };
  check_refused(launch_probe({"-u", "www-data", "--keep-fd", "7"}, {"fds"},
                             [&] {
                               ring.pass_as(7);
                               hide();
                             }),
                125, {"cannot keep the descriptor: 7: it is, or may be, an io_uring"});
  const auto kept = launch_probe({"-u", "www-data", "--keep-fd", "7"}, {"pid"}, [&] {
    dup2(open(file.c_str(), O_RDONLY), 7);
    hide();
  });
  CAPTURE(kept.err);
  CHECK(kept.status == 0);
}
