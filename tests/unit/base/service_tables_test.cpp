// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/name_tables.hpp"

using lowport::find_service_in;
using lowport::find_sources_in;
using lowport::Transport;

TEST_CASE("a service is found by name or alias for its transport") {
  const std::string services =
      "# Network services\n"
      "\n"
      "tcpmux\t\t1/tcp\t\t\t\t# TCP port service multiplexer\n"
      "http  80/tcp  www www-http # WorldWideWeb HTTP\n"
      "domain\t53/tcp\n"
      "domain\t53/udp\n"
      "  indented 99/udp\n"
      "iso-tsap 102/tcp tsap\n"
      "last 65535/tcp";
  struct Row {
    std::string name;
    Transport transport;
    int port;  ///< 0 for none
  };
  const Row rows[] = {
      {"tcpmux", Transport::kTcp, 1},    {"tcpmux", Transport::kUdp, 0},
      {"http", Transport::kTcp, 80},     {"www", Transport::kTcp, 80},
      {"www-http", Transport::kTcp, 80}, {"www", Transport::kUdp, 0},
      {"domain", Transport::kTcp, 53},   {"domain", Transport::kUdp, 53},
      {"indented", Transport::kUdp, 99}, {"iso-tsap", Transport::kTcp, 102},
      {"tsap", Transport::kTcp, 102},    {"last", Transport::kTcp, 65535},
      {"HTTP", Transport::kTcp, 0},      {"WorldWideWeb", Transport::kTcp, 0},
      {"", Transport::kTcp, 0},          {"#", Transport::kTcp, 0},
      {"80/tcp", Transport::kTcp, 0},    {"80", Transport::kTcp, 0},
      {"htt", Transport::kTcp, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto port = find_service_in(services, row.name, row.transport);
    CHECK(port.value_or(0) == row.port);
  }
  CHECK_FALSE(find_service_in("", "http", Transport::kTcp).has_value());
}

TEST_CASE("a malformed services line is skipped") {
  for (const std::string line :
       {"http", "http 80", "http /tcp", "http 80/", "http 0/tcp", "http 65616/tcp", "http -80/tcp",
        "http 0x50/tcp", "http 080/tcp", "http 80/tcp/udp", "http 80/TCP", "http 80/sctp",
        "http tcp/80", "#http 80/tcp", "x # http 80/tcp", "http # 80/tcp"}) {
    CAPTURE(line);
    CHECK_FALSE(find_service_in(line + "\n", "http", Transport::kTcp).has_value());
    CHECK(find_service_in(line + "\nhttp 81/tcp\n", "http", Transport::kTcp) == 81);
  }
}

TEST_CASE("the first usable line for a service wins") {
  CHECK(find_service_in("a 1/tcp\na 2/tcp\n", "a", Transport::kTcp) == 1);
  CHECK(find_service_in("b 3/tcp a\na 2/tcp\n", "a", Transport::kTcp) == 3);
}

TEST_CASE("a database's sources are those that nsswitch.conf lists") {
  const std::string nsswitch =
      "# passwd: nothing\n"
      "\n"
      "passwd:\t\tfiles systemd   # a comment\n"
      "group: files [SUCCESS=merge] systemd\n"
      "shadow:files\n"
      "  hosts : files dns\n"
      "services:\n"
      "initgroups files";
  using Sources = std::vector<std::string_view>;
  struct Row {
    std::string database;
    Sources sources;
  };
  const Row rows[] = {
      {"passwd", {"files", "systemd"}},
      {"group", {"files", "[SUCCESS=merge]", "systemd"}},
      {"shadow", {"files"}},
      {"hosts", {"files", "dns"}},
      {"services", {}},
      {"nothing", {}},
      {"pass", {}},
      {"", {}},
      {"# passwd", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.database);
    CHECK(find_sources_in(nsswitch, row.database) == row.sources);
  }
  CHECK(find_sources_in("", "passwd").empty());
}

TEST_CASE("the last nsswitch.conf line for a database wins") {
  CHECK(find_sources_in("passwd: files\npasswd: systemd\n", "passwd") ==
        std::vector<std::string_view>{"systemd"});
}

TEST_CASE("a service without a usable port is not found") {
  CHECK_FALSE(find_service_in("zero 0/tcp\n", "zero", Transport::kTcp).has_value());
  CHECK_FALSE(find_service_in("wrap 65616/tcp\n", "wrap", Transport::kTcp).has_value());
}

TEST_CASE("an nsswitch.conf line without a database lists nothing") {
  for (const std::string line :
       {"passwd group: files\n", ": passwd\n", " : passwd files\n", "# : passwd\n"}) {
    CAPTURE(line);
    CHECK(find_sources_in(line, "passwd").empty());
  }
}
