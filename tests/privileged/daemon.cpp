// SPDX-License-Identifier: MIT
#include "daemon.hpp"

#include <doctest/doctest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace support {

Words join(const std::vector<Words>& parts) {
  Words words;
  for (const auto& part : parts) {
    words.insert(words.end(), part.begin(), part.end());
  }
  return words;
}

Result run_in_child(const Words& argv, std::function<void()> in_child) {
  Invocation invocation;
  invocation.argv = argv;
  invocation.in_child = std::move(in_child);
  return run(invocation);
}

Result launch_probe_with(const std::string& launcher_path, const Words& options,
                         const Words& questions, std::function<void()> in_child) {
  return run_in_child(join({{launcher_path}, options, {"--", probe()}, questions}),
                      std::move(in_child));
}

Result launch_probe(const Words& options, const Words& questions, std::function<void()> in_child) {
  return launch_probe_with(launcher(), options, questions, std::move(in_child));
}

std::map<std::string, std::string> check_daemon(const Result& result, const Expected& expected) {
  CAPTURE(result.err);
  CAPTURE(result.out);
  REQUIRE(result.status == 0);
  auto field = fields(result.out);
  const auto four_times = [](const std::string& id) {
    std::string text = id;
    for (int more = 0; more < 3; ++more) {
      text += "\t" + id;
    }
    return text;
  };
  auto groups = field["Groups"];
  while (groups.ends_with(' ')) {
    groups.pop_back();
  }
  CHECK(field["Uid"] == four_times(expected.uid));
  CHECK(field["Gid"] == four_times(expected.gid));
  CHECK(groups == expected.groups);
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    CAPTURE(set);
    CHECK(field[set] == expected.capabilities);
  }
  CHECK(field["CapBnd"] == (expected.bounding.empty() ? expected.capabilities : expected.bounding));
  CHECK(field["NoNewPrivs"] == expected.no_new_privs);
  return field;
}

void check_refused(const Result& result, int status, const Words& texts) {
  const auto beginning_of_out = result.out.substr(0, 200);
  CAPTURE(result.err);
  CAPTURE(beginning_of_out);
  CHECK(result.status == status);
  CHECK(result.err.find("lowportbind: ") == 0);
  for (const auto& text : texts) {
    CAPTURE(text);
    CHECK(result.err.find(text) != std::string::npos);
  }
  CHECK(result.out.empty());
}

void check_denied(const std::string& address, uid_t uid, gid_t gid) {
  const auto question = "bind=" + address;
  const auto result = run_in_child({probe(), question}, [=] { become(uid, gid); });
  CHECK(fields(result.out)[question] == "EACCES");
}

std::string variable(const Result& result, const std::string& name) {
  const auto prefix = "env:\t" + name + "=";
  std::istringstream lines(result.out);
  std::string found = "(unset)";
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(prefix)) {
      continue;
    }
    found = line.substr(prefix.size());
    ++count;
  }
  return count > 1 ? "(more than once)" : found;
}

std::string variable_names(const Result& result) {
  Words names;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("env:\t")) {
      names.push_back(line.substr(5, line.find('=') - 5));
    }
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

std::string own_status(const std::string& name) {
  return fields(read_file("/proc/self/status"))[name];
}

std::string copy_program(const TemporaryDirectory& directory, const std::string& source,
                         const std::string& name, mode_t mode) {
  struct statvfs filesystem {};
  if (statvfs(directory.path().c_str(), &filesystem) == 0 && (filesystem.f_flag & ST_NOSUID) != 0) {
    skip("the directory for temporary files is mounted nosuid");
  }
  const auto path = directory.path(name);
  std::filesystem::copy_file(source, path);
  REQUIRE(chmod(path.c_str(), mode) == 0);
  return path;
}

void set_file_capabilities(const std::string& path, const std::string& capabilities) {
  const auto result = run({"setcap", capabilities, path});
  if (result.status != 0) {
    skip("setcap does not work here: " + result.err);
  }
}

void drop_capabilities(const std::vector<int>& dropped) {
  for (const int capability : dropped) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      _exit(122);
    }
  }
}

void keep_capabilities(const std::vector<int>& kept) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (std::find(kept.begin(), kept.end(), capability) == kept.end()) {
      drop_capabilities({capability});
    }
  }
}

void set_unprivileged_port_start(int port) {
  std::ofstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  file << port << std::endl;
  if (!file) {
    skip("ip_unprivileged_port_start cannot be changed here");
  }
}

int listen_on(int port, bool reuse_port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (reuse_port) {
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound =
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  if (!bound || listen(descriptor, 1) != 0) {
    throw std::runtime_error("the test cannot listen");
  }
  return descriptor;
}

void require_strace() {
  const auto result = run({"strace", "-o", "/dev/null", "/bin/true"});
  if (result.status != 0) {
    skip("strace does not work here: " + result.err);
  }
}

Trace trace(const Words& options, const Words& argv, std::function<void()> in_child) {
  const TemporaryDirectory directory;
  const auto file = directory.write("trace", "", 0666);  // strace may run as any user by then
  Trace traced{
      run_in_child(join({{"strace", "-o", file}, options, {"--"}, argv}), std::move(in_child)), {}};
  std::istringstream lines(read_file(file));
  int executions = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("execve(") && line.ends_with("= 0") && ++executions == 2) {
      break;
    }
    if (executions == 1 && !line.starts_with("execve(")) {
      traced.calls.push_back(line);
    }
  }
  return traced;
}

}  // namespace support
