// SPDX-License-Identifier: MIT
#include "comparison.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <stdexcept>

namespace bench {
namespace {

/// Whether it is a variant's turn: its samples are spread evenly over the rounds.
bool has_turn(const Variant& variant, std::size_t round, std::size_t rounds) {
  return (round + 1) * variant.samples / rounds != round * variant.samples / rounds;
}

double find_median(std::vector<double>& samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

void renew(const Comparison& comparison) {
  comparison.renew();
  for (const auto& variant : comparison.variants) {
    variant.measure();
  }
}

/// The order changes each time: what one leaves for the kernel to clean up, or in the caches, is
/// its neighbour's cost or gain.
void take_samples(const Comparison& comparison, benchmark::State& state) {
  constexpr double kMicroseconds = 1e6;
  constexpr std::size_t kRoundsBetweenRenewals = 20;
  const auto& variants = comparison.variants;
  const auto rounds = variants.front().samples;
  std::vector<std::vector<double>> samples(variants.size());
  std::vector<std::size_t> order(variants.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random;  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same orders in each run
  std::size_t round = 0;
  for (auto _ : state) {
    if (comparison.renew && round % kRoundsBetweenRenewals == 0) {
      renew(comparison);
    }
    std::shuffle(order.begin(), order.end(), random);
    double total = 0;
    for (const auto index : order) {
      if (!has_turn(variants[index], round, rounds)) {
        continue;
      }
      samples[index].push_back(variants[index].measure());
      total += samples[index].back();
    }
    state.SetIterationTime(total / kMicroseconds);
    ++round;
  }
  const double floor = comparison.over_first ? find_median(samples.front()) : 0;
  for (std::size_t index = 0; index < variants.size(); ++index) {
    const double taken_off = index == 0 ? 0 : floor;
    state.counters[variants[index].name] = find_median(samples[index]) - taken_off;
  }
}

/// Why comparisons failed, by their names. The library has renamed its own record of this.
using Failures = std::map<std::string, std::string>;

void measure(const Comparison& comparison, benchmark::State& state, Failures& failures) {
  try {
    take_samples(comparison, state);
  } catch (const std::exception& error) {
    failures[comparison.name] = error.what();
    state.SkipWithError(error.what());
  }
}

/// Prints the costs that a comparison left in its counters.
class Table final : public benchmark::BenchmarkReporter {
 public:
  Table(const std::vector<Comparison>& comparisons, const Failures& failures,
        const std::string& results)
      : comparisons_(comparisons), failures_(failures) {
    if (results.empty()) {
      return;
    }
    results_.open(results);
    check(results_.good(), results);
  }

  bool ReportContext(const Context& /*context*/) override {
    std::printf("%-36s %7s %12s\n", "", "samples", "median/us");
    return true;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      const auto& name = run.run_name.function_name;
      std::printf("%s\n", name.c_str());
      if (const auto failure = failures_.find(name); failure != failures_.end()) {
        std::printf("  %s\n", failure->second.c_str());
        continue;
      }
      report(*std::find_if(comparisons_.begin(), comparisons_.end(),
                           [&](const Comparison& comparison) { return comparison.name == name; }),
             run);
    }
  }

 private:
  void report(const Comparison& comparison, const Run& run) {
    for (const auto& variant : comparison.variants) {
      const double cost = run.counters.at(variant.name);
      std::printf("  %-34s %7zu %12.1f", variant.name.c_str(), variant.samples, cost);
      for (const auto& target : variant.targets) {
        const double ratio = cost / run.counters.at(target.reference);
        std::printf("  %.2f of %s (at most %.2f: %s)", ratio, target.reference.c_str(),
                    target.most_ratio, ratio <= target.most_ratio ? "met" : "MISSED");
      }
      std::printf("\n");
      if (results_.is_open()) {
        results_ << comparison.name << '\t' << variant.name << '\t' << variant.samples << '\t'
                 << cost << std::endl;
      }
    }
    std::fflush(stdout);
  }

  const std::vector<Comparison>& comparisons_;
  const Failures& failures_;
  std::ofstream results_;
};

}  // namespace

void check(bool success, const std::string& what) {
  if (!success) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
  }
}

double read_clock() {
  timespec now{};
  check(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

bool run(const std::vector<Comparison>& comparisons, const std::string& results) {
  Failures failures;
  for (const auto& comparison : comparisons) {
    benchmark::RegisterBenchmark(
        comparison.name.c_str(),
        [&](benchmark::State& state) { measure(comparison, state, failures); })
        ->UseManualTime()
        ->Iterations(static_cast<benchmark::IterationCount>(comparison.variants.front().samples));
  }
  Table table(comparisons, failures, results);
  benchmark::RunSpecifiedBenchmarks(&table);
  return failures.empty();
}

}  // namespace bench
