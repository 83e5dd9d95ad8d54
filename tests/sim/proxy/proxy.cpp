#include "sim/proxy/proxy.hpp"

#include "dcs/ha_mapping.hpp"
#include "sim/core/world.hpp"

namespace holdfast::sim {
namespace {

constexpr SimTime question_interval = 200ms;
constexpr nanoseconds dcs_silence_max = 1s;

route::GateOptions options_for(const ha::Settings& settings) {
  return {.drift_ppm_max = static_cast<std::int64_t>(settings.clock_drift_max * 2e6)};
}

}  // namespace

Proxy::Proxy(World& world, int host_index, int number) : world_{world}, gate_{options_for(world.settings)} {
  host.index = host_index;
  host.name = "proxy" + std::to_string(number);
}

BootInstant Proxy::now() const {
  return host.now(world_.now());
}

void Proxy::begin() {
  ask();
}

void Proxy::on_seen(const Seen& seen) {
  last_contact_ = now();
  const auto& leader = seen.cluster.leader;
  std::optional<route::LeaderKey> key;
  if (leader)
    key = route::LeaderKey{leader->name, Epoch{leader->create_revision}, Epoch{leader->mod_revision}};
  const auto& snapshot = seen.snapshot;
  gate_.on_cluster(key, now(), {.id = snapshot.cluster_id, .revision = snapshot.revision});
  store_ = snapshot.cluster_id;
  check_epoch();
}

void Proxy::ask() {
  look_after_watch();
  const BootInstant asked_at = now();
  for (int i = 0; i < world_.node_count(); ++i) {
    auto& node = world_.node(i);
    world_.network.send(host.index, i, [this, &node, asked_at] {
      const int agent_life = node.agent_process.life();
      node.agent_process.step(agent_life, [this, &node, asked_at] {
        const auto answer = node.agent.answer(asked_at);
        world_.network.send(node.host.index, host.index, [this, answer] {
          auto heard = answer;
          heard.received_at = now();
          gate_.on_heartbeat(heard, now());
          check_epoch();
        });
      });
    });
  }
  world_.queue.after(question_interval, [this] { ask(); });
}

void Proxy::look_after_watch() {
  if (last_contact_ != BootInstant{} && now() - last_contact_ >= dcs_silence_max) gate_.on_watch_lost(now());
  gate_.on_time(now());
}

// While it is held, the gate keeps the epoch of the store before.
void Proxy::check_epoch() {
  if (!gate_.view().keeps(now())) return;
  if (era() < highest_) {
    world_.fail("MonotoneEpochs",
                fmt::format("{} went back from epoch {} of store {} to {} of {}", host.name,
                            highest_.epoch.value, highest_.store, era().epoch.value, store_));
  }
  highest_ = std::max(highest_, era());
}

std::optional<Proxy::Target> Proxy::target_for_new() {
  gate_.on_time(now());
  const auto& view = gate_.view();
  if (world_.mutant.proxy_ignores_proof && !view.primary.empty()) {
    return Target{world_.index_of(view.primary), era()};
  }
  if (!view.takes_new(now())) return std::nullopt;
  return Target{world_.index_of(view.primary), era()};
}

bool Proxy::keeps(const Era& given) {
  gate_.on_time(now());
  if (world_.mutant.proxy_ignores_proof) return true;
  return gate_.view().keeps(now()) && era() == given;
}

}  // namespace holdfast::sim
