#include "sim/run/scenario.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr SimTime bootstrap_limit = 60s;
constexpr SimTime heal_limit = 120s;
constexpr SimTime poll = 250ms;
constexpr int polls_whole = 4;           // it must stay whole for a second
constexpr std::size_t lag_allowed = 64;  // records behind a primary that is being written to

std::string missing_standby(const World& world, int leader, int standby) {
  const auto& node = world.node(standby);
  const auto& data = node.data;
  const auto& primary = world.node(leader).data;
  if (!node.agent_process.is_alive()) return fmt::format("the agent of {} is down", node.host.name);
  if (node.postgres.is_receiving() && data.wal.size() + lag_allowed >= primary.flushed &&
      common_records(data, primary) == data.wal.size()) {
    return {};
  }
  return fmt::format("{} does not stream ({})", node.host.name, node.agent.reason());
}

std::string missing_sync(World& world) {
  const auto seen = world.etcd.seen();
  const auto settings = world.settings_from(seen->cluster, world.settings);
  if (settings.synchronous_mode == ha::SyncMode::off)
    return seen->ha.sync.exists ? "`sync` is still there" : "";
  std::size_t may_be = 0;
  for (int i = 0; i < world.node_count(); ++i) {
    may_be += i != world.leader() && world.node(i).tags.may_be_sync() ? 1 : 0;
  }
  const auto& sync = seen->ha.sync;
  const auto required = std::min(settings.synchronous_node_count, may_be);
  const auto wanted = settings.synchronous_mode == ha::SyncMode::quorum ? may_be : required;
  if (sync.standbys.size() == wanted && sync.acknowledgers() == required) return {};
  return fmt::format("{} of {} synchronous standbys, {} of {} of which have every commit",
                     sync.standbys.size(), wanted, sync.acknowledgers(), required);
}

bool proxies_write(const World& world, const std::vector<std::uint64_t>& before) {
  const auto& present = world.clients.acknowledged_by_proxy();
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i] <= before[i]) return false;
  }
  return true;
}

// Runs until the cluster is whole; what is missing when the time is over.
std::string run_until_whole(World& world, SimTime limit, bool must_write) {
  const auto before = world.clients.acknowledged_by_proxy();
  const SimTime end = world.now() + limit;
  std::string missing;
  int whole = 0;
  while (world.now() < end && !world.violation) {
    world.run_until(world.now() + poll);
    missing = what_is_missing(world);
    if (missing.empty() && must_write && !proxies_write(world, before))
      missing = "no write through the proxies";
    whole = missing.empty() ? whole + 1 : 0;
    if (whole >= polls_whole) return {};
  }
  return missing;
}

SimTime schedule_all(World& world, const Plan& plan, SimTime start) {
  SimTime end = start;
  for (Fault fault : plan.faults) {
    fault.at += start;
    end = std::max(end, fault.at + fault.lasts);
    schedule(world, fault);
  }
  return end;
}

// A bootstrap that was overtaken left a cluster of its own that nobody ever wrote to: "move it away".
void move_strangers_away(World& world) {
  const auto seen = world.etcd.seen();
  for (int i = 0; i < world.node_count(); ++i) {
    auto& node = world.node(i);
    if (!seen->ha.initialize || node.data.state != ha::DirectoryState::ready || node.postgres.is_up())
      continue;
    if (node.data.system_id == *seen->ha.initialize) continue;
    world.trace.say(world.now(), "HUMAN", "moves the data directory of {} away, as it asks for",
                    node.host.name);
    node.set_aside.push_back(std::exchange(node.data, DataDirectory{}));
    world.wake_agent(node);
  }
}

// What the agents ask a human for, and only that: after a wipe nobody but a former primary leads by itself.
void let_operator_help(World& world) {
  if (world.violation) return;
  if (world.leader() >= 0) return move_strangers_away(world);
  const auto seen = world.etcd.seen();
  if (seen->ha.leader || seen->ha.initialize) return;
  int best = 0;
  for (int i = 1; i < world.node_count(); ++i) {
    const auto& a = world.node(i).data;
    const auto& b = world.node(best).data;
    if (std::pair{a.timeline, a.wal.size()} > std::pair{b.timeline, b.wal.size()}) best = i;
  }
  schedule(world, Fault{.kind = FaultKind::manual_failover, .at = world.now(), .host = best, .other = best});
}

void run_phases(World& world, const Scenario& scenario) {
  if (!scenario.starts_early) {
    const auto missing = run_until_whole(world, bootstrap_limit, true);
    if (!missing.empty()) return world.fail("Progress", "a new cluster did not come up: " + missing);
  }
  const SimTime healed = schedule_all(world, scenario.plan, world.now());
  if (scenario.plan.is_gentle) world.checkers.needless.begin(world);
  world.run_until(healed + 100ms);
  if (scenario.plan.is_gentle) world.run_until(healed + 5s);
  world.checkers.needless.end();
  if (world.violation) return;
  world.trace.say(world.now(), "HEALED", "no fault is left");
  for (int i = 0; i < world.node_count(); ++i) world.node(i).failing_starts = 0;
  auto missing = run_until_whole(world, heal_limit / 2, true);
  if (!missing.empty()) {
    let_operator_help(world);
    missing = run_until_whole(world, heal_limit / 2, true);
  }
  if (!missing.empty()) {
    world.fail("Progress",
               fmt::format("not whole {} s after the last fault ended: {}", heal_limit / 1s, missing));
  }
}

}  // namespace

std::string what_is_missing(World& world) {
  const int leader = world.leader();
  if (leader < 0) {
    std::string reasons;
    for (int i = 0; i < world.node_count(); ++i) {
      reasons += fmt::format("; {}: {}", world.name_of(i), world.node(i).agent.reason());
    }
    return "no leader with a running primary" + reasons;
  }
  for (int i = 0; i < world.node_count(); ++i) {
    if (i == leader) continue;
    if (auto missing = missing_standby(world, leader, i); !missing.empty()) return missing;
  }
  return missing_sync(world);
}

Outcome run(const Scenario& scenario, const Mutant& mutant, Tell tell) {
  World world{scenario.seed, scenario.shape, mutant};
  world.trace.is_on = tell != Tell::nothing;
  world.trace.prints = tell == Tell::all_at_once;
  run_phases(world, scenario);
  Outcome outcome;
  outcome.violation = world.violation;
  outcome.ended_at = world.now();
  outcome.events = world.queue.events_run();
  world.trace.mix(outcome.events);
  outcome.hash = world.trace.hash();
  outcome.counts = std::move(world.counts);
  outcome.history = std::move(world.trace.lines);
  return outcome;
}

Scenario shorten(const Scenario& scenario, const Mutant& mutant, const std::string& checker) {
  Scenario best = scenario;
  for (std::size_t i = 0; i < best.plan.faults.size();) {
    Scenario shorter = best;
    shorter.plan.faults.erase(shorter.plan.faults.begin() + static_cast<std::ptrdiff_t>(i));
    const auto outcome = run(shorter, mutant, Tell::nothing);
    if (outcome.violation && outcome.violation->checker == checker) {
      best = std::move(shorter);
    } else {
      ++i;
    }
  }
  return best;
}

}  // namespace holdfast::sim
