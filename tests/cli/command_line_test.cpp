// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "attempt.hpp"
#include "support.hpp"

namespace {

struct Row {
  std::vector<std::string> options;
  std::string message;
  std::string hint;
};

template <typename Rows>
void check_refusals(const Rows& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.message);
    const auto tried = attempt::launch(row.options);
    CHECK(tried.result.status == 125);
    CHECK(tried.result.out.empty());
    CHECK(tried.result.err == attempt::lines(row.message, row.hint));
    CHECK_FALSE(tried.executed);
  }
}

}  // namespace

TEST_CASE("an accepted launch leaves the mark that a refusal must not") {
  const auto tried = attempt::launch(attempt::account());
  CHECK(tried.result.status == 0);
  CHECK(tried.executed);
}

TEST_CASE("the separator before the command is required") {
  const auto result = support::launch({"--user", "www-data", "/bin/true"});
  CHECK(result.status == 125);
  CHECK(result.err ==
        attempt::lines("cannot read the command line: /bin/true: unexpected argument",
                       "the command comes after --: lowportbind [OPTION...] -- COMMAND [ARG...]"));
}

TEST_CASE("a command line without a command is refused") {
  const auto missing = support::launch({});
  CHECK(missing.status == 125);
  CHECK(missing.err ==
        attempt::lines("cannot read the command line: --: it is missing",
                       "the command comes after it: lowportbind [OPTION...] -- COMMAND [ARG...]"));
  const auto empty = support::launch({"--"});
  CHECK(empty.status == 125);
  CHECK(empty.err == attempt::lines("cannot read the command line: --: no command follows it",
                                    "lowportbind [OPTION...] -- COMMAND [ARG...]"));
}

TEST_CASE("a daemon option without the separator gets a hint") {
  const auto result = support::launch({"-u", "www-data", "nginx", "-g", "daemon off;"});
  CHECK(result.status == 125);
  CHECK(result.err ==
        attempt::lines("cannot read the command line: -g: unknown option",
                       "the command comes after --: lowportbind [OPTION...] -- COMMAND [ARG...]"));
}

TEST_CASE("nothing runs without the separator whatever else is given") {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, {"-u", "www-data"}, {"-n"}}) {
    const auto tried = attempt::launch(options, {}, {});
    CHECK(tried.result.status == 125);
    CHECK_FALSE(tried.executed);
    CHECK(tried.result.err.starts_with("lowportbind: cannot read the command line: "));
  }
}

TEST_CASE("an unusable option is refused before anything runs") {
  const std::string see_command =
      "the command comes after --: lowportbind [OPTION...] -- COMMAND [ARG...]";
  const Row rows[] = {
      {{"-up", "80"}, "cannot read the command line: 80: unexpected argument", see_command},
      {{"-u", "www-data", "nginx"},
       "cannot read the command line: nginx: unexpected argument",
       see_command},
      {{"--check=false"},
       "cannot use the option: --check=false: it is a switch and takes no value",
       "leave the option out to switch it off"},
      {{"-u", "a", "-u", "b"}, "cannot use the option: --user: it is given twice", ""},
      {{"--mode", "systemd"},
       "cannot use the option: --mode systemd: the modes are ambient, listen-fds, inetd and nginx",
       ""},
      {{"--groups", "adm,"},
       "cannot use the option: --groups adm,: an item is empty",
       "for no groups, use --groups none"},
      {{"--groups", "none,adm"},
       "cannot use the option: --groups none,adm: \"none\" cannot be combined with other groups",
       "list all the groups, those of init too: --groups \"$(id -G USER | tr ' ' ,),GROUP\"; "
       "for a group named none, use its number"},
      {{"--backlog", "0"}, "cannot use the option: --backlog 0: the smallest value is 1", ""},
      {{"--backlog", "0x10"},
       "cannot use the option: --backlog 0x10: hexadecimal is not accepted; write the number in "
       "decimal",
       ""},
      {{"--keep-fd", "2"},
       "cannot use the option: --keep-fd 2: descriptors 0 to 2 are always kept",
       ""},
      {{"--keep-fd", "-1"}, "cannot use the option: --keep-fd -1: signs are not allowed", ""},
      {{"--env", "=x"}, "cannot use the option: --env =x: the variable name is empty", ""},
      {{"--env", "LISTEN_FDS=1"},
       "cannot use the option: --env LISTEN_FDS=1: lowportbind sets or removes this variable "
       "itself",
       "--mode listen-fds and --mode nginx use it to hand over sockets"},
      {{"--env", "NGINX=3;"},
       "cannot use the option: --env NGINX=3;: lowportbind sets or removes this variable itself",
       "--mode listen-fds and --mode nginx use it to hand over sockets"},
      {{"--env", "A=1", "--env", "A=2"},
       "cannot use the option: --env A: the variable is given twice",
       ""},
  };
  check_refusals(rows);
}

TEST_CASE("conflicting or useless options are refused first") {
  const Row rows[] = {
      {{"-m", "listen-fds"},
       "the option has no effect: --mode listen-fds: no port is listed",
       "list one: -p 80"},
      {{"-m", "listen-fds", "-p", "8080,127.0.0.1:8080"},
       "the options contradict each other: 127.0.0.1:8080/tcp: it overlaps 8080/tcp",
       ""},
      {{"--keep-fd", "999"},
       "cannot keep the descriptor: 999: it is not open",
       "open it for lowportbind, for example in a shell: exec 999<FILE"},
  };
  for (auto row : rows) {
    row.options = attempt::with_account(row.options);
    check_refusals(std::vector<Row>{row});
  }
}

TEST_CASE("LISTEN_FDS of zero means no inherited sockets") {
  for (const std::string mode : {"ambient", "listen-fds"}) {
    CAPTURE(mode);
    support::Invocation invocation;
    invocation.in_child = [] {
      setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
      setenv("LISTEN_FDS", "0", 1);
      setenv("LISTEN_FDNAMES", "", 1);
    };
    const auto tried = attempt::launch(attempt::with_account({"--mode", mode}), invocation);
    if (mode == "ambient") {
      CHECK(tried.result.err.empty());
      CHECK(tried.executed);
    } else {
      CHECK(tried.result.err ==
            attempt::lines("the option has no effect: --mode listen-fds: no port is listed",
                           "list one: -p 80"));
      CHECK_FALSE(tried.executed);
    }
  }
}

TEST_CASE("an unknown option is named as typed") {
  for (const std::string option : {"--bogus", "-x", "--no-check", "--chec"}) {
    CAPTURE(option);
    const auto tried = attempt::launch({option});
    CHECK(tried.result.status == 125);
    CHECK_FALSE(tried.executed);
    CHECK(tried.result.err.starts_with("lowportbind: cannot read the command line: "));
    CHECK(tried.result.err.find(option.substr(option.find_first_not_of('-'))) != std::string::npos);
    CHECK(tried.result.err.find("\\x") == std::string::npos);
    CHECK(
        tried.result.err.ends_with("\nlowportbind: hint: lowportbind --help lists the options\n"));
  }
}

TEST_CASE("the daemon's options are its own") {
  auto options =
      attempt::with_account({"--", support::probe(), "-u", "root", "--check", "--", "-p", "0"});
  const auto result = support::launch(options);
  CHECK(result.status == 0);
  CHECK(result.out ==
        "argument:\t-u\nargument:\troot\nargument:\t--check\nargument:\t--\nargument:\t-"
        "p\nargument:\t0\n");
}

TEST_CASE("a message cannot drive the terminal or forge a log line") {
  for (const std::string text : {"a\nlowportbind: forged", "\x1b[2J", "\xc2\x9b", "\r"}) {
    const auto result = support::launch({"--user", text, "--", "/bin/true"});
    CHECK(result.status == 125);
    CHECK(result.err.find(text) == std::string::npos);
    CHECK(result.err.find("\nlowportbind: forged") == std::string::npos);
    CHECK(result.err.find("\\x") != std::string::npos);
  }
}

TEST_CASE("the launcher's own name is not parsed as an argument") {
  support::Invocation invocation;
  invocation.argv = {"bash", "-c", "exec -a -- \"$0\" --version", support::launcher()};
  const auto result = support::run(invocation);
  CHECK(result.status == 0);
  CHECK(result.out.starts_with("lowportbind "));
}
