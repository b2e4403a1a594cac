// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "launcher/listen_address.hpp"
#include "services.hpp"

using lowport::find_overlap;
using lowport::format_address;
using lowport::ListenAddress;
using lowport::Repeats;

namespace {

/// "A and B", in alphabetical order; "none" without an overlap.
std::string overlap_of(const std::vector<ListenAddress>& addresses,
                       Repeats repeats = Repeats::kOverlap) {
  const auto overlap = find_overlap(addresses, repeats);
  if (!overlap) {
    return "none";
  }
  auto one = format_address(overlap->first);
  auto other = format_address(overlap->second);
  if (other < one) {
    std::swap(one, other);
  }
  return one + " and " + other;
}

}  // namespace

TEST_CASE("addresses overlap only if they cannot both be bound") {
  struct Row {
    std::string text;
    std::string overlap;
  };
  const Row rows[] = {
      {"80", "none"},
      {"80,443", "none"},
      {"80,80", "80/tcp and 80/tcp"},
      {"80,*:80", "80/tcp and 80/tcp"},
      {"http,80", "80/tcp and 80/tcp"},
      {"70-80,75", "75/tcp and 75/tcp"},
      {"70-80,80-90", "80/tcp and 80/tcp"},
      {"a=80,b=80", "a=80/tcp and b=80/tcp"},
      {"80,80/udp", "none"},
      {"127.0.0.1:80,127.0.0.1:80/udp", "none"},
      {"80,127.0.0.1:80", "127.0.0.1:80/tcp and 80/tcp"},
      {"127.0.0.1:80,80", "127.0.0.1:80/tcp and 80/tcp"},
      {"80,0.0.0.0:80", "0.0.0.0:80/tcp and 80/tcp"},
      {"80,[::]:80", "80/tcp and [::]:80/tcp"},
      {"80,[::1]:80", "80/tcp and [::1]:80/tcp"},
      {"80,[fe80::1%eth0]:80", "80/tcp and [fe80::1%eth0]:80/tcp"},
      {"[::]:80,0.0.0.0:80", "none"},
      {"[::1]:80,127.0.0.1:80", "none"},
      {"[::]:80,127.0.0.1:80", "none"},
      {"0.0.0.0:80,[::1]:80", "none"},
      {"0.0.0.0:80,127.0.0.1:80", "0.0.0.0:80/tcp and 127.0.0.1:80/tcp"},
      {"[::]:80,[::1]:80", "[::1]:80/tcp and [::]:80/tcp"},
      {"[::]:80,[fe80::1%eth0]:80", "[::]:80/tcp and [fe80::1%eth0]:80/tcp"},
      {"127.0.0.1:80,127.0.0.2:80", "none"},
      {"127.0.0.1:80,127.0.0.1:81", "none"},
      {"[::1]:80,[0:0::1]:80", "[::1]:80/tcp and [::1]:80/tcp"},
      {"[fe80::1%eth0]:80,[fe80::1%eth1]:80", "none"},
      {"[fe80::1%eth0]:80,[fe80::1%eth0]:80", "[fe80::1%eth0]:80/tcp and [fe80::1%eth0]:80/tcp"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(overlap_of(parse_known(row.text)) == row.overlap);
  }
  CHECK(overlap_of({}) == "none");
}

TEST_CASE("only the same address can be repeated with reuse-port") {
  struct Row {
    std::string text;
    std::string overlap;
  };
  const Row rows[] = {
      {"80,80", "none"},
      {"80,*:80,80", "none"},
      {"a=80,b=80", "none"},
      {"70-80,75", "none"},
      {"0.0.0.0:80,[::]:80,0.0.0.0:80,[::]:80", "none"},
      {"[fe80::1%eth0]:80,[fe80::1%eth0]:80", "none"},
      {"53/udp,53/udp", "none"},
      {"80,80,127.0.0.1:80", "127.0.0.1:80/tcp and 80/tcp"},
      {"127.0.0.1:80,127.0.0.1:80,0.0.0.0:80", "0.0.0.0:80/tcp and 127.0.0.1:80/tcp"},
      {"[::1]:80,[::]:80,[::]:80", "[::1]:80/tcp and [::]:80/tcp"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(overlap_of(parse_known(row.text), Repeats::kAllowed) == row.overlap);
  }
}

// find_overlap() compares only neighbours in a sorted list: check it against every pair in every
// list of four.
TEST_CASE("a list overlaps exactly when two of its addresses do") {
  const auto candidates = parse_known(
      "80,0.0.0.0:80,127.0.0.1:80,127.0.0.2:80,[::]:80,[::1]:80,[fe80::1%eth0]:80,[fe80::1%eth1]:"
      "80,80/udp,"
      "0.0.0.0:80/udp,81");
  const auto any_pair_overlaps = [](const std::vector<ListenAddress>& list, Repeats repeats) {
    for (std::size_t one = 0; one < list.size(); ++one) {
      for (std::size_t other = one + 1; other < list.size(); ++other) {
        if (find_overlap({list[one], list[other]}, repeats)) {
          return true;
        }
      }
    }
    return false;
  };
  int wrong = 0;
  for (const auto& first : candidates) {
    for (const auto& second : candidates) {
      for (const auto& third : candidates) {
        for (const auto& fourth : candidates) {
          const std::vector<ListenAddress> list{first, second, third, fourth};
          for (const auto repeats : {Repeats::kOverlap, Repeats::kAllowed}) {
            if (find_overlap(list, repeats).has_value() != any_pair_overlaps(list, repeats)) {
              ++wrong;
            }
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}
