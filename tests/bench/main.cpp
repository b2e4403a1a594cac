// SPDX-License-Identifier: MIT
// bench [RESULTS]: what launches, sockets and the confinement cost, compared with other programs
// and with plain C. Prints medians and whether the targets are met; its exit status shows only
// whether it could measure. bench --commands prints the launches that are compared, as
// NAME<tab>COMMAND, for those who count what they do. Needs root, for namespaces of its own.
// scripts/bench builds what it needs.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "comparison.hpp"
#include "launches.hpp"
#include "support.hpp"

namespace {

/// The same for all, whatever the machine has: names from the files in /etc, since the modules of
/// other sources have costs of their own; and descriptors for as many sockets as are handed over.
void settle() {
  constexpr rlim_t kDescriptors = 20000;
  support::enter_own_network();
  support::enter_own_mounts();
  support::mount_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\nservices: files\n");
  const rlimit limit{kDescriptors, kDescriptors};
  bench::check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "RLIMIT_NOFILE");
}

std::vector<bench::Comparison> define_comparisons() {
  std::vector<bench::Comparison> comparisons{bench::compare_launches(),
                                             bench::compare_confined_launches()};
  for (auto more : {bench::compare_sockets(), bench::compare_confine()}) {
    std::move(more.begin(), more.end(), std::back_inserter(comparisons));
  }
  return comparisons;
}

void print_commands() {
  for (const auto& variant : bench::compare_launches().variants) {
    std::printf("%s\t", variant.name.c_str());
    for (const auto& word : variant.command) {
      if (word.find(' ') != std::string::npos) {
        throw std::runtime_error("a space in " + word);
      }
      std::printf("%s ", word.c_str());
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc > 2) {
    std::fputs("usage: bench [--benchmark_filter=REGEX] [RESULTS] | bench --commands\n", stderr);
    return 2;
  }
  try {
    if (argc == 2 && argv[1] == std::string_view("--commands")) {
      print_commands();
      return EXIT_SUCCESS;
    }
    settle();
    return bench::run(define_comparisons(), argc == 2 ? argv[1] : "") ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
