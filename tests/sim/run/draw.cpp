#include <fmt/format.h>

#include <array>

#include "sim/run/scenario.hpp"

namespace holdfast::sim {
namespace {

ha::Settings draw_settings(Random& random) {
  ha::Settings settings;
  settings.ttl = 20s;
  settings.leader_ttl = random.chance(0.5) ? 2s : 4s;
  settings.loop_wait = random.pick(std::vector<milliseconds>{2s, 5s, 10s});
  settings.primary_start_timeout = random.pick(std::vector<milliseconds>{0s, 3s, 10s});
  settings.maximum_lag_on_failover = random.chance(0.5) ? 1'048'576 : 131'072;
  settings.use_pg_rewind = random.chance(0.7);
  settings.clock_drift_max = random.chance(0.5) ? 0.001 : 0.02;
  if (random.chance(0.7)) {
    settings.synchronous_mode = random.chance(0.4) ? ha::SyncMode::on : ha::SyncMode::quorum;
  }
  settings.synchronous_mode_strict = random.chance(0.15);
  settings.synchronous_node_count = random.chance(0.25) ? 2 : 1;
  return settings;
}

int draw_nodes(Random& random) {
  if (random.chance(0.12)) return 2;
  return random.chance(0.13) ? 5 : 3;
}

}  // namespace

Scenario draw_scenario(std::uint64_t seed, const Mutant& mutant) {
  Random random{seed ^ 0x5eed5eed5eedULL};  // apart from the world's, so that a plan can be shortened
  Scenario scenario;
  scenario.seed = seed;
  auto& shape = scenario.shape;
  shape.nodes = draw_nodes(random);
  shape.settings = draw_settings(random);
  for (int i = 0; i < shape.nodes; ++i) {
    const double drift = shape.settings.clock_drift_max;
    shape.rates.push_back(1.0 + random.pick(std::vector<double>{-drift, 0.0, drift}));
  }
  shape.tags.resize(static_cast<std::size_t>(shape.nodes));
  if (shape.nodes > 2 && random.chance(0.1)) shape.tags.back().nofailover = true;
  if (shape.nodes > 2 && random.chance(0.1)) shape.tags.back().nosync = true;
  scenario.plan = draw_plan(random, shape.nodes);
  scenario.starts_early = !scenario.plan.is_gentle && random.chance(0.08);
  if (mutant.provoke) mutant.provoke(scenario, random);
  return scenario;
}

std::string describe(const Scenario& scenario) {
  const auto& settings = scenario.shape.settings;
  const std::array modes{"off", "on", "quorum"};
  auto text = fmt::format(
      "{} nodes, synchronous_mode {}{}{}, leader_ttl {} s, loop_wait {} s, primary_start_timeout {} s, "
      "use_pg_rewind {}",
      scenario.shape.nodes, modes[static_cast<std::size_t>(settings.synchronous_mode)],
      settings.synchronous_mode_strict ? " (strict)" : "",
      fmt::format(", synchronous_node_count {}", settings.synchronous_node_count),
      settings.leader_ttl.count() / 1000, settings.loop_wait.count() / 1000,
      settings.primary_start_timeout.count() / 1000, settings.use_pg_rewind ? "on" : "off");
  text += scenario.starts_early ? "; faults from the first start on" : "";
  for (const auto& fault : scenario.plan.faults) {
    text += fmt::format("\n  {:+.3f} s: {}", std::chrono::duration<double>{fault.at}.count(), fault.text());
  }
  return text;
}

}  // namespace holdfast::sim
