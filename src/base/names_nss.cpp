// SPDX-License-Identifier: MIT
#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/name_tables.hpp"
#include "base/names.hpp"
#include "base/read_file.hpp"

namespace lowport {
namespace {

/// Runs one of the reentrant lookups, getpwnam_r(3) and the like, with a buffer that grows until
/// the entry fits. Their manual lists ENOENT, ESRCH, EBADF and EPERM among the ways to report "not
/// found". Only the first two cannot be a failure, and a failure must never pass for a name that
/// does not exist.
template <typename Key, typename Entry, typename Convert>
auto look_up(int (*by_key)(Key, Entry*, char*, std::size_t, Entry**), Key key,
             std::string_view object, const Convert& convert)
    -> std::optional<decltype(convert(std::declval<const Entry&>()))> {
  constexpr std::size_t kLargestEntry = std::size_t{1} << 24U;
  std::string buffer(1024, '\0');
  for (;;) {
    Entry entry{};
    Entry* found = nullptr;
    const int error = by_key(key, &entry, buffer.data(), buffer.size(), &found);
    if (error == 0 && found != nullptr) {
      return convert(*found);
    }
    if (error == 0 || error == ENOENT || error == ESRCH) {
      return std::nullopt;
    }
    if (error == ERANGE && buffer.size() < kLargestEntry) {
      buffer.resize(buffer.size() * 2);
    } else if (error != EINTR) {
      throw system_failure("cannot look up", object, error);
    }
  }
}

/// The role of /etc's own file for `database` in nsswitch.conf(5). A file that is listed first is
/// read here directly, with the strictness of name_tables.hpp and without asking nscd. NSS, which
/// may load modules into this process while it is still root, is asked only for what the file does
/// not have.
enum class FileRole { kNone, kFirst, kOnly };

/// `fallback` is the database to use if the first one is not listed, as `group` is for
/// `initgroups`.
FileRole role_of_file(std::string_view database, std::string_view fallback = {}) {
  const auto configuration = read_file("/etc/nsswitch.conf");
  if (!configuration) {
    return FileRole::kNone;
  }
  auto sources = find_sources_in(*configuration, database);
  if (sources.empty()) {
    sources = find_sources_in(*configuration, fallback);
  }
  if (sources.empty() || sources.front() != "files") {
    return FileRole::kNone;
  }
  if (sources.size() == 1) {
    return FileRole::kOnly;
  }
  // An action such as [NOTFOUND=return].
  return sources[1].starts_with('[') ? FileRole::kNone : FileRole::kFirst;
}

/// The answer from /etc's own file, or from NSS if the file cannot answer.
template <typename InFile, typename ByNss>
auto find_entry(std::string_view database, const char* path, const InFile& in_file,
                const ByNss& by_nss) -> decltype(by_nss()) {
  const auto role = role_of_file(database);
  if (role == FileRole::kNone) {
    return by_nss();
  }
  auto found = in_file(read_file(path).value_or(""));
  return found || role == FileRole::kOnly ? found : by_nss();
}

UserEntry to_user(const passwd& entry) {
  return {entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir, entry.pw_shell};
}

}  // namespace

std::optional<UserEntry> find_user(const std::string& name) {
  return find_entry(
      "passwd", "/etc/passwd", [&](const std::string& text) { return find_user_in(text, name); },
      [&] { return look_up(getpwnam_r, name.c_str(), name, to_user); });
}

std::optional<UserEntry> find_user(uid_t uid) {
  return find_entry(
      "passwd", "/etc/passwd", [&](const std::string& text) { return find_user_in(text, uid); },
      [&] { return look_up(getpwuid_r, uid, std::to_string(uid), to_user); });
}

std::optional<gid_t> find_group(const std::string& name) {
  return find_entry(
      "group", "/etc/group", [&](const std::string& text) { return find_group_in(text, name); },
      [&] {
        return look_up(getgrnam_r, name.c_str(), name,
                       [](const group& entry) { return entry.gr_gid; });
      });
}

std::optional<std::string> find_group_name(gid_t gid) {
  return find_entry(
      "group", "/etc/group", [&](const std::string& text) { return find_group_name_in(text, gid); },
      [&] {
        return look_up(getgrgid_r, gid, std::to_string(gid),
                       [](const group& entry) { return std::string(entry.gr_name); });
      });
}

std::vector<gid_t> find_groups_of(const std::string& user, gid_t primary) {
  // Unlike an entry, a membership is collected from every source. The file is still read here
  // wherever it is one of them: getgrouplist(3) cannot report a failure to read it.
  const auto role = role_of_file("initgroups", "group");
  std::vector<gid_t> in_file;
  if (role != FileRole::kNone) {
    in_file = find_groups_of_in(read_file("/etc/group").value_or(""), user, primary);
  }
  if (role == FileRole::kOnly) {
    return in_file;
  }
  constexpr int kMostGroups = 65536;  // NGROUPS_MAX of the kernel
  int count = 64;
  for (;;) {
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (getgrouplist(user.c_str(), primary, groups.data(), &count) >= 0) {
      groups.resize(static_cast<std::size_t>(count));
      groups.insert(groups.end(), in_file.begin(), in_file.end());
      return groups;
    }
    if (count > kMostGroups || count <= static_cast<int>(groups.size())) {
      throw failure("cannot look up the groups of", user, "the system returned no list");
    }
  }
}

std::string_view describe_name_source() { return "names: NSS, as configured in nsswitch.conf(5)"; }

}  // namespace lowport
