#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/world.hpp"
#include "sim/faults/fault.hpp"

namespace holdfast::sim {

// Everything that a seed decides before the first event.
struct Scenario {
  std::uint64_t seed = 0;
  Shape shape;
  Plan plan;
  bool starts_early = false;  // faults hit the bootstrap as well
};

// With the faults that the mutant is provoked by, if there are any.
Scenario draw_scenario(std::uint64_t seed, const Mutant& mutant = {});
std::string describe(const Scenario& scenario);

struct Outcome {
  std::optional<Violation> violation;
  std::uint64_t hash = 0;
  SimTime ended_at{};
  std::uint64_t events = 0;
  Counts counts;
  std::vector<std::string> history;
};

enum class Tell { nothing, history, all_at_once };  // all_at_once: prints while it runs

// Faults, then health for everybody, which must lead to a whole cluster within a bound.
Outcome run(const Scenario& scenario, const Mutant& mutant, Tell tell);

// What keeps the cluster from being whole: one primary, everybody streams, synchronous standbys as
// configured. Empty: it is whole.
std::string what_is_missing(World& world);

// Leaves out every fault without which the same checker still complains.
Scenario shorten(const Scenario& scenario, const Mutant& mutant, const std::string& checker);

}  // namespace holdfast::sim
