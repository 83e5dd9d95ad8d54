#include "sim/proxy/clients.hpp"

#include <memory>

#include "sim/core/world.hpp"

namespace holdfast::sim {
namespace {

constexpr SimTime client_patience = 2s;

}  // namespace

void Clients::begin() {
  acknowledged_.assign(world_.proxies.size(), 0);
  for (std::size_t i = 0; i < world_.proxies.size(); ++i) next_through(i);
  for (int i = 0; i < world_.node_count(); ++i) next_direct(i);
}

// Sends one write; `answered` is called once: with the server's word, or `failed` when none came in time.
void Clients::write(int from, int node, WriteId id, Committed answered) {
  auto open = std::make_shared<bool>(true);
  auto once = [open, answered = std::move(answered)](CommitAnswer answer) {
    if (std::exchange(*open, false)) answered(answer);
  };
  world_.queue.after(client_patience, [once] { once(CommitAnswer::failed); });
  auto& target = world_.node(node);
  world_.network.send(from, node, [this, &target, from, id, once] {
    const int life = target.postgres_process.life();
    target.postgres_process.step(life, [this, &target, from, id, once] {
      target.postgres.write(id, [this, &target, from, id, once](CommitAnswer answer) {
        if (answer == CommitAnswer::committed) world_.checkers.on_committed(world_, target, id);
        world_.network.send(target.host.index, from, [once, answer] { once(answer); });
      });
    });
  });
}

void Clients::next_through(std::size_t proxy) {
  world_.queue.after(world_.random.between(30ms, 120ms), [this, proxy] {
    auto& route = *world_.proxies[proxy];
    const auto target = route.target_for_new();
    if (!target) return next_through(proxy);
    write(route.host.index, target->node, next_id_++,
          [this, proxy, &route, era = target->era](CommitAnswer answer) {
            if (answer == CommitAnswer::committed && route.keeps(era)) {
              ++acknowledged_[proxy];
              world_.checkers.on_forwarded(world_, route, era);
            }
            next_through(proxy);
          });
  });
}

void Clients::next_direct(int node) {
  world_.queue.after(world_.random.between(100ms, 400ms), [this, node] {
    if (!world_.node(node).postgres.runs_as_primary()) return next_direct(node);
    write(world_.app.index, node, next_id_++, [this, node](CommitAnswer) { next_direct(node); });
  });
}

}  // namespace holdfast::sim
