#include "sim/run/command_line.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>

#include "sim/run/scenario.hpp"
#include "sim/story/story.hpp"
#include "sim/vrrp/command_line.hpp"

namespace holdfast::sim {
namespace {

using Stopwatch = std::chrono::steady_clock;  // for the report only: nothing simulated reads it

constexpr const char* usage =
    "usage: sim [--seeds N] [--from S] [--minutes M] [--mutant NAME]   run seeds S .. S+N-1\n"
    "       sim --seed S [--trace] [--mutant NAME]                     run one seed\n"
    "       sim --mutants [--seeds N] [--mutant NAME]                  every mutant must be caught\n"
    "       sim --stories DIRECTORY                                    (UPDATE_STORIES=1 rewrites them)\n"
    "       sim --list-mutants\n"
    "       sim --vrrp [--seeds N] [--from S] [--seed S [--trace]] [--mutants] [--mutant NAME] "
    "[--list-mutants]\n"
    "without arguments: 2000 seeds\n";

struct Options {
  std::uint64_t seeds = 2000;
  bool seeds_given = false;
  std::uint64_t from = 1;
  std::optional<double> minutes;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> mutant;
  std::optional<std::string> stories;
  bool trace = false;
  bool all_mutants = false;
  bool list_mutants = false;
  bool vrrp = false;  // the virtual routers, in a world of their own
};

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& name = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 >= arguments.size()) throw std::runtime_error(name + " needs a value\n" + usage);
      return arguments[++i];
    };
    if (name == "--seeds") {
      options.seeds = std::stoull(value());
      options.seeds_given = true;
    } else if (name == "--from") {
      options.from = std::stoull(value());
    } else if (name == "--minutes") {
      options.minutes = std::stod(value());
    } else if (name == "--seed") {
      options.seed = std::stoull(value());
    } else if (name == "--mutant") {
      options.mutant = value();
    } else if (name == "--stories") {
      options.stories = value();
    } else if (name == "--trace") {
      options.trace = true;
    } else if (name == "--mutants") {
      options.all_mutants = true;
    } else if (name == "--vrrp") {
      options.vrrp = true;
    } else if (name == "--list-mutants") {
      options.list_mutants = true;
    } else {
      throw std::runtime_error("unknown argument " + name + "\n" + usage);
    }
  }
  return options;
}

const Mutant& find_mutant(const std::optional<std::string>& name) {
  static const Mutant none;
  if (!name) return none;
  for (const auto& mutant : mutants()) {
    if (mutant.name == *name) return mutant;
  }
  throw std::runtime_error("no mutant is named " + *name + " (see --list-mutants)");
}

void tell_failure(const Scenario& scenario, const Mutant& mutant, const Violation& violation) {
  fmt::print("\nseed {} FAILED: {}: {}\n", scenario.seed, violation.checker, violation.what);
  const auto shortest = shorten(scenario, mutant, violation.checker);
  const auto outcome = run(shortest, mutant, Tell::history);
  fmt::print("the shortest history that fails (of {} faults, {} are needed): {}\n",
             scenario.plan.faults.size(), shortest.plan.faults.size(), describe(shortest));
  const auto& lines = outcome.history;
  constexpr std::size_t lines_max = 120;
  const std::size_t skipped = lines.size() > lines_max ? lines.size() - lines_max : 0;
  if (skipped > 0)
    fmt::print("  ({} lines before; `sim --seed {} --trace` prints all)\n", skipped, scenario.seed);
  for (std::size_t i = skipped; i < lines.size(); ++i) fmt::print("  {}\n", lines[i]);
  std::fflush(stdout);
}

// One seed in so many is run twice: the same seed must give the same run.
constexpr std::uint64_t repeat_every = 100;

class Tally {
 public:
  void add(const Scenario& scenario, const Outcome& outcome) {
    for (const auto& fault : scenario.plan.faults) ++faults_[to_string(fault.kind)];
    for (const auto& [rule, count] : outcome.counts.rules) rules_[rule] += count;
    decisions_ += outcome.counts.decisions;
    writes_ += outcome.counts.writes_acknowledged;
    events_ += outcome.events;
    promotions_ += outcome.counts.promotions;
    sentinel_kills_ += outcome.counts.sentinel_kills;
    rebuilds_ += outcome.counts.clones + outcome.counts.rewinds;
    simulated_ += outcome.ended_at;
    ++seeds_;
  }
  void print(double seconds) const {
    fmt::print(
        "{} seeds in {:.1f} s: {:.1f} seeds/s; {:.1f} h simulated, {} events, {} decisions, {} writes "
        "acknowledged, "
        "{} starts of a primary, {} clones and rewinds, {} kills by a sentinel\n",
        seeds_, seconds, static_cast<double>(seeds_) / seconds,
        std::chrono::duration<double>{simulated_}.count() / 3600, events_, decisions_, writes_, promotions_,
        rebuilds_, sentinel_kills_);
    fmt::print("faults:");
    for (const auto& [kind, count] : faults_) fmt::print(" {} {}", kind, count);
    fmt::print("\nrules:");
    for (const auto& [rule, count] : rules_) fmt::print(" {} {}", rule, count);
    fmt::print("\n");
  }

 private:
  std::map<std::string_view, std::uint64_t> faults_;
  std::map<std::string_view, std::uint64_t> rules_;
  std::uint64_t seeds_ = 0, decisions_ = 0, writes_ = 0, events_ = 0, promotions_ = 0, sentinel_kills_ = 0,
                rebuilds_ = 0;
  SimTime simulated_{};
};

int run_seeds(const Options& options) {
  const auto& mutant = find_mutant(options.mutant);
  const auto began = Stopwatch::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Stopwatch::now() - began).count(); };
  Tally tally;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  constexpr std::uint64_t failures_max = 5;
  for (std::uint64_t seed = options.from; failed < failures_max; ++seed) {
    const bool is_over =
        options.minutes ? elapsed() > *options.minutes * 60 : seed >= options.from + options.seeds;
    if (is_over) break;
    const auto scenario = draw_scenario(seed, mutant);
    const auto outcome = run(scenario, mutant, Tell::nothing);
    tally.add(scenario, outcome);
    if (outcome.violation) {
      ++failed;
      tell_failure(scenario, mutant, *outcome.violation);
    } else if (seed % repeat_every == 0 && run(scenario, mutant, Tell::nothing).hash != outcome.hash) {
      ++failed;
      fmt::print("\nseed {} FAILED: two runs of it differ\n", seed);
    } else {
      ++passed;
    }
  }
  tally.print(elapsed());
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

int run_one(const Options& options) {
  const auto& mutant = find_mutant(options.mutant);
  const auto scenario = draw_scenario(*options.seed, mutant);
  fmt::print("seed {}: {}\n", scenario.seed, describe(scenario));
  const auto outcome = run(scenario, mutant, options.trace ? Tell::all_at_once : Tell::nothing);
  if (outcome.violation) {
    if (!options.trace) tell_failure(scenario, mutant, *outcome.violation);
    fmt::print("0 passed, 1 failed\n");
    return 1;
  }
  fmt::print("1 passed, 0 failed ({:.3f} s simulated, hash {:016x})\n",
             std::chrono::duration<double>{outcome.ended_at}.count(), outcome.hash);
  return 0;
}

struct Caught {
  std::uint64_t seed = 0;
  std::uint64_t tries = 0;
  Violation violation;
};

// It counts only where the rules as they are do well, and the mutant breaks what it should break.
std::optional<Caught> catch_mutant(const Mutant& mutant, std::uint64_t from, std::uint64_t seeds) {
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const auto scenario = draw_scenario(seed, mutant);
    const auto outcome = run(scenario, mutant, Tell::nothing);
    if (!outcome.violation || outcome.violation->checker != mutant.invariant) continue;
    if (run(scenario, Mutant{}, Tell::nothing).violation) continue;
    return Caught{seed, seed - from + 1, *outcome.violation};
  }
  return std::nullopt;
}

int run_mutants(const Options& options) {
  constexpr std::uint64_t seeds_default = 600;
  const auto seeds = options.seeds_given ? options.seeds : seeds_default;
  const auto began = Stopwatch::now();
  int caught = 0;
  int missed = 0;
  for (const auto& mutant : mutants()) {
    if (options.mutant && mutant.name != *options.mutant) continue;
    const auto found = catch_mutant(mutant, options.from, seeds);
    ++(found ? caught : missed);
    if (found) {
      fmt::print("caught after {:>3} seeds  {:<24} {}: {}\n", found->tries, mutant.name,
                 found->violation.checker, found->violation.what);
    } else {
      fmt::print("NOT CAUGHT              {:<24} {} holds, though {}\n", mutant.name, mutant.invariant,
                 mutant.breaks);
    }
    std::fflush(stdout);
  }
  fmt::print("{:.1f} s\n", std::chrono::duration<double>(Stopwatch::now() - began).count());
  fmt::print("{} passed, {} failed\n", caught, missed);
  return missed == 0 ? 0 : 1;
}

int run_vrrp(const Options& options) {
  return vip::run_command_line({.from = options.from,
                                .seeds = options.seeds,
                                .seed = options.seed,
                                .mutant = options.mutant,
                                .trace = options.trace,
                                .all_mutants = options.all_mutants,
                                .list_mutants = options.list_mutants});
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  const Options options = parse(arguments);
  if (options.vrrp) return run_vrrp(options);
  if (options.list_mutants) {
    for (const auto& mutant : mutants())
      fmt::print("{:<24} {:<15} {}\n", mutant.name, mutant.invariant, mutant.breaks);
    return 0;
  }
  if (options.stories) return run_stories(*options.stories);
  if (options.all_mutants) return run_mutants(options);
  if (options.seed) return run_one(options);
  return run_seeds(options);
}

}  // namespace holdfast::sim
