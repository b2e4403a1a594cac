// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

/// What the tests of the report of `--check` share: its lines by their labels.
using Lines = std::vector<std::string>;

/// What stands behind a label in the report, and behind the lines without a label that follow.
inline Lines entries(const std::string& report, const std::string& label) {
  Lines found;
  std::istringstream lines(report);
  std::string current;
  for (std::string line; std::getline(lines, line);) {
    REQUIRE(line.size() > 13);
    if (line.front() != ' ') {
      current = line.substr(0, line.find(' '));
    }
    if (current == label) {
      found.push_back(line.substr(13));
    }
  }
  return found;
}
