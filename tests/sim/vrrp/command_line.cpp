#include "sim/vrrp/command_line.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <stdexcept>

#include "sim/vrrp/world.hpp"

namespace holdfast::sim::vip {
namespace {

using Stopwatch = std::chrono::steady_clock;  // for the report only: nothing simulated reads it

struct Outcome {
  std::optional<Violation> violation;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  Counts counts;
  std::vector<std::string> lines;
};

enum class Tell { nothing, history, all_at_once };

Outcome run(const Scenario& scenario, const Mutant& mutant, Tell tell) {
  Trace trace;
  trace.is_on = tell != Tell::nothing;
  trace.prints = tell == Tell::all_at_once;
  World world{scenario, mutant, trace};
  Outcome outcome;
  outcome.violation = world.run();
  outcome.hash = trace.hash();
  outcome.events = world.events();
  outcome.counts = world.counts();
  outcome.lines = std::move(trace.lines);
  return outcome;
}

// Leaves out every fault without which the same checker still complains.
Scenario shorten(Scenario scenario, const Mutant& mutant, const std::string& checker) {
  for (std::size_t i = scenario.faults.size(); i-- > 0;) {
    Scenario less = scenario;
    less.faults.erase(less.faults.begin() + static_cast<std::ptrdiff_t>(i));
    const auto outcome = run(less, mutant, Tell::nothing);
    if (outcome.violation && outcome.violation->checker == checker) scenario = std::move(less);
  }
  return scenario;
}

void tell_failure(const Scenario& scenario, const Mutant& mutant, const Violation& violation) {
  fmt::print("\nseed {} FAILED: {}: {}\n", scenario.seed, violation.checker, violation.what);
  const auto shortest = shorten(scenario, mutant, violation.checker);
  const auto outcome = run(shortest, mutant, Tell::history);
  fmt::print("the shortest history that fails: {}\n", describe(shortest));
  constexpr std::size_t lines_max = 60;
  const auto& lines = outcome.lines;
  const std::size_t skipped = lines.size() > lines_max ? lines.size() - lines_max : 0;
  for (std::size_t i = skipped; i < lines.size(); ++i) fmt::print("  {}\n", lines[i]);
  std::fflush(stdout);
}

const Mutant& find_mutant(const std::optional<std::string>& name) {
  static const Mutant none;
  if (!name) return none;
  for (const auto& mutant : mutants()) {
    if (mutant.name == *name) return mutant;
  }
  throw std::runtime_error("no mutant is named " + *name + " (see --vrrp --list-mutants)");
}

double since(Stopwatch::time_point began) {
  return std::chrono::duration<double>(Stopwatch::now() - began).count();
}

int run_one(const Options& options) {
  const auto& mutant = find_mutant(options.mutant);
  const auto scenario = draw_scenario(*options.seed);
  fmt::print("seed {}: {}\n", scenario.seed, describe(scenario));
  const auto outcome = run(scenario, mutant, options.trace ? Tell::all_at_once : Tell::nothing);
  if (outcome.violation && !options.trace) tell_failure(scenario, mutant, *outcome.violation);
  const bool failed = outcome.violation.has_value();
  fmt::print("{} passed, {} failed (hash {:016x})\n", failed ? 0 : 1, failed ? 1 : 0, outcome.hash);
  return failed ? 1 : 0;
}

// One seed in so many is run twice: the same seed must give the same run, byte for byte.
constexpr std::uint64_t repeat_every = 20;

bool repeats(const Scenario& scenario, const Mutant& mutant, const Outcome& first) {
  const auto again = run(scenario, mutant, Tell::nothing);
  return again.hash == first.hash && again.events == first.events;
}

int run_seeds(const Options& options) {
  const auto& mutant = find_mutant(options.mutant);
  const auto began = Stopwatch::now();
  std::uint64_t passed = 0, failed = 0, events = 0, masters = 0, adverts = 0;
  std::map<std::string_view, std::uint64_t> faults;
  constexpr std::uint64_t failures_max = 5;
  for (std::uint64_t i = 0; i < options.seeds && failed < failures_max; ++i) {
    const auto scenario = draw_scenario(options.from + i);
    const auto outcome = run(scenario, mutant, Tell::nothing);
    for (const auto& fault : scenario.faults) ++faults[to_string(fault.kind)];
    events += outcome.events;
    masters += outcome.counts.masters;
    adverts += outcome.counts.adverts;
    if (outcome.violation) {
      ++failed;
      tell_failure(scenario, mutant, *outcome.violation);
    } else if (scenario.seed % repeat_every == 0 && !repeats(scenario, mutant, outcome)) {
      ++failed;
      fmt::print("\nseed {} FAILED: two runs of it differ\n", scenario.seed);
    } else {
      ++passed;
    }
  }
  fmt::print("{} seeds in {:.1f} s; {} events, {} adverts, {} times a master\nfaults:", passed + failed,
             since(began), events, adverts, masters);
  for (const auto& [kind, count] : faults) fmt::print(" {} {}", kind, count);
  fmt::print("\n{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

// The first seed that the rules as they are pass and the mutant fails, at the checker that is to notice.
bool is_caught(const Mutant& mutant, const Options& options) {
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    const auto scenario = draw_scenario(options.from + i);
    const auto outcome = run(scenario, mutant, Tell::nothing);
    if (!outcome.violation || outcome.violation->checker != mutant.invariant) continue;
    if (run(scenario, Mutant{}, Tell::nothing).violation) continue;
    fmt::print("caught after {:>3} seeds  {:<24} {}: {}\n", i + 1, mutant.name, outcome.violation->checker,
               outcome.violation->what);
    return true;
  }
  fmt::print("NOT CAUGHT              {:<24} {} holds, though {}\n", mutant.name, mutant.invariant,
             mutant.breaks);
  return false;
}

int run_mutants(const Options& options) {
  const auto began = Stopwatch::now();
  int caught = 0;
  int missed = 0;
  for (const auto& mutant : mutants()) {
    if (options.mutant && mutant.name != *options.mutant) continue;
    ++(is_caught(mutant, options) ? caught : missed);
    std::fflush(stdout);
  }
  fmt::print("{:.1f} s\n{} passed, {} failed\n", since(began), caught, missed);
  return missed == 0 ? 0 : 1;
}

}  // namespace

int run_command_line(const Options& options) {
  if (options.list_mutants) {
    for (const auto& mutant : mutants())
      fmt::print("{:<24} {:<12} {}\n", mutant.name, mutant.invariant, mutant.breaks);
    return 0;
  }
  if (options.all_mutants) return run_mutants(options);
  if (options.seed) return run_one(options);
  return run_seeds(options);
}

}  // namespace holdfast::sim::vip
