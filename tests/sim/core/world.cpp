#include "sim/core/world.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace holdfast::sim {
namespace {

constexpr SimTime stream_tick = 100ms;
constexpr int proxies_count = 2;
constexpr BootInstant long_ago{10'000s};  // hosts have been up for a while, each for another time

}  // namespace

std::string join(const std::vector<std::string>& names) {
  return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, ", "));
}

World::World(std::uint64_t seed, const Shape& shape, const Mutant& with)
    : random{seed},
      mutant{with},
      network{queue, random},
      etcd{queue, network, random, keys},
      settings{shape.settings},
      clients{*this} {
  int next_host = 0;
  const auto add = [&](Host& host) {
    host.set_clock(long_ago + std::chrono::seconds{random.below(5000)}, SimTime{});
    network.add(host);
  };
  for (int i = 0; i < shape.nodes; ++i) {
    nodes_.push_back(std::make_unique<Node>(*this, next_host++));
    auto& made = *nodes_.back();
    const auto place = static_cast<std::size_t>(i);
    if (place < shape.tags.size()) made.tags = shape.tags[place];
    if (place < shape.rates.size()) made.host.rate = shape.rates[place];
    made.sentinel.is_off = mutant.sentinel_is_off;
    add(made.host);
    names_.push_back(made.host.name);
  }
  etcd.host.index = next_host++;
  etcd.host.name = "etcd";
  etcd.host.set_clock(long_ago, SimTime{});
  network.add(etcd.host);
  app.index = next_host++;
  app.name = "app";
  add(app);
  for (int i = 0; i < proxies_count; ++i) {
    proxies.push_back(std::make_unique<Proxy>(*this, next_host++, i + 1));
    add(proxies.back()->host);
  }
  etcd.on_change = [this](const Seen& seen) { checkers.on_dcs_change(*this, seen); };
  for (auto& made : nodes_) {
    auto* target = made.get();
    etcd.watch(made->host.index, [target](SeenPtr seen) { target->agent.on_seen(std::move(seen)); });
  }
  for (auto& proxy : proxies) {
    etcd.watch(proxy->host.index, [target = proxy.get()](SeenPtr seen) { target->on_seen(*seen); });
  }
  etcd.begin();
  for (auto& made : nodes_) {
    queue.after(random.between(0ms, 800ms), [target = made.get()] { target->agent.start(); });
  }
  for (auto& proxy : proxies) proxy->begin();
  if (shape.has_clients) clients.begin();
  tick_streams();
}

void World::run_until(SimTime until) {
  while (!violation && queue.run_one(until)) checkers.after_event(*this);
}

std::optional<int> World::find_index(const ha::Name& name) const {
  for (int i = 0; i < node_count(); ++i) {
    if (names_[static_cast<std::size_t>(i)] == name) return i;
  }
  return std::nullopt;
}

void World::after(Node& target, SimTime delay, Task task) {
  const int life = target.agent_process.life();
  queue.after(delay, [&target, life, task = std::move(task)]() mutable {
    target.agent_process.step(life, std::move(task));
  });
}

bool World::can_copy_from(int source, const Node& to) const {
  const auto& from = node(source);
  return from.postgres.accepts_standbys() && network.passes_both_ways(from.host.index, to.host.index);
}

void World::tick_streams() {
  for (auto& made : nodes_) made->postgres.tick();
  queue.after(stream_tick, [this] { tick_streams(); });
}

int World::leader() const {
  const auto snapshot = etcd.kv.range(keys.leader());
  const auto* entry = snapshot.find(keys.leader());
  if (entry == nullptr) return -1;
  const int index = index_of(entry->value);
  if (index < 0) return -1;
  const auto& found = node(index);
  return found.postgres.accepts_writes() && found.postgres.state() == Postgres::State::running ? index : -1;
}

ha::Settings World::settings_from(const dcs::Cluster& cluster, const ha::Settings& known) const {
  ha::Settings result = known;
  if (!cluster.config) return result;
  const auto& value = cluster.config->value;
  if (const auto* mode = value.if_contains("synchronous_mode"); mode != nullptr) {
    const bool is_on = mode->is_bool() && mode->get_bool();
    result.synchronous_mode = mode->is_string() ? ha::SyncMode::quorum
                              : is_on           ? ha::SyncMode::on
                                                : ha::SyncMode::off;
  }
  if (const auto* strict = value.if_contains("synchronous_mode_strict");
      strict != nullptr && strict->is_bool()) {
    result.synchronous_mode_strict = strict->get_bool();
  }
  if (const auto* count = value.if_contains("synchronous_node_count");
      count != nullptr && count->is_int64()) {
    result.synchronous_node_count = static_cast<std::size_t>(count->get_int64());
  }
  return result;
}

std::string World::config_text(const ha::Settings& chosen) const {
  boost::json::value mode = chosen.synchronous_mode == ha::SyncMode::on;
  if (chosen.synchronous_mode == ha::SyncMode::quorum) mode = "quorum";
  const boost::json::object value{
      {"synchronous_mode", mode},
      {"synchronous_mode_strict", chosen.synchronous_mode_strict},
      {"synchronous_node_count", static_cast<std::int64_t>(chosen.synchronous_node_count)}};
  return boost::json::serialize(value);
}

void World::fail(std::string checker, std::string what) {
  if (violation) return;
  trace.say(now(), "CHECK", "{}: {}", checker, what);
  violation = Violation{std::move(checker), std::move(what)};
}

}  // namespace holdfast::sim
