// SPDX-License-Identifier: MIT
#include "launches.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/text.hpp"
#include "copies.hpp"
#include "launch.hpp"
#include "support.hpp"

namespace bench {
namespace {

constexpr std::size_t kSamples = 1001;
constexpr const char* kUser = "www-data";

/// The static build's launcher, which the environment variable LOWPORTBIND_STATIC names.
std::string static_launcher() {
  const char* path = std::getenv("LOWPORTBIND_STATIC");
  if (path == nullptr) {
    throw std::runtime_error("LOWPORTBIND_STATIC does not name the static launcher");
  }
  return path;
}

/// Looked up beforehand, so that what is measured does not include it.
std::string find_installed(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const auto directory : lowport::split(path == nullptr ? "" : path, ":")) {
    auto file = std::string(directory) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) {
      return file;
    }
  }
  throw std::runtime_error(name + " is not installed");
}

std::string uid_of(const char* user) {
  const auto* entry = getpwnam(user);
  if (entry == nullptr) {
    throw std::runtime_error(std::string("no account: ") + user);
  }
  return std::to_string(entry->pw_uid);
}

/// Measured with the copies that launch_copies() creates.
Variant command(const std::string& name, const std::vector<std::string>& words,
                std::vector<Target> targets = {}) {
  return {name, kSamples, {}, std::move(targets), words};
}

/// Launches copies of the programs in their place, including a copy of the target.
void launch_copies(Comparison& comparison) {
  const auto copies = std::make_shared<Copies>();
  const auto target = copies->add(program("arrive"));
  for (auto& variant : comparison.variants) {
    auto words = variant.command;
    for (auto& word : words) {
      const auto position = word.find(program("arrive"));
      if (position != std::string::npos) {
        word.replace(position, std::string::npos, target);
      }
    }
    if (words.front() != target) {
      words.front() = copies->add(words.front());
    }
    variant.measure = [words] { return measure_launch(words); };
  }
  comparison.renew = [copies] { copies->renew(); };
}

/// A command, to which the target's path is appended.
Variant launch(const std::string& name, std::vector<std::string> words,
               std::vector<Target> targets = {}) {
  words.push_back(program("arrive"));
  return command(name, words, std::move(targets));
}

std::vector<std::string> with_options(const std::string& launcher, const std::string& confinement) {
  return {launcher, "-u", kUser, "-p", "80", "--confine", confinement, "--"};
}

}  // namespace

Comparison compare_launches() {
  const auto uid = uid_of(kUser);
  const std::string user = kUser;
  Comparison comparison{
      "launch",
      true,
      {launch("target alone", {}),
       launch("lowportbind", with_options(support::launcher(), "off"),
              {{"bare C", 1.1}, {"setpriv", 0.9}, {"gosu", 0.9}}),
       launch("lowportbind, static", with_options(static_launcher(), "off"),
              {{"bare C, static", 1.1},
               {"chpst", 0.9},
               {"s6-applyuidgid", 0.9},
               {"capsh", 1},
               {"setpriv", 1}}),
       launch("bare C", {program("bare_launch"), user, "80", "0"}),
       launch("bare C, static", {program("bare_launch_static"), user, "80", "0"}),
       launch("exec alone", {program("trampoline")}),
       launch("exec alone, static", {program("trampoline_static")}),
       launch("setpriv",
              {find_installed("setpriv"), "--reuid", user, "--regid", user, "--init-groups",
               "--inh-caps", "-all,+net_bind_service", "--ambient-caps", "-all,+net_bind_service",
               "--bounding-set", "-all,+net_bind_service", "--no-new-privs"}),
       launch("gosu", {find_installed("gosu"), user}),
       launch("chpst", {find_installed("chpst"), "-u", user}),
       launch("s6-applyuidgid",
              {find_installed("s6-applyuidgid"), "-u", uid, "-g", uid, "-G", uid}),
       command("capsh",
               {find_installed("capsh"), "--keep=1", "--user=" + user, "--inh=cap_net_bind_service",
                "--addamb=cap_net_bind_service", "--shell=" + program("arrive"), "--"})}};
  launch_copies(comparison);
  return comparison;
}

Comparison compare_confined_launches() {
  auto privileged = launch("--confine privileged", with_options(support::launcher(), "privileged"));
  privileged.samples = 101;
  Comparison comparison{
      "confined launch",
      true,
      {launch("target alone", {}),
       launch("--confine off", with_options(support::launcher(), "off")),
       launch("--confine listed", with_options(support::launcher(), "listed")), privileged}};
  launch_copies(comparison);
  return comparison;
}

std::vector<Comparison> compare_sockets() {
  constexpr int kFirstPort = 20000;
  std::vector<Comparison> comparisons;
  for (const int count : {1, 10, 100, 1000, 10000}) {
    const auto first = std::to_string(kFirstPort);
    const auto last = std::to_string(kFirstPort + count - 1);
    auto ours = launch("lowportbind", {support::launcher(), "-u", kUser, "-m", "listen-fds", "-p",
                                       first + "-" + last, "--"});
    auto bare = launch("bare C", {program("bare_launch"), kUser, first, std::to_string(count)});
    if (count == 10000) {
      ours.targets = {{"bare C", 1.2}};
    }
    Comparison comparison{
        "sockets: " + std::to_string(count), true, {launch("target alone", {}), ours, bare}};
    for (auto& variant : comparison.variants) {
      variant.samples = count < 1000 ? 301 : 51;
    }
    launch_copies(comparison);
    comparisons.push_back(comparison);
  }
  return comparisons;
}

}  // namespace bench
