#include "sim/agent/sentinel.hpp"

#include "sim/core/world.hpp"

namespace holdfast::sim {

void Sentinel::feed(World& world, Node& node, BootInstant deadline) {
  deadline_ = deadline;
  wait(world, node, deadline);
}

void Sentinel::wait(World& world, Node& node, BootInstant deadline) {
  world.queue.at(node.host.when(deadline, world.now()), [this, &world, &node, deadline] {
    if (deadline != deadline_) return;                                              // fed meanwhile
    if (node.host.now(world.now()) < deadline) return wait(world, node, deadline);  // the clock stood still
    look(world, node);
  });
}

void Sentinel::look(World& world, Node& node) {
  const auto& host = node.host;
  if (is_off || !host.is_up || host.is_paused || !node.postgres.runs_as_primary()) return;
  const auto now = host.now(world.now());
  if (now < deadline_) return;
  world.trace.say(world.now(), host.name, "the sentinel kills PostgreSQL: the lease deadline has passed");
  ++world.counts.sentinel_kills;
  node.postgres.kill_everything();
}

}  // namespace holdfast::sim
