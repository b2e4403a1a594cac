// SPDX-License-Identifier: MIT
#include "launcher/command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "launcher/executable.hpp"
#include "launcher/exit_status.hpp"

namespace lowport {
namespace {

constexpr std::string_view kDefaultPath = "/bin:/usr/bin";  // confstr(_CS_PATH) of glibc

// Answers of probe() that are not an errno. kCannotSearch: a directory on the path cannot be
// entered, so we cannot tell whether the file exists.
constexpr int kCannotSearch = -1;
constexpr int kNotRegular = -2;

/// 0 if the account can execute the file, else an errno or one of the above: ENOENT or ENOTDIR if
/// it does not exist.
int probe(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) {
    return errno == EACCES ? kCannotSearch : errno;
  }
  if (S_ISDIR(status.st_mode)) {
    return EISDIR;
  }
  if (!S_ISREG(status.st_mode)) {
    return kNotRegular;
  }
  return access(file.c_str(), X_OK) == 0 ? 0 : errno;
}

bool means_missing(int error) { return error == ENOENT || error == ENOTDIR; }

/// The error for a file that exists but cannot be executed, from probe()'s answer.
CommandError explain_probe(const std::string& file, int error) {
  if (error == EISDIR) {
    return cannot_execute(file, "it is a directory");
  }
  const auto hint = "to see who may, and whether it is mounted noexec: namei -l " +
                    shell_quoted(file) + "; findmnt -T " + shell_quoted(file);
  if (error == EACCES) {
    return cannot_execute(file, "the account may not execute it", hint);
  }
  if (error == kCannotSearch) {
    return cannot_execute(file, "the account may not enter a directory on its path", hint);
  }
  if (error == kNotRegular) {
    return cannot_execute(file, "it is not a regular file");
  }
  return cannot_execute(file, describe_errno(error));
}

/// The same for execve(2), which has reasons of its own.
CommandError explain_execve(const std::string& file, int error) {
  if (error == E2BIG) {
    return cannot_execute(file, "its arguments and environment are too long",
                          "`getconf ARG_MAX` prints the limit");
  }
  if (error == EAGAIN) {
    return cannot_execute(file, "the account has reached its process limit (RLIMIT_NPROC)",
                          "to see the limit: grep processes /proc/self/limits; "
                          "it counts all the account's processes and threads, "
                          "on the host and in every container");
  }
  require_known_format(file);
  return explain_probe(file, error);
}

std::string full_path_hint(const std::string& command) {
  return "give its full path: -- /full/path/to/" + shell_quoted(command);
}

std::string find_in_path(const std::string& command, std::string_view path) {
  std::string unusable;  // the first file that exists but cannot be executed, and why
  int reason = 0;
  std::string hidden;  // the first that may exist, in a directory closed to the account
  while (!path.empty()) {
    std::string file(path.substr(0, path.find(':')));
    path.remove_prefix(std::min(path.size(), file.size() + 1));
    if (file.empty()) {
      continue;
    }
    file += '/';
    file += command;
    const int error = probe(file);
    if (error == 0) {
      return file;
    }
    if (error == kCannotSearch) {
      if (hidden.empty()) {
        hidden = file;
      }
    } else if (!means_missing(error) && unusable.empty()) {
      unusable = file;
      reason = error;
    }
  }
  if (!unusable.empty()) {
    throw explain_probe(unusable, reason);
  }
  auto hint = full_path_hint(command);
  if (!hidden.empty()) {
    hint +=
        "; or, if this is the one you mean, see who may enter: namei -l " + shell_quoted(hidden);
  }
  throw cannot_find(command, "it is not in any directory of PATH", hint);
}

}  // namespace

std::string find_command(const std::string& command, std::optional<std::string_view> path) {
  if (command.empty()) {
    throw cannot_find(command, "it is empty", "a variable may be unset");
  }
  if (command.find('/') == std::string::npos) {
    if (path && path->empty()) {
      throw cannot_find(command, "PATH is empty", full_path_hint(command));
    }
    return find_in_path(command, path.value_or(kDefaultPath));
  }
  const int error = probe(command);
  if (means_missing(error)) {
    throw cannot_find(command, describe_errno(error));
  }
  if (error != 0) {
    throw explain_probe(command, error);
  }
  return command;
}

// execve(2) never executes a directory (EACCES), and checks the limit before the file:
// do_execveat_common() in the kernel's fs/exec.c. As a side effect, the kernel forgets an excess
// that is over by now, as it would in any exec.
void require_process_limit(const std::string& file) {
  constexpr const char* kNeverExecuted = "/";
  std::string name(kNeverExecuted);
  std::array<char*, 2> arguments{name.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  execve(kNeverExecuted, arguments.data(), environment.data());
  if (errno == EAGAIN) {
    throw explain_execve(file, EAGAIN);
  }
}

void execute(const std::string& file, std::span<char* const> arguments, Environment environment) {
  std::vector<char*> entries;
  entries.reserve(environment.size() + 1);
  for (auto& entry : environment) {
    entries.push_back(entry.data());
  }
  entries.push_back(nullptr);
  execve(file.c_str(), arguments.data(), entries.data());
  throw explain_execve(file, errno);
}

}  // namespace lowport
