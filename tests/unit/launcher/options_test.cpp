// SPDX-License-Identifier: MIT
#include "launcher/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "services.hpp"

using lowport::Action;
using lowport::Confinement;
using lowport::GroupsChoice;
using lowport::Mode;
using lowport::Options;

namespace {

/// Only the options: the command points into arguments that no longer exist.
Options parse(std::vector<std::string> words) {
  words.insert(words.end(), {"--", "daemon"});
  const Arguments arguments(std::move(words));
  auto options = lowport::parse_options(arguments.span(), find_known_service);
  options.command = {};
  return options;
}

std::string listed(const Options& options) {
  std::string text;
  for (const auto& address : options.listen) {
    text += format_address(address) + " ";
  }
  return text;
}

}  // namespace

TEST_CASE("without options everything has its default") {
  const auto options = parse({});
  CHECK(options.action == Action::kLaunch);
  CHECK_FALSE(options.user.has_value());
  CHECK_FALSE(options.groups.has_value());
  CHECK(options.listen.empty());
  CHECK(options.mode == Mode::kAmbient);
  CHECK_FALSE(options.confinement.has_value());
  CHECK_FALSE(options.backlog.has_value());
  CHECK_FALSE(options.reuse_port);
  CHECK_FALSE(options.environment.clear);
  CHECK(options.environment.keep.empty());
  CHECK(options.environment.set.empty());
  CHECK(options.keep_fds.empty());
  CHECK_FALSE(options.own_stdio);
  CHECK_FALSE(options.new_session);
  CHECK_FALSE(options.allow_new_privs);
  CHECK_FALSE(options.json);
  CHECK_FALSE(options.verbose);
}

TEST_CASE("every spelling of an option is accepted") {
  const std::vector<std::vector<std::string>> users{
      {"-u", "www"}, {"-uwww"}, {"--user", "www"}, {"--user=www"}, {"-vu", "www"}};
  for (const auto& words : users) {
    CAPTURE(words.front());
    CHECK(parse(words).user == "www");
  }
  const std::vector<std::vector<std::string>> ports{
      {"-p", "80,443"},     {"-p80,443"},      {"--port", "80,443"},
      {"--port=80,443"},    {"-p80", "-p443"}, {"-p", "80", "--port", "443"},
      {"-np", "http,https"}};
  for (const auto& words : ports) {
    CAPTURE(words.front());
    CHECK(listed(parse(words)) == "80/tcp 443/tcp ");
  }
  const std::vector<std::vector<std::string>> modes{
      {"-m", "inetd"}, {"-minetd"}, {"--mode", "inetd"}, {"--mode=inetd"}};
  for (const auto& words : modes) {
    CAPTURE(words.front());
    CHECK(parse(words).mode == Mode::kInetd);
  }
}

TEST_CASE("an attached port keeps its host and its name") {
  CHECK(listed(parse({"-p127.0.0.1:80"})) == "127.0.0.1:80/tcp ");
  CHECK(listed(parse({"-pweb=[::1]:80,53/udp"})) == "web=[::1]:80/tcp 53/udp ");
  CHECK(listed(parse({"-p*:80"})) == "80/tcp ");
  CHECK(listed(parse({"-p80", "-p81,443"})) == "80/tcp 81/tcp 443/tcp ");
}

TEST_CASE("a value that looks like an option is a value") {
  CHECK(parse({"-u", "-p80"}).user == "-p80");
  CHECK(parse({"-u", "-p80"}).listen.empty());
  CHECK(parse({"--user", "--check"}).user == "--check");
  CHECK(parse({"--user", ""}).user == "");
  CHECK(parse({"--user="}).user == "");
}

TEST_CASE("each mode has its keyword") {
  const std::vector<std::pair<std::string, Mode>> rows{{"ambient", Mode::kAmbient},
                                                       {"listen-fds", Mode::kListenFds},
                                                       {"inetd", Mode::kInetd},
                                                       {"nginx", Mode::kNginx}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(parse({"--mode", row.first}).mode == row.second);
    CHECK(mode_name(row.second) == row.first);
  }
}

TEST_CASE("each confinement has its keyword") {
  const std::vector<std::pair<std::string, Confinement>> rows{
      {"privileged", Confinement::kPrivileged},
      {"listed", Confinement::kListed},
      {"off", Confinement::kOff}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(parse({"--confine", row.first}).confinement == row.second);
    CHECK(confinement_name(row.second) == row.first);
  }
}

TEST_CASE("only ambient mode is confined by default") {
  struct Row {
    std::vector<std::string> words;
    Confinement confinement;
  };
  const Row rows[] = {
      {{}, Confinement::kPrivileged},
      {{"-m", "ambient"}, Confinement::kPrivileged},
      {{"-m", "listen-fds"}, Confinement::kOff},
      {{"-m", "inetd"}, Confinement::kOff},
      {{"-m", "nginx"}, Confinement::kOff},
      {{"--confine", "off"}, Confinement::kOff},
      {{"--confine", "listed"}, Confinement::kListed},
      {{"-m", "listen-fds", "--confine", "listed"}, Confinement::kListed},
      {{"-m", "nginx", "--confine", "privileged"}, Confinement::kPrivileged},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words.size());
    CHECK(confinement_of(parse(row.words)) == row.confinement);
  }
}

TEST_CASE("each keyword of --groups has its kind") {
  CHECK(parse({"--groups", "init"}).groups->kind == GroupsChoice::Kind::kInit);
  CHECK(parse({"--groups", "none"}).groups->kind == GroupsChoice::Kind::kNone);
  CHECK(parse({"--groups", "keep"}).groups->kind == GroupsChoice::Kind::kKeep);
  const auto groups = parse({"--groups", "adm,+4,27"}).groups;
  CHECK(groups->kind == GroupsChoice::Kind::kListed);
  CHECK(groups->listed == std::vector<std::string>{"adm", "+4", "27"});
}

TEST_CASE("every switch and every single value lands in its field") {
  CHECK(parse({"--backlog", "1"}).backlog == 1);
  CHECK(parse({"--backlog=2147483647"}).backlog == 2147483647);
  CHECK(parse({"--reuse-port"}).reuse_port);
  CHECK(parse({"--own-stdio"}).own_stdio);
  CHECK(parse({"--new-session"}).new_session);
  CHECK(parse({"--allow-new-privs"}).allow_new_privs);
  CHECK(parse({"--clear-env"}).environment.clear);
  for (const std::string word : {"-v", "--verbose", "-vn", "-nv"}) {
    CAPTURE(word);
    CHECK(parse({word}).verbose);
  }
  for (const std::string word : {"-n", "--check", "-vn", "-nv"}) {
    CAPTURE(word);
    CHECK(parse({word}).action == Action::kCheck);
  }
}

TEST_CASE("--json is a report format and not an action") {
  CHECK(parse({"--json"}).json);
  CHECK(parse({"--json"}).action == lowport::Action::kLaunch);
  CHECK(parse({"-n", "--json"}).action == lowport::Action::kCheck);
}

TEST_CASE("variables are set and kept in command-line order") {
  const auto options =
      parse({"--env", "A=1,2", "--env", "B=", "--env", "C", "--env=D=x=y", "--env", "E F= g"});
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(options.environment.set == Pairs{{"A", "1,2"}, {"B", ""}, {"D", "x=y"}, {"E F", " g"}});
  CHECK(options.environment.keep == std::vector<std::string>{"C"});
}

TEST_CASE("variables with names like the handover's are allowed") {
  const auto options =
      parse({"--env", "LISTEN=1", "--env", "NGINX_CONF=x", "--env", "listen_fds=1"});
  CHECK(options.environment.set.size() == 3);
}

TEST_CASE("descriptors are kept in command-line order") {
  CHECK(parse({"--keep-fd", "7", "--keep-fd=3"}).keep_fds == std::vector<int>{7, 3});
}

TEST_CASE("the daemon's options are left alone") {
  const Arguments arguments(
      {"-u", "www", "--", "daemon", "-u", "root", "-p", "99", "--check", "--", "--help", ""});
  const auto options = lowport::parse_options(arguments.span(), find_known_service);
  CHECK(options.user == "www");
  CHECK(options.listen.empty());
  CHECK(options.action == Action::kLaunch);
  std::vector<std::string> command(options.command.begin(), options.command.end());
  CHECK(command == std::vector<std::string>{"daemon", "-u", "root", "-p", "99", "--check", "--",
                                            "--help", ""});
  CHECK(options.command.data()[options.command.size()] == nullptr);
}

TEST_CASE("an empty command is left for the lookup to refuse") {
  const Arguments arguments({"--", ""});
  const auto options = lowport::parse_options(arguments.span(), find_known_service);
  REQUIRE(options.command.size() == 1);
  CHECK(std::string(options.command.front()).empty());
}

TEST_CASE("--help and --version need no command and the first one wins") {
  struct Row {
    std::vector<std::string> words;
    Action action;
  };
  const Row rows[] = {
      {{"-h"}, Action::kShowHelp},
      {{"--help"}, Action::kShowHelp},
      {{"-V"}, Action::kShowVersion},
      {{"--version"}, Action::kShowVersion},
      {{"-hV"}, Action::kShowHelp},
      {{"-V", "-h"}, Action::kShowVersion},
      {{"--check", "--help"}, Action::kShowHelp},
      {{"--help", "--check"}, Action::kShowHelp},
      {{"-u", "www", "--version"}, Action::kShowVersion},
      {{"--help", "--", "daemon"}, Action::kShowHelp},
      {{"--help", "--"}, Action::kShowHelp},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words.front());
    const Arguments arguments(row.words);
    CHECK(lowport::parse_options(arguments.span(), find_known_service).action == row.action);
  }
}
