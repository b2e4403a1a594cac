// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "arguments.hpp"
#include "launcher/options.hpp"
#include "services.hpp"

using lowport::Confinement;
using lowport::format_address;
using lowport::Mode;
using lowport::Options;

namespace {

/// The words are the test's, and outlive the Options that refer to them.
Options parse(const Arguments& arguments) {
  return parse_options(arguments.span(), find_known_service);
}

}  // namespace

TEST_CASE("a mode parses back from its name") {
  for (const auto mode : {Mode::kAmbient, Mode::kListenFds, Mode::kInetd, Mode::kNginx}) {
    const std::string name(mode_name(mode));
    CAPTURE(name);
    CHECK_FALSE(name.empty());
    CHECK(parse(Arguments({"--mode", name, "--", "x"})).mode == mode);
    CHECK(parse(Arguments({"-m" + name, "--", "x"})).mode == mode);
  }
}

TEST_CASE("a confinement parses back from its name") {
  for (const auto confinement :
       {Confinement::kOff, Confinement::kPrivileged, Confinement::kListed}) {
    const std::string name(confinement_name(confinement));
    CAPTURE(name);
    CHECK_FALSE(name.empty());
    CHECK(parse(Arguments({"--confine", name, "--", "x"})).confinement == confinement);
    CHECK(parse(Arguments({"--confine=" + name, "--", "x"})).confinement == confinement);
  }
}

TEST_CASE("formatted listen addresses parse back as options") {
  const Arguments typed({"-p", "web=80,127.0.0.1:8000-8003/udp", "-p[fe80::1%eth0]:443",
                         "--port=domain/udp", "--", "x"});
  const auto options = parse(typed);
  REQUIRE(options.listen.size() == 7);
  std::vector<std::string> words;
  for (const auto& address : options.listen) {
    words.insert(words.end(), {"-p", format_address(address)});
  }
  words.insert(words.end(), {"--", "x"});
  const Arguments again(words);
  CHECK(parse(again).listen == options.listen);
}
