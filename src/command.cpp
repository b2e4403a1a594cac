#include "command.hpp"

#include <elf.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "error.hpp"
#include "unique_fd.hpp"

namespace lowportbind {
namespace {

constexpr std::string_view kCannotExecute = "cannot execute";
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";  // confstr(_CS_PATH) of glibc

Error cannot_execute(const std::string& file, std::string_view reason, std::string_view hint = {}) {
  return failure(kCannotExecute, file, reason, hint, ExitStatus::kCannotExecute);
}

// Answers of probe() that are no errno.
constexpr int kCannotSearch =
    -1;  // a directory on the way cannot be entered: whether the file is there is not to be known
constexpr int kNotRegular = -2;

/// 0 if the account can execute the file, else an errno or one of the above: ENOENT and ENOTDIR if it is not there.
int probe(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return errno == EACCES ? kCannotSearch : errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return kNotRegular;
  return access(file.c_str(), X_OK) == 0 ? 0 : errno;
}

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

/// The sentence for a file that is there and cannot be executed, from probe()'s answer.
Error explain_probe(const std::string& file, int error) {
  if (error == EISDIR) return cannot_execute(file, "it is a directory");
  const auto hint = "this shows who may: namei -l " + file;
  if (error == EACCES) return cannot_execute(file, "the account may not execute it", hint);
  if (error == kCannotSearch)
    return cannot_execute(file, "the account may not enter a directory on the way to it", hint);
  if (error == kNotRegular) return cannot_execute(file, "it is not a regular file");
  return cannot_execute(file, describe_errno(error));
}

/// The first bytes of a file: enough for the kernel, which reads 256, to choose what runs it.
std::string read_beginning(const std::string& file) {
  const UniqueFd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened.valid()) return {};
  std::array<char, 256> buffer{};
  const auto count = read(opened.value(), buffer.data(), buffer.size());
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

bool is_elf(std::string_view beginning) { return beginning.starts_with(std::string_view(ELFMAG, SELFMAG)); }

/// What stands behind `#!`, without its argument; empty if the file is no script.
std::string interpreter_of(std::string_view beginning) {
  if (!beginning.starts_with("#!")) return {};
  beginning.remove_prefix(2);
  beginning = beginning.substr(0, beginning.find('\n'));
  const auto start = beginning.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  beginning.remove_prefix(start);
  return std::string(beginning.substr(0, beginning.find_first_of(" \t")));
}

/// ENOENT for a file that is there means its interpreter: the one of `#!`, or the program loader of an ELF file.
Error explain_missing_interpreter(const std::string& file, std::string_view beginning) {
  const auto interpreter = interpreter_of(beginning);
  if (interpreter.ends_with('\r')) {
    return cannot_execute(file, "its first line ends with a carriage return",
                          "write it with Unix line ends: sed -i 's/\\r$//' " + file);
  }
  if (!interpreter.empty()) {
    return cannot_execute(file, "its interpreter is missing: " + interpreter,
                          "install " + interpreter + ", or mend the first line of " + file);
  }
  return cannot_execute(file, "its program loader is missing",
                        "`readelf -l " + file + "` names it; a program for another C library or architecture?");
}

Error explain_execve(const std::string& file, int error) {
  const auto beginning = read_beginning(file);
  switch (error) {
    case ENOENT:
      return explain_missing_interpreter(file, beginning);
    case ENOEXEC:
      if (is_elf(beginning)) return cannot_execute(file, "it is a program for another kind of machine");
      if (const auto interpreter = interpreter_of(beginning); !interpreter.empty()) {
        return cannot_execute(file, "its interpreter is not a program: " + interpreter);
      }
      return cannot_execute(file, "it has no #! line and is not a program",
                            "give it one, or name the shell: -- /bin/sh " + file);
    case EACCES: {
      const auto interpreter = interpreter_of(beginning);
      if (interpreter.empty()) return explain_probe(file, error);
      return cannot_execute(file, "the account may not execute its interpreter: " + interpreter);
    }
    case EPERM:
      if (getxattr(file.c_str(), "security.capability", nullptr, 0) > 0) {
        return cannot_execute(file, "it has file capabilities beyond those that the daemon is given",
                              "as root: setcap -r " + file + "; or launch it with --allow-new-privs");
      }
      return cannot_execute(file, describe_errno(error));
    case E2BIG:
      return cannot_execute(file, "its arguments and environment are too long", "see `getconf ARG_MAX`");
    default:
      return cannot_execute(file, describe_errno(error));
  }
}

Error not_found(const std::string& command, std::string_view reason, std::string_view hint = {}) {
  return failure("cannot find the command", command, reason, hint, ExitStatus::kNotFound);
}

std::string find_in_path(const std::string& command, std::string_view path) {
  std::optional<Error> unusable;
  std::string closed;
  while (!path.empty()) {
    const std::string directory(path.substr(0, path.find(':')));
    path.remove_prefix(std::min(path.size(), directory.size() + 1));
    if (directory.empty()) continue;
    auto file = directory + "/" + command;
    const int error = probe(file);
    if (error == 0) return file;
    if (error == kCannotSearch && closed.empty()) closed = directory;
    if (error != kCannotSearch && !is_missing(error) && !unusable) unusable = explain_probe(file, error);
  }
  if (unusable) throw *unusable;
  const auto hint = closed.empty() ? "give its full path: -- /full/path/of/" + command
                                   : "the account may not enter " + closed + "; give the full path of " + command;
  throw not_found(command, "it is in none of the directories of PATH", hint);
}

}  // namespace

std::string find_command(const std::string& command, std::optional<std::string_view> path) {
  if (command.empty()) throw not_found(command, "it is empty", "a variable may be unset");
  if (command.find('/') == std::string::npos) {
    if (path && path->empty())
      throw not_found(command, "PATH is empty", "give its full path: -- /full/path/of/" + command);
    return find_in_path(command, path.value_or(kDefaultPath));
  }
  const int error = probe(command);
  if (is_missing(error)) throw not_found(command, describe_errno(error));
  if (error != 0) throw explain_probe(command, error);
  return command;
}

void execute(const std::string& file, std::span<char* const> arguments, Environment environment) {
  std::vector<char*> entries;
  entries.reserve(environment.size() + 1);
  for (auto& entry : environment) entries.push_back(entry.data());
  entries.push_back(nullptr);
  execve(file.c_str(), arguments.data(), entries.data());
  throw explain_execve(file, errno);
}

}  // namespace lowportbind
