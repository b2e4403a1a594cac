// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "support.hpp"

/// A terminal of the test's own.
namespace terminal {

/// The launcher's position in the terminal's session.
enum class Position { kMember, kGroupLeader, kSessionLeader };
/// Which descriptor of the launcher is the terminal.
enum class Attached { kStdin, kNone };

class Terminal {
 public:
  Terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 64> name{};
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0 ||
        ptsname_r(master_, name.data(), name.size()) != 0) {
      support::skip("no pseudoterminals are available here");
    }
    path_ = name.data();
  }

  /// For in_child: this descriptor leads to the terminal, which does not become anyone's
  /// controlling terminal by that.
  void attach(int descriptor) const {
    const int slave = open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (slave < 0 || dup2(slave, descriptor) != descriptor) {
      _exit(122);
    }
  }

  /// For in_child: a session with this terminal, and the launcher in it.
  void control(Position position, Attached attached) const {
    if (setsid() < 0) {
      _exit(122);
    }
    const int slave = open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) != 0) {
      _exit(122);
    }
    if (attached == Attached::kStdin) {
      dup2(slave, STDIN_FILENO);
    }
    if (position == Position::kSessionLeader) {
      return;
    }
    const pid_t child = fork();
    if (child == 0) {
      if (position == Position::kGroupLeader && setpgid(0, 0) != 0) {
        _exit(122);
      }
      return;
    }
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 123);
  }

 private:
  int master_;
  std::string path_;
};

}  // namespace terminal
