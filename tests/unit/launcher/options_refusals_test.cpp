// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "launcher/options.hpp"
#include "refusal.hpp"
#include "services.hpp"

namespace {

Refusal refuse_exactly(std::vector<std::string> words) {
  const Arguments arguments(std::move(words));
  return refusal_of([&] { lowport::parse_options(arguments.span(), find_known_service); });
}

/// The same with a command after the words, so that the refusal is not about a missing command.
Refusal refuse(std::vector<std::string> words) {
  words.insert(words.end(), {"--", "daemon"});
  return refuse_exactly(std::move(words));
}

struct Row {
  std::vector<std::string> words;
  std::string message;
};

template <typename Rows>
void check_refusals(const Rows& rows) {
  for (const auto& row : rows) {
    std::string line;
    for (const auto& word : row.words) {
      line += word + "|";
    }
    CAPTURE(line);
    const auto refusal = refuse(row.words);
    CHECK(refusal.message == row.message);
    CHECK(refusal.status == 125);
  }
}

}  // namespace

TEST_CASE("a repeated option is refused unless it may be repeated") {
  const std::string twice = ": it is given twice";
  const Row rows[] = {
      {{"-u", "a", "-u", "b"}, "cannot use the option: --user" + twice},
      {{"-u", "a", "--user=a"}, "cannot use the option: --user" + twice},
      {{"--groups", "none", "--groups", "none"}, "cannot use the option: --groups" + twice},
      {{"-m", "inetd", "-m", "ambient"}, "cannot use the option: --mode" + twice},
      {{"--confine", "off", "--confine", "off"}, "cannot use the option: --confine" + twice},
      {{"--backlog", "1", "--backlog", "2"}, "cannot use the option: --backlog" + twice},
      {{"--reuse-port", "--reuse-port"}, "cannot use the option: --reuse-port" + twice},
      {{"--clear-env", "--clear-env"}, "cannot use the option: --clear-env" + twice},
      {{"-n", "-n"}, "cannot use the option: --check" + twice},
      {{"-nn"}, "cannot use the option: --check" + twice},
      {{"-n", "--check"}, "cannot use the option: --check" + twice},
      {{"-vv"}, "cannot use the option: --verbose" + twice},
  };
  check_refusals(rows);
}

TEST_CASE("a switch with a value is refused even if the value is no") {
  for (const std::string name : {"check", "json", "reuse-port", "clear-env", "own-stdio",
                                 "new-session", "allow-new-privs", "verbose", "help", "version"}) {
    for (const std::string value : {"false", "true", "0", ""}) {
      CAPTURE(name);
      CAPTURE(value);
      const std::string word = "--" + name + "=" + value;
      const auto refusal = refuse({word});
      CHECK(refusal.message ==
            "cannot use the option: " + word + ": it is a switch and takes no value");
      CHECK(refusal.hint == "leave the option out to switch it off");
    }
  }
}

TEST_CASE("a stray word is refused by name") {
  const std::string hint =
      "the command comes after --: lowportbind [OPTION...] -- COMMAND [ARG...]";
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"-up", "80"}, "80"},  // user "p", and 80 belongs to nothing
      {{"-u", "www", "nginx"}, "nginx"},
      {{"nginx", "-u", "www"}, "nginx"},
      {{"-n", "false"}, "false"},
      {{"cp80"}, "cp80"},
      {{"cp", "80"}, "cp"},
      {{"-p", "80", "443"}, "443"},
      {{"-p", "80,", "443"}, "443"},
      {{"-"}, "-"},
      {{""}, "\"\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.second);
    const auto refusal = refuse(row.first);
    CHECK(refusal.message ==
          "cannot read the command line: " + row.second + ": unexpected argument");
    CHECK(refusal.hint == hint);
  }
}

TEST_CASE("a command line needs the separator and a command") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, std::vector<std::string>{"-n"},
        std::vector<std::string>{"-u", "www"}}) {
    const auto refusal = refuse_exactly(words);
    CHECK(refusal.message == "cannot read the command line: --: it is missing");
    CHECK(refusal.hint ==
          "the command comes after it: lowportbind [OPTION...] -- COMMAND [ARG...]");
  }
  const auto refusal = refuse_exactly({"-u", "www", "--"});
  CHECK(refusal.message == "cannot read the command line: --: no command follows it");
}

TEST_CASE("a daemon option does not hide the missing separator") {
  const std::string usage =
      "the command comes after --: lowportbind [OPTION...] -- COMMAND [ARG...]";
  const std::string help = "lowportbind --help lists the options";
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"-u", "www", "nginx", "-g", "daemon off;"}, "-g: unknown option"},
      {{"-u", "www", "caddy", "run", "--config", "/etc/Caddyfile"}, "--config: unknown option"},
      {{"-u", "www", "caddy", "--config=/etc/Caddyfile"}, "--config: unknown option"},
      {{"-u", "www", "daemon", "-p"}, "-p: its value is missing"},
      {{"-u"}, "-u: its value is missing"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.second);
    const auto without = refuse_exactly(row.first);
    CHECK(without.message == "cannot read the command line: " + row.second);
    CHECK(without.hint == usage);
    const auto with = refuse(row.first);
    CHECK(with.message == without.message);
    CHECK(with.hint == help);
  }
}

TEST_CASE("an unknown option is named in printable characters") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"--bogus"}, "bogus"},
      {{"--bogus=1"}, "bogus"},
      {{"-x"}, "x"},
      {{"-vx"}, "x"},
      {{"--no-check"}, "no-check"},
      {{"--chec"}, "chec"},
      {{"--uid", "1"}, "uid"},
      {{"-n=1"}, "-n=1"}};
  for (const auto& row : rows) {
    CAPTURE(row.first.front());
    const auto refusal = refuse(row.first);
    CHECK(refusal.message.starts_with("cannot read the command line: "));
    CHECK(contains_text(refusal.message, row.second));
    CHECK_FALSE(contains_text(refusal.message, "\\x"));
    CHECK(refusal.hint == "lowportbind --help lists the options");
    CHECK(refusal.status == 125);
  }
}

TEST_CASE("an option without its value is named in printable characters") {
  for (const std::string word : {"-u", "--user", "-p", "--port", "-m", "--mode", "--groups",
                                 "--confine", "--backlog", "--env", "--keep-fd"}) {
    CAPTURE(word);
    const auto refusal = refuse({word});
    CHECK(refusal.message.starts_with("cannot read the command line: "));
    CHECK(contains_text(refusal.message, word.substr(word.find_first_not_of('-'))));
    CHECK_FALSE(contains_text(refusal.message, "\\x"));
    CHECK(refusal.status == 125);
  }
}

TEST_CASE("an invalid number of an option is refused with its reason") {
  const Row rows[] = {
      {{"--backlog", "0"}, "cannot use the option: --backlog 0: the smallest value is 1"},
      {{"--backlog", "2147483648"},
       "cannot use the option: --backlog 2147483648: the largest value is 2147483647"},
      {{"--backlog", "4294967297"},
       "cannot use the option: --backlog 4294967297: the largest value is 2147483647"},
      {{"--backlog", "0x10"},
       "cannot use the option: --backlog 0x10: hexadecimal is not accepted; write the number in "
       "decimal"},
      {{"--backlog", ""}, "cannot use the option: --backlog \"\": the number is missing"},
      {{"--backlog", "-1"}, "cannot use the option: --backlog -1: signs are not allowed"},
      {{"--backlog", "5x"}, "cannot use the option: --backlog 5x: the number is followed by \"x\""},
      {{"--keep-fd", "-1"}, "cannot use the option: --keep-fd -1: signs are not allowed"},
      {{"--keep-fd", "010"},
       "cannot use the option: --keep-fd 010: a leading zero means octal to some programs; write "
       "the number without it"},
      {{"--keep-fd", "4294967299"},
       "cannot use the option: --keep-fd 4294967299: the largest value is 2147483647"},
      {{"--keep-fd", "4,5"},
       "cannot use the option: --keep-fd 4,5: the number is followed by \",5\""},
      {{"--keep-fd", "0"},
       "cannot use the option: --keep-fd 0: descriptors 0 to 2 are always kept"},
      {{"--keep-fd", "1"},
       "cannot use the option: --keep-fd 1: descriptors 0 to 2 are always kept"},
      {{"--keep-fd", "2"},
       "cannot use the option: --keep-fd 2: descriptors 0 to 2 are always kept"},
      {{"--keep-fd", "5", "--keep-fd", "5"},
       "cannot use the option: --keep-fd 5: the descriptor is given twice"},
  };
  check_refusals(rows);
}

TEST_CASE("a variable that may not be set is refused with its reason") {
  const std::string own = ": lowportbind sets or removes this variable itself";
  const Row rows[] = {
      {{"--env", ""}, "cannot use the option: --env \"\": the variable name is empty"},
      {{"--env", "=x"}, "cannot use the option: --env =x: the variable name is empty"},
      {{"--env", "LISTEN_FDS=1"}, "cannot use the option: --env LISTEN_FDS=1" + own},
      {{"--env", "LISTEN_PID=1"}, "cannot use the option: --env LISTEN_PID=1" + own},
      {{"--env", "LISTEN_FDNAMES=a"}, "cannot use the option: --env LISTEN_FDNAMES=a" + own},
      {{"--env", "LISTEN_PIDFDID=1"}, "cannot use the option: --env LISTEN_PIDFDID=1" + own},
      {{"--env", "LISTEN_FDS"}, "cannot use the option: --env LISTEN_FDS" + own},
      {{"--env", "LISTEN_="}, "cannot use the option: --env LISTEN_=" + own},
      {{"--env", "NGINX=3;"}, "cannot use the option: --env NGINX=3;" + own},
      {{"--env", "NGINX"}, "cannot use the option: --env NGINX" + own},
      {{"--env", "A=1", "--env", "A=2"},
       "cannot use the option: --env A: the variable is given twice"},
      {{"--env", "A", "--env", "A=1"},
       "cannot use the option: --env A: the variable is given twice"},
      {{"--env", "A=1", "--env", "A"},
       "cannot use the option: --env A: the variable is given twice"},
      {{"--env", "A", "--env", "A"}, "cannot use the option: --env A: the variable is given twice"},
  };
  check_refusals(rows);
}

TEST_CASE("an unknown keyword is refused with the valid ones") {
  const std::string modes = ": the modes are ambient, listen-fds, inetd and nginx";
  const std::string confinements = ": the values are privileged, listed and off";
  const Row rows[] = {
      {{"--confine", "everything"}, "cannot use the option: --confine everything" + confinements},
      {{"--confine", "Off"}, "cannot use the option: --confine Off" + confinements},
      {{"--confine", "no"}, "cannot use the option: --confine no" + confinements},
      {{"--confine", ""}, "cannot use the option: --confine \"\"" + confinements},
      {{"--confine", "privileged,listed"},
       "cannot use the option: --confine privileged,listed" + confinements},
      {{"-m", "systemd"}, "cannot use the option: --mode systemd" + modes},
      {{"-m", "Ambient"}, "cannot use the option: --mode Ambient" + modes},
      {{"-m", ""}, "cannot use the option: --mode \"\"" + modes},
      {{"-m", "listen_fds"}, "cannot use the option: --mode listen_fds" + modes},
      {{"--groups", ""}, "cannot use the option: --groups \"\": an item is empty"},
      {{"--groups", "adm,"}, "cannot use the option: --groups adm,: an item is empty"},
      {{"--groups", ",adm"}, "cannot use the option: --groups ,adm: an item is empty"},
      {{"--groups", "none,adm"},
       "cannot use the option: --groups none,adm: \"none\" cannot be combined with other groups"},
      {{"--groups", "adm,keep"},
       "cannot use the option: --groups adm,keep: \"keep\" cannot be combined with other groups"},
      {{"--groups", "init,init"},
       "cannot use the option: --groups init,init: \"init\" cannot be combined with other groups"},
  };
  check_refusals(rows);
}

TEST_CASE("the option parser refuses an invalid port too") {
  CHECK(refuse({"-p80,"}).message == "cannot read the listen address: 80,: an item is empty");
  CHECK(refuse({"-p", "80", "-p", "0x50"}).message ==
        "cannot read the listen address: 0x50: hexadecimal is not accepted; write the number in "
        "decimal");
  const auto equals = refuse({"-p=80"});  // as --port=80 would be right
  CHECK(equals.message ==
        "cannot read the listen address: =80: the descriptor name before \"=\" is empty");
  CHECK(equals.hint == "for a port alone, use -p 80");
  CHECK(refuse({"-p", ""}).message == "cannot read the listen address: \"\": an item is empty");
}
