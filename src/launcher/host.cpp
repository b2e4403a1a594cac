// SPDX-License-Identifier: MIT
#include "launcher/host.hpp"

#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/read_file.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"

namespace lowport {
namespace {

/// An io_uring acts with the rights of whoever set it up: it may have a kernel thread of theirs
/// (IORING_SETUP_SQPOLL in io_uring_setup(2)), which no filter sees, and their credentials
/// (IORING_REGISTER_PERSONALITY in io_uring_register(2)). Without /proc, any object without a file
/// type may be one.
bool may_be_io_uring(int descriptor) {
  std::array<char, 64> target{};
  const auto path = "/proc/self/fd/" + std::to_string(descriptor);
  const auto length = readlink(path.c_str(), target.data(), target.size());
  if (length < 0) {
    return (read_status(descriptor).st_mode & S_IFMT) == 0;
  }
  return std::string_view(target.data(), static_cast<std::size_t>(length)) ==
         "anon_inode:[io_uring]";
}

constexpr std::string_view kIsIoUring =
    "it is, or may be, an io_uring, which acts with the rights of whoever set it up";

void require_usable(std::span<const int> descriptors) {
  for (const int descriptor : descriptors) {
    const auto number = std::to_string(descriptor);
    if (!is_open(descriptor)) {
      throw failure("cannot keep the descriptor", number, "it is not open",
                    "open it for lowportbind, for example in a shell: exec " + number + "<FILE");
    }
    if (may_be_io_uring(descriptor)) {
      throw failure("cannot keep the descriptor", number, kIsIoUring,
                    "leave --keep-fd " + number + " out");
    }
  }
}

/// The number in a file of /proc/sys, or nullopt if there is no such file to read, as where it is
/// hidden. A failure to read it is an error: the default in its place would make a different plan.
std::optional<int> read_sysctl(const char* path) {
  const auto content = read_beginning(path);
  std::string_view text(content);
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  const auto number = parse_number(text, 0, std::numeric_limits<int>::max());
  return number.valid() ? std::optional(static_cast<int>(number.value)) : std::nullopt;
}

/// True if the kernel, or a container's filter, reports it unavailable; any other errno throws: a
/// call that failed must not leave the daemon unconfined.
bool is_refusal(std::string_view call, int error) {
  constexpr std::array<int, 5> kRefusals{ENOSYS, EOPNOTSUPP, EINVAL, EPERM, EACCES};
  if (std::find(kRefusals.begin(), kRefusals.end(), error) != kRefusals.end()) {
    return true;
  }
  throw system_failure("cannot query the kernel for", call, error);
}

ConfinementSupport read_confinement_support() {
  constexpr int kFirstWithNetwork = 4;
  constexpr unsigned kAskForAbi = 1;  // LANDLOCK_CREATE_RULESET_VERSION
  ConfinementSupport support;
  support.landlock_abi =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForAbi));
  std::uint32_t action = SECCOMP_RET_ERRNO;
  if (support.landlock_abi < 0 && is_refusal("Landlock", errno)) {
    support.why_not = errno == ENOSYS ? "this kernel has no Landlock"
                      : errno == EOPNOTSUPP
                          ? "Landlock is disabled in this kernel"
                          : "Landlock cannot be used: " + std::string(describe_errno(errno));
  } else if (support.landlock_abi < kFirstWithNetwork) {
    support.why_not = "this kernel's Landlock has no network rules, which came with Linux 6.7";
  } else if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) != 0 &&
             is_refusal("seccomp", errno)) {
    support.why_not = "seccomp filters cannot be used: " + std::string(describe_errno(errno));
  }
  return support;
}

ParentDeath read_parent_death() {
  int signal = -1;
  if (prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) != 0) {
    throw system_failure("cannot read the parent-death signal", "prctl", errno);
  }
  if (signal < 0) {
    throw failure("cannot read the parent-death signal", "prctl",
                  "it succeeded but returned no signal");
  }
  return {signal, signal == 0 ? 0 : getppid()};
}

/// A host without IPv6 answers EAFNOSUPPORT; anything else is a failure, not a reason to leave IPv6
/// out.
bool probe_ipv6() {
  const UniqueFd probe(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe.valid() && errno != EAFNOSUPPORT) {
    throw system_failure("cannot open", "an IPv6 socket", errno);
  }
  return probe.valid();
}

/// Whether setfsuid(2) is available: gVisor answers ENOSYS, and a filter may answer EPERM or
/// EACCES, which the kernel never does. The call changes nothing: (uid_t)-1 is not a valid id, and
/// the answer is the present one, equal to the euid since the exec. Uses syscall(2), since the C
/// library does not set errno here.
bool probe_fsuid(uid_t euid) {
  constexpr std::array<int, 3> kRefusals{ENOSYS, EPERM, EACCES};
  errno = 0;
  const auto answer = syscall(SYS_setfsuid, static_cast<uid_t>(-1));
  const int error = answer == -1 ? errno : 0;
  // The highest ids look like errors to syscall(2).
  const auto id = static_cast<uid_t>(error == 0 ? answer : -error);
  if (id == euid) {
    return true;
  }
  if (std::find(kRefusals.begin(), kRefusals.end(), error) != kRefusals.end()) {
    return false;
  }
  throw failure("cannot read the file system id", "setfsuid", "it is not the effective user id");
}

std::vector<std::string> inherited_names(std::size_t count) {
  const char* text = std::getenv("LISTEN_FDNAMES");
  if (text == nullptr) {
    return std::vector<std::string>(count);
  }
  const auto names = split(text, ":");
  if (names.size() != count) {
    throw failure("cannot take over the sockets of", "LISTEN_FDNAMES",
                  "it does not have as many names as LISTEN_FDS says");
  }
  return {names.begin(), names.end()};
}

/// The protocol of sd_listen_fds(3). Variables meant for another process (another PID) are stale,
/// and ignored.
std::optional<InheritedSockets> read_inherited(pid_t pid) {
  constexpr std::uint64_t kMost = 65536;
  const char* pid_text = std::getenv("LISTEN_PID");
  const char* count_text = std::getenv("LISTEN_FDS");
  if (pid_text == nullptr || count_text == nullptr || pid_text != std::to_string(pid)) {
    return std::nullopt;
  }
  if (count_text == std::string_view("0")) {
    return std::nullopt;
  }
  const auto count = parse_number(count_text, 1, kMost);
  if (!count.valid()) {
    throw failure("cannot take over the sockets of", "LISTEN_FDS=" + std::string(count_text),
                  count.problem);
  }
  for (int index = 0; index < static_cast<int>(count.value); ++index) {
    const int descriptor = kFirstPassed + index;
    const bool open = is_open(descriptor);
    if (open && !may_be_io_uring(descriptor)) {
      continue;
    }
    throw failure("cannot take over the sockets of", "LISTEN_FDS=" + std::string(count_text),
                  "descriptor " + std::to_string(descriptor) +
                      (open ? ": " + std::string(kIsIoUring) : " is not open"));
  }
  return InheritedSockets{inherited_names(count.value)};
}

/// Whether SECBIT_KEEP_CAPS of capabilities(7) may be set. If the securebits cannot be read, it is
/// assumed to be locked.
bool may_keep_capabilities() {
  const int securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  return securebits >= 0 && (static_cast<unsigned>(securebits) & SECBIT_KEEP_CAPS_LOCKED) == 0;
}

}  // namespace

Identity identify_caller() {
  const auto [uids, gids] = read_ids();
  const auto differ = [](const auto& ids) { return ids[0] != ids[1] || ids[0] != ids[2]; };
  if (differ(uids) || differ(gids)) {
    const auto path = read_launcher_path();
    throw failure("refusing to run", path,
                  std::string("its real and effective ") + (differ(uids) ? "user" : "group") +
                      " ids differ: it is installed set-" + (differ(uids) ? "user" : "group") +
                      "-ID, or was started by a program that is",
                  "as root: chmod u-s,g-s " + shell_quoted(path));
  }
  return {uids[0], gids[0], read_groups()};
}

int privileged_port_end(const Host& host) {
  constexpr int kDefault = 1024;
  return host.unprivileged_port_start.value_or(kDefault);
}

bool lists_privileged_port(const Options& options, const Host& host) {
  return std::any_of(options.listen.begin(), options.listen.end(),
                     [&](const ListenAddress& address) {
                       return is_privileged(address, privileged_port_end(host));
                     });
}

Host inspect_host(const Options& options, Identity caller) {
  Host host;
  host.identity = std::move(caller);
  host.pid = getpid();
  host.capabilities = read_thread_capabilities();
  if (!options.listen.empty()) {
    host.unprivileged_port_start = read_sysctl("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  }
  if (options.backlog) {
    host.longest_backlog = read_sysctl("/proc/sys/net/core/somaxconn");
  }
  if (opens_sockets(options.mode) || options.action == Action::kCheck) {
    host.has_ipv6 = probe_ipv6();
  }
  if (opens_sockets(options.mode)) {
    host.has_fsuid = probe_fsuid(host.identity.uid);
  }
  if (confinement_of(options) != Confinement::kOff) {
    host.confinement = read_confinement_support();
  }
  host.parent_death = read_parent_death();
  if (contains(host.capabilities.effective, CAP_SETPCAP) &&
      (opens_sockets(options.mode) || !lists_privileged_port(options, host))) {
    host.may_keep_capabilities = may_keep_capabilities();
  }
  host.inherited = read_inherited(host.pid);
  refuse_excessive_file_capabilities(host.identity, host.capabilities);
  const bool lacks_capability = !contains(host.capabilities.permitted, CAP_NET_BIND_SERVICE);
  if (lacks_capability || options.allow_new_privs) {
    host.no_new_privs = has_no_new_privs();
  }
  if (lacks_capability) {
    host.lacked = read_lacked_capability(*host.no_new_privs);
  }
  require_usable(options.keep_fds);
  return host;
}

}  // namespace lowport
