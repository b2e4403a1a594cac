// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support.hpp"

/// Shared by the privileged tests: they launch the probe as a daemon, and check what must hold for
/// it.
namespace support {

using Words = std::vector<std::string>;

inline const std::string kNoCapability = "0000000000000000";
inline const std::string kBindCapability = "0000000000000400";

Words join(const std::vector<Words>& parts);

/// Launches the probe with these options and asks it these questions; `in_child` runs before the
/// launcher.
Result launch_probe(const Words& options, const Words& questions,
                    std::function<void()> in_child = {});
/// The same with another copy of the launcher.
Result launch_probe_with(const std::string& launcher_path, const Words& options,
                         const Words& questions, std::function<void()> in_child = {});
Result run_in_child(const Words& argv, std::function<void()> in_child);

/// What a daemon's /proc/PID/status must contain. The defaults are those of www-data without a
/// capability.
struct Expected {
  std::string uid = "33";
  std::string gid = "33";
  std::string groups = "33";
  std::string capabilities = kNoCapability;  ///< CapInh, CapPrm, CapEff and CapAmb
  std::string bounding = {};                 ///< empty: the same set
  std::string no_new_privs = "1";
};

/// Checks that the launch succeeded and that the probe, asked for `status`, is as expected. Returns
/// its answers.
std::map<std::string, std::string> check_daemon(const Result& result, const Expected& expected);

/// Checks that the launch ended with this status, that its message begins with "lowportbind: " and
/// contains each of these texts, and that the probe never ran.
void check_refused(const Result& result, int status, const Words& texts);

/// The negative control: the same account without the launcher gets EACCES for "tcp/4/80".
void check_denied(const std::string& address, uid_t uid = 33, gid_t gid = 33);

/// The values that the probe, asked for `env`, printed for a name; "(unset)" where there is none.
std::string variable(const Result& result, const std::string& name);
/// Every variable that it printed, sorted: "A B C".
std::string variable_names(const Result& result);

/// One line of /proc/self/status of the test itself.
std::string own_status(const std::string& name);

/// Copies a program for a test that changes its mode, its owner or its capabilities. Skips the test
/// where the directory for temporary files ignores those.
std::string copy_program(const TemporaryDirectory& directory, const std::string& source,
                         const std::string& name, mode_t mode = 0755);
/// setcap(8). Skips the test where file capabilities are unavailable.
void set_file_capabilities(const std::string& path, const std::string& capabilities);

/// For in_child: drops all but these from the bounding set, so that root has only them after the
/// next exec.
void keep_capabilities(const std::vector<int>& kept);
void drop_capabilities(const std::vector<int>& dropped);

/// Changes ip_unprivileged_port_start of the test's own network. Skips the test where /proc/sys is
/// read-only.
void set_unprivileged_port_start(int port);

/// A socket of the test's own on every IPv4 address, listening; made under the test's fsuid.
int listen_on(int port, bool reuse_port = false);

/// Skips the test where strace is missing or may not trace.
void require_strace();

/// The system calls between the execve of `argv` and the one by which it becomes the daemon, as
/// strace prints them. `options` are strace's; `in_child` runs before strace.
struct Trace {
  Result result;
  Words calls;
};
Trace trace(const Words& options, const Words& argv, std::function<void()> in_child = {});

}  // namespace support
