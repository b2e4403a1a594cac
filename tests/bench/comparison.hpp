// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// What all benchmarks here have in common: things that are compared take turns within one run, so
/// that whatever else the machine does affects all of them equally, and the medians count. Figures
/// of two runs are not comparable.
namespace bench {

/// At most this times what the variant `reference` of the same comparison costs.
struct Target {
  std::string reference;
  double most_ratio = 0;
};

/// One of the things that are compared. `measure` does it once and returns the microseconds that it
/// took; what it throws ends the comparison. `command`: what is spawned, if that is all there is to
/// it.
struct Variant {
  std::string name;
  std::size_t samples = 0;
  std::function<double()> measure;
  std::vector<Target> targets = {};
  std::vector<std::string> command = {};
};

/// Variants that take turns. The first has no fewer samples than any other; with `over_first` it is
/// what would be spent anyway, and is subtracted from the cost of the others. `renew`, if there is
/// one, is called every few rounds: it removes a variant's chance advantage. The round that follows
/// it is not counted.
struct Comparison {
  std::string name;
  bool over_first = false;
  std::vector<Variant> variants;
  std::function<void()> renew = {};
};

/// CLOCK_MONOTONIC, in microseconds. Throws std::runtime_error.
double read_clock();

/// Throws std::runtime_error, with what errno says, unless `success`.
void check(bool success, const std::string& what);

/// Runs each comparison, and prints medians and whether the targets are met, for the reader to
/// judge. With `results`, the path of a file, also writes there a line
/// "COMPARISON<tab>VARIANT<tab>SAMPLES<tab>COST" for each variant, in microseconds. Returns whether
/// all could be measured.
bool run(const std::vector<Comparison>& comparisons, const std::string& results);

}  // namespace bench
