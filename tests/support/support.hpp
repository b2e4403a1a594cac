// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Shared by the cli and privileged tests: running a program and examining what became of it.
namespace support {

/// What a program did. `status` is its exit status, or 128 + the signal that ended it.
struct Result {
  int status = 0;
  std::string out;
  std::string err;
};

struct Invocation {
  std::vector<std::string> argv;
  std::optional<std::vector<std::string>> environment;  ///< NAME=VALUE; without it, the test's own
  std::string input;
  /// Runs between fork and exec: credentials, descriptors, signals.
  std::function<void()> in_child;
  int timeout_seconds = 30;  ///< then the program is killed, and the test fails
};

/// Runs a program to its end with stdin, stdout and stderr on pipes.
Result run(const Invocation& invocation);
Result run(const std::vector<std::string>& argv);

/// The launcher and the probe that were built with the tests, or another build's launcher, which
/// the environment variable LOWPORTBIND names; the root of the source tree.
std::string launcher();
std::string probe();
std::string source_tree();

/// Runs the launcher with these arguments.
Result launch(std::vector<std::string> arguments);
Result launch(std::vector<std::string> arguments, Invocation invocation);

/// Ends this test with status 77 and the reason, or as failed with LOWPORTBIND_REQUIRE_ALL=1. To be
/// called before anything is checked.
[[noreturn]] void skip(const std::string& reason);
void require_root();

/// Drops what differs between those who run ctest, and what the launcher and the daemon would
/// inherit: open descriptors, ignored and blocked signals, the umask, how many files may be open,
/// the language, where temporary files go (a directory that may be closed to the accounts of the
/// tests), what the loader is told, and what a service manager tells its service. To be called
/// first of all.
void leave_callers_state();

/// Moves the test into a new network namespace with loopback up: every port is free there, and
/// ip_unprivileged_port_start is 1024 whatever the host has. Needs root.
void enter_own_network();
/// Moves the test into a new mount namespace, so that what it mounts over /etc is its own. Needs
/// root.
void enter_own_mounts();
/// Mounts a file with this content over `path`, in the test's own mount namespace.
void mount_over(const std::string& path, const std::string& content);

/// For Invocation::in_child: becomes another user permanently, without capabilities.
void become(uid_t uid, gid_t gid, const std::vector<gid_t>& groups = {});

/// "Name:\tvalue" lines, as /proc/PID/status and the probe print them.
std::map<std::string, std::string> fields(const std::string& text);

/// A directory that is removed with everything in it at the end of the test; every user may enter
/// it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string path(const std::string& name = {}) const;
  /// Writes a file with these permissions, and returns its path.
  [[nodiscard]] std::string write(const std::string& name, const std::string& content,
                                  mode_t mode = 0644) const;

 private:
  std::string path_;
};

void write_file(const std::string& path, const std::string& content);
std::string read_file(const std::string& path);

}  // namespace support
