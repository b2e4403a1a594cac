// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

/// Shared by the tests of the `--check` report: its lines by label.
using Lines = std::vector<std::string>;

/// The text after a label in the report, and on the unlabelled lines that follow it.
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
