// What confinement costs: confine() beside a bare loop of the same system calls, and whole launches with and without
// it. What is compared takes turns within one run, so that whatever else the machine does meets all of it alike;
// figures of two runs are not comparable. It prints whether the targets were met, and leaves the judgement to the
// reader: its exit status says only whether it could measure. Needs root, for a network namespace of its own.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "confinement.hpp"
#include "plan.hpp"
#include "support.hpp"
#include "unique_fd.hpp"

namespace {

using lowportbind::Confinement;
using lowportbind::ConfinementPlan;
using lowportbind::UniqueFd;

/// One of the things that are compared. `measure` does it once and returns the milliseconds that it took.
struct Variant {
  std::string name;
  std::size_t samples = 0;
  std::function<double()> measure;
  double most_milliseconds = 0;  ///< a target for the median; 0: none
  double most_ratio = 0;         ///< a target for the ratio to the first variant's median; 0: none
};

/// Variants that take turns. The first is what the others are compared with, and none has more samples.
struct Comparison {
  std::string name;
  std::vector<Variant> variants;
};

void check(bool success, const std::string& what) {
  if (!success) throw std::runtime_error(what + ": " + std::strerror(errno));
}

double read_clock() {
  timespec now{};
  check(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Never returns. What fails is told on stderr, and the parent finds the pipe empty.
[[noreturn]] void report_time(const std::function<void()>& work, const UniqueFd& pipe) {
  try {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    const double start = read_clock();
    work();
    const double taken = read_clock() - start;
    check(write(pipe.value(), &taken, sizeof(taken)) == sizeof(taken), "write");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  _exit(EXIT_SUCCESS);
}

/// In a child, which takes the time itself: confinement cannot be taken off again.
double measure_in_child(const std::function<void()>& work) {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) report_time(work, write_end);
  write_end = UniqueFd();
  double taken = 0;
  const bool reported = read(read_end.value(), &taken, sizeof(taken)) == sizeof(taken);
  check(waitpid(child, nullptr, 0) == child, "waitpid");
  if (!reported) throw std::runtime_error("the child could not be confined");
  return taken;
}

/// From posix_spawn(3) to the end of the process.
double measure_process(std::vector<std::string> command) {
  std::vector<char*> argv;
  for (auto& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  const double start = read_clock();
  errno = posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environ);
  check(errno == 0, command.front());
  check(waitpid(child, &status, 0) == child, "waitpid");
  const double taken = read_clock() - start;
  if (status != 0) throw std::runtime_error(command.front() + ": wait status " + std::to_string(status));
  return taken;
}

/// A filter that allows all, as long as the one of confine(). The kernel tries a new filter with every system call's
/// number, to keep the answer where that is all it depends on: so this one also takes as many steps to its answer.
auto make_bare_filter() {
  constexpr std::size_t kLength = 37;
  constexpr std::size_t kSteps = 6;
  std::array<sock_filter, kLength> filter{};
  filter.fill({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  const sock_filter load_number{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)};
  std::fill_n(filter.begin(), kSteps, load_number);
  return filter;
}

/// The system calls of confine() and nothing else, in its order.
void confine_bare(const ConfinementPlan& plan) {
  constexpr std::uint64_t kAccessNetBindTcp = 1;
  constexpr int kRuleNetPort = 2;
  constexpr std::uint64_t kHighestPort = 65535;
  const std::array<std::uint64_t, 2> attributes{0, kAccessNetBindTcp};  // handled_access_fs, handled_access_net
  const auto ruleset = syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0U);
  bool failed = ruleset < 0;
  const auto allow_port = [&](std::uint64_t port) {
    const std::array<std::uint64_t, 2> rule{kAccessNetBindTcp, port};
    failed |= syscall(SYS_landlock_add_rule, ruleset, kRuleNetPort, &rule, 0U) != 0;
  };
  allow_port(0);
  for (const auto port : plan.ports) allow_port(port);
  if (plan.kind == Confinement::kPrivileged) {
    const auto start = static_cast<std::uint64_t>(plan.unprivileged_port_start);
    for (auto port = start; port <= kHighestPort; ++port) allow_port(port);
  }
  failed |= syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0;
  failed |= close(static_cast<int>(ruleset)) != 0;
  auto filter = make_bare_filter();
  const sock_fprog program{filter.size(), filter.data()};
  failed |= syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0;
  if (failed) throw std::runtime_error("the bare system calls failed");
}

Comparison compare_confine(const std::string& name, Confinement kind, std::size_t samples) {
  ConfinementPlan plan;
  plan.kind = kind;
  plan.ports = {80};
  const auto time_of = [plan](void (*confine)(const ConfinementPlan&)) {
    return [plan, confine] { return measure_in_child([&] { confine(plan); }); };
  };
  return {
      name,
      {{"bare system calls", samples, time_of(confine_bare)}, {"confine()", samples, time_of(lowportbind::confine)}}};
}

Comparison compare_launches() {
  const auto launch_with = [](const std::string& confinement, std::size_t samples) {
    const std::vector<std::string> command{support::launcher(), "-u",        "www-data", "-p",       "80",
                                           "--confine",         confinement, "--",       "/bin/true"};
    return Variant{"--confine " + confinement, samples, [command] { return measure_process(command); }};
  };
  return {"launch of /bin/true", {launch_with("off", 101), launch_with("listed", 101), launch_with("privileged", 31)}};
}

/// Whether a variant has its turn: its samples are spread evenly over the rounds.
bool has_turn(const Variant& variant, std::size_t round, std::size_t rounds) {
  return (round + 1) * variant.samples / rounds != round * variant.samples / rounds;
}

double find_median(std::vector<double>& samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

/// The order is turned round each time: the kernel frees a process's Landlock rules after its end, at the cost of
/// whoever comes next.
void take_samples(const Comparison& comparison, benchmark::State& state) {
  const auto& variants = comparison.variants;
  const auto rounds = variants.front().samples;
  std::vector<std::vector<double>> samples(variants.size());
  std::size_t round = 0;
  for (auto _ : state) {
    double total = 0;
    for (std::size_t turn = 0; turn < variants.size(); ++turn) {
      const auto index = round % 2 == 0 ? turn : variants.size() - 1 - turn;
      if (!has_turn(variants[index], round, rounds)) continue;
      samples[index].push_back(variants[index].measure());
      total += samples[index].back();
    }
    state.SetIterationTime(total / 1e3);
    ++round;
  }
  for (std::size_t index = 0; index < variants.size(); ++index) {
    state.counters[variants[index].name] = find_median(samples[index]);
  }
}

void run_comparison(const Comparison& comparison, benchmark::State& state) {
  try {
    take_samples(comparison, state);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

std::string judge(const Variant& variant, double median, double ratio) {
  std::array<char, 80> text{};
  if (variant.most_milliseconds > 0) {
    std::snprintf(text.data(), text.size(), "median under %.1f ms: %s", variant.most_milliseconds,
                  median < variant.most_milliseconds ? "met" : "MISSED");
  } else if (variant.most_ratio > 0) {
    std::snprintf(text.data(), text.size(), "ratio at most %.1f: %s", variant.most_ratio,
                  ratio <= variant.most_ratio ? "met" : "MISSED");
  }
  return text.data();
}

/// Prints the medians that a comparison left in its counters.
class Table final : public benchmark::BenchmarkReporter {
 public:
  explicit Table(const std::vector<Comparison>& comparisons) : comparisons_(comparisons) {}

  bool ReportContext(const Context& /*context*/) override {
    std::printf("%-24s %7s %10s %7s  %s\n", "", "samples", "median/ms", "ratio", "target");
    return true;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      const auto& name = run.run_name.function_name;
      std::printf("%s\n", name.c_str());
      if (run.error_occurred) {
        std::printf("  %s\n", run.error_message.c_str());
        failed_ = true;
        continue;
      }
      const auto found = std::find_if(comparisons_.begin(), comparisons_.end(),
                                      [&](const Comparison& comparison) { return comparison.name == name; });
      print(*found, run);
    }
  }

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static void print(const Comparison& comparison, const Run& run) {
    const double reference = run.counters.at(comparison.variants.front().name);
    for (const auto& variant : comparison.variants) {
      const double median = run.counters.at(variant.name);
      const double ratio = median / reference;
      std::printf("  %-22s %7zu %10.3f %7.3f  %s\n", variant.name.c_str(), variant.samples, median, ratio,
                  judge(variant, median, ratio).c_str());
    }
    std::fflush(stdout);
  }

  const std::vector<Comparison>& comparisons_;
  bool failed_ = false;
};

std::vector<Comparison> define_comparisons() {
  auto listed = compare_confine("listed, one port", Confinement::kListed, 1001);
  listed.variants.back().most_milliseconds = 0.3;
  auto privileged = compare_confine("privileged, one port", Confinement::kPrivileged, 51);
  privileged.variants.back().most_ratio = 1.1;
  return {listed, privileged, compare_launches()};
}

}  // namespace

int main(int argc, char** argv) {
  support::enter_own_network();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const auto comparisons = define_comparisons();
  for (const auto& comparison : comparisons) {
    benchmark::RegisterBenchmark(comparison.name.c_str(),
                                 [&](benchmark::State& state) { run_comparison(comparison, state); })
        ->UseManualTime()
        ->Iterations(static_cast<benchmark::IterationCount>(comparison.variants.front().samples));
  }
  Table table(comparisons);
  benchmark::RunSpecifiedBenchmarks(&table);
  return table.failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
