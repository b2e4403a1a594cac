// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "launcher/listen_address.hpp"
#include "refusal.hpp"
#include "services.hpp"

using lowport::parse_listen_addresses;

namespace {

struct Row {
  std::string text;
  std::string reason;
};

template <typename Rows>
void check_refusals(const Rows& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto refusal = refusal_of([&] { parse_known(row.text); });
    CHECK(refusal.message ==
          "cannot read the listen address: " + shown(row.text) + ": " + row.reason);
    CHECK(refusal.status == 125);
  }
}

}  // namespace

TEST_CASE("an invalid port number is refused with its own reason") {
  const Row rows[] = {
      {"0", "port 0 means \"any port\"; list the port itself"},
      {"0/udp", "port 0 means \"any port\"; list the port itself"},
      {"127.0.0.1:0", "port 0 means \"any port\"; list the port itself"},
      {"00", "a leading zero means octal to some programs; write the number without it"},
      {"080", "a leading zero means octal to some programs; write the number without it"},
      {"65536", "the largest value is 65535"},
      {"4294967376", "the largest value is 65535"},
      {"18446744073709551696", "the largest value is 65535"},
      {"0x50", "hexadecimal is not accepted; write the number in decimal"},
      {"0X50", "hexadecimal is not accepted; write the number in decimal"},
      {"+80", "signs are not allowed"},
      {"-80", "signs are not allowed"},
      {"-1", "signs are not allowed"},
      {"80x", "the number is followed by \"x\""},
      {"80.5", "the number is followed by \".5\""},
      {"80/tcp/udp", "the number is followed by \"/tcp\""},
      {"8e1", "the number is followed by \"e1\""},
      {"_80", "this is not a number"},
      {"~80", "this is not a number"},
      {".http", "no such service for tcp in /etc/services"},
      {"+http", "signs are not allowed"},
      {"-http", "signs are not allowed"},
      {"/tcp", "the port is missing"},
      {"web=", "the port is missing"},
      {"10.0.0.1", "the port is missing"},
      {"10.0.0.1/udp", "the port is missing"},
      {"web=10.0.0.1", "the port is missing"},
      {"[::1]:", "the port is missing"},
      {"80:", "there is no port after the colon"},
      {"http:", "there is no port after the colon"},
      {":", "there is no port after the colon"},
      {"127.0.0.1:", "there is no port after the colon"},
      {"*:/udp", "there is no port after the colon"},
      {"80/", "the transport after \"/\" is neither tcp nor udp"},
      {"80/sctp", "the transport after \"/\" is neither tcp nor udp"},
      {"80/TCP", "the transport after \"/\" is neither tcp nor udp"},
      {"80/udplite", "the transport after \"/\" is neither tcp nor udp"},
      {"80/6", "the transport after \"/\" is neither tcp nor udp"},
  };
  check_refusals(rows);
}

TEST_CASE("a space is refused wherever it appears") {
  for (const std::string text :
       {" 80", "80 ", "8 0", "80\n", "80\t", "a b=80", "127.0.0.1 :80", "80 /tcp", " "}) {
    CAPTURE(text);
    const auto refusal = refusal_of([&] { parse_known(text); });
    CHECK(contains_text(refusal.message, "it contains a space"));
  }
}

TEST_CASE("an invalid range is refused with its own reason") {
  const Row rows[] = {
      {"80-79", "the range runs backwards"},
      {"65535-1", "the range runs backwards"},
      {"0-80", "port 0 means \"any port\"; list the port itself"},
      {"80-0", "port 0 means \"any port\"; list the port itself"},
      {"80-", "the number is missing"},
      {"80--90", "signs are not allowed"},
      {"80-+90", "signs are not allowed"},
      {"80-65536", "the largest value is 65535"},
      {"80-90-100", "the number is followed by \"-100\""},
      {"080-90", "a leading zero means octal to some programs; write the number without it"},
      {"80-090", "a leading zero means octal to some programs; write the number without it"},
      {"-", "signs are not allowed"},
      {"80-https", "the number is followed by \"-https\""},
  };
  check_refusals(rows);
}

TEST_CASE("an invalid host is refused with its own reason") {
  const std::string no_host = "the host is not an IPv4 address, an IPv6 address in brackets or *";
  const Row rows[] = {
      {":80", "the host before \":\" is empty"},
      {"localhost:80", no_host},
      {"127.1:80", no_host},
      {"127.0.0.256:80", no_host},
      {"0177.0.0.1:80", no_host},
      {"127.0.0.01:80", no_host},
      {"0x7f.0.0.1:80", no_host},
      {"2130706433:80", no_host},
      {"1.2.3.4.5:80", no_host},
      {"**:80", no_host},
      {"127.0.0.1%lo:80", no_host},
      {"::1:80", "an IPv6 address goes in brackets"},
      {":::80", "an IPv6 address goes in brackets"},
      {"2001:db8::1:443", "an IPv6 address goes in brackets"},
      {"[::1", "the bracket is not closed"},
      {"[::1:80", "the bracket is not closed"},
      {"[::1]", "a colon and a port must follow the bracket"},
      {"[::1]80", "a colon and a port must follow the bracket"},
      {"[::1]/tcp", "a colon and a port must follow the bracket"},
      {"[]:80", "this is not an IPv6 address"},
      {"[127.0.0.1]:80", "this is not an IPv6 address"},
      {"[*]:80", "this is not an IPv6 address"},
      {"[::g]:80", "this is not an IPv6 address"},
      {"[[::1]]:80", "this is not an IPv6 address"},
      {"[1::2::3]:80", "this is not an IPv6 address"},
      {"[::ffff:127.0.0.1]:80", "IPv4-mapped IPv6 addresses are not accepted"},
      {"[::ffff:7f00:1]:80", "IPv4-mapped IPv6 addresses are not accepted"},
      {"[fe80::1%]:80", "the interface after \"%\" is empty"},
      {"[fe80::1%abcdefghijklmnop]:80", "an interface name may have at most 15 characters"},
      {"[fe80::1%a:b]:80", "this is not an interface name"},
      {"[fe80::1%a%b]:80", "this is not an interface name"},
      {"[::1%lo]:80", "only a link-local address (fe80::... or ff02::...) takes an interface"},
      {"[ff05::1%eth0]:80",
       "only a link-local address (fe80::... or ff02::...) takes an interface"},
      {"[::%eth0]:80", "only a link-local address (fe80::... or ff02::...) takes an interface"},
  };
  check_refusals(rows);
}

TEST_CASE("an empty item is refused and the whole list is shown") {
  for (const std::string text : {"", ",", "80,", ",80", "80,,443"}) {
    CAPTURE(text);
    const auto refusal = refusal_of([&] { parse_known(text); });
    CHECK(refusal.message ==
          "cannot read the listen address: " + shown(text) + ": an item is empty");
    CHECK(refusal.hint == "list ports as 80,443");
  }
}

TEST_CASE("a descriptor name that no list could carry is refused") {
  const std::string plain =
      "a descriptor name cannot contain colons, slashes, backslashes, spaces or non-ASCII "
      "characters";
  const Row rows[] = {
      {"=80", "the descriptor name before \"=\" is empty"},
      {"==80", "the descriptor name before \"=\" is empty"},
      {"a:b=80", plain},
      {"a/b=80", plain},
      {"a\\=80", plain},
      {std::string(256, 'n') + "=80", "a descriptor name may have at most 255 characters"},
  };
  check_refusals(rows);
  const auto not_ascii = refusal_of([] { parse_known("caf\xc3\xa9=80"); });
  CHECK(not_ascii.message == "cannot read the listen address: caf\\xc3\\xa9=80: " + plain);
  const auto deleted = refusal_of([] { parse_known("a\x7f=80"); });
  CHECK(deleted.message == "cannot read the listen address: a\\x7f=80: " + plain);
}

TEST_CASE("a list that is too long is refused while it is expanded") {
  std::string list = "1-65535";
  for (int more = 0; more < 1000; ++more) {
    list += ",1-65535";
  }
  const auto refusal = refusal_of([&] { parse_known(list); });
  CHECK(refusal.message ==
        "cannot read the listen address: 1-65535: the list has more addresses than a process can "
        "have descriptors");
}

TEST_CASE("an unknown service is refused with its transport") {
  struct UnknownRow {
    std::string text;
    std::string transport;
  };
  const UnknownRow rows[] = {{"nosuch", "tcp"},      {"nosuch/udp", "udp"},  {"tftp", "tcp"},
                             {"http/udp", "udp"},    {"HTTP", "tcp"},        {"http-https", "tcp"},
                             {"http-90/udp", "udp"}, {"a=nosuch:http", "x"}, {"b=c=80", "tcp"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto refusal = refusal_of([&] { parse_known(row.text); });
    if (row.transport == "x") {
      CHECK(contains_text(refusal.message, "the host is not an IPv4 address"));
      continue;
    }
    const std::string range = contains_text(row.text, "-") ? "; a range takes numbers only" : "";
    CHECK(refusal.message == "cannot read the listen address: " + row.text +
                                 ": no such service for " + row.transport + " in /etc/services" +
                                 range);
    CHECK(refusal.hint == "use the port number, or list the names with `getent services`");
  }
}

TEST_CASE("the refusal reports a missing services file") {
  const auto refusal = refusal_of([] { parse_listen_addresses("http", find_no_database); });
  CHECK(refusal.message ==
        "cannot read the listen address: http: service names need /etc/services, which does not "
        "exist here");
  CHECK(refusal_of([] { parse_listen_addresses("80", find_no_database); }).message == "accepted");
  // Text that begins with a digit was meant as a number, and gets the number's reason.
  const auto number = refusal_of([] { parse_listen_addresses("80x", find_no_database); });
  CHECK(number.message == "cannot read the listen address: 80x: the number is followed by \"x\"");
}

TEST_CASE("control characters in a refused address are escaped") {
  const auto refusal = refusal_of([] { parse_known("80\x1b[31m"); });
  CHECK(refusal.message.find('\x1b') == std::string::npos);
  CHECK(contains_text(refusal.message, "80\\x1b[31m"));
}

TEST_CASE("a nearly valid listen address gets a hint with the fix") {
  CHECK(refusal_of([] { parse_known("10.0.0.1"); }).hint == "add the port: 10.0.0.1:80");
  CHECK(refusal_of([] { parse_known("=80"); }).hint == "for a port alone, use -p 80");
  CHECK(refusal_of([] { parse_known("[::ffff:1.2.3.4]:80"); }).hint ==
        "write the IPv4 address itself: 192.0.2.1:80");
  CHECK(refusal_of([] { parse_known("::1:80"); }).hint == "for example [2001:db8::1]:443");
  CHECK(refusal_of([] { parse_known(":80"); }).hint ==
        "leave the colon out to listen on every address");
}
