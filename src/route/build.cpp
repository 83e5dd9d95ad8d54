#include "route/build.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "route/polled_gate.hpp"

namespace holdfast::route {
namespace {

// Equal in all that decides who may be connected to what; lags and the proof's end move all the time.
bool has_same_shape(const Table& a, const Table& b) {
  auto plain = [](Table table) {
    table.shape = 0;
    table.gate.until = {};
    for (auto& server : table.servers) {
      server.lag_bytes.reset();
      server.lag_time.reset();
    }
    return table;
  };
  return plain(a) == plain(b);
}

}  // namespace

void Builder::apply(const Event& event, BootInstant now) {
  std::visit([&](const auto& what) { on(what, now); }, event);
  rebuild(now);
}

void Builder::on_time(BootInstant now) {
  gate_.on_time(now);
  rebuild(now);
}

std::optional<BootInstant> Builder::wake_at() const {
  auto earliest = options_.polled ? std::nullopt : gate_.wake_at();
  for (const auto& server : table_.servers) {
    const auto& heartbeat = known_.at(server.name).heartbeat;
    if (!server.serving || !heartbeat) continue;
    const auto silent_at = heartbeat->received_at + options_.silent_after;
    earliest = std::min(earliest.value_or(silent_at), silent_at);
  }
  return earliest;
}

Builder::Known& Builder::known(const std::string& name) {
  const Health fresh{options_.health};
  return known_.try_emplace(name, Known{.primary_health = fresh, .replica_health = fresh}).first->second;
}

void Builder::on(const ClusterSeen& seen, BootInstant now) {
  for (auto& [name, server] : known_) server.listed = server.synchronous = false;
  for (const auto& member : seen.members) {
    auto& server = known(member.name);
    server.member = member;
    server.listed = true;
    server.synchronous = std::ranges::find(seen.synchronous, member.name) != seen.synchronous.end();
  }
  // A member whose record has lapsed goes when nothing is heard of it either.
  std::erase_if(known_, [](const auto& entry) { return !entry.second.listed && !entry.second.heartbeat; });
  gate_.on_cluster(seen.leader, now, seen.store);
}

void Builder::on(const WatchLost&, BootInstant now) {
  gate_.on_watch_lost(now);
}

void Builder::on(const HeartbeatSeen& seen, BootInstant now) {
  gate_.on_heartbeat(seen, now);
  auto& server = known(seen.server);
  if (server.heartbeat && seen.received_at < server.heartbeat->received_at) return;
  server.heartbeat = seen;
}

void Builder::on(const HeartbeatLost& lost, BootInstant now) {
  // What it proved stays proved until its end; the gate needs no telling.
  auto& server = known(lost.server);
  server.heartbeat.reset();
  server.silence =
      lost.why.empty() ? "its agent can't be reached" : "its agent can't be reached: " + lost.why;
  if (!server.listed) known_.erase(lost.server);
  gate_.on_time(now);
}

void Builder::on(const CheckSeen& seen, BootInstant) {
  auto& server = known(seen.server.name);
  server.member = seen.server;
  server.listed = true;
  server.synchronous = seen.synchronous;
  server.check = seen;
  server.primary_health.on_result(seen.primary_ok);
  server.replica_health.on_result(seen.replica_ok);
  if (seen.primary_ok) server.replica_health.set_down();
  if (seen.replica_ok) server.primary_health.set_down();
}

GateView Builder::current_gate() const {
  if (!options_.polled) return gate_.view();
  std::vector<Claim> claims;
  for (const auto& [name, server] : known_) {
    if (server.primary_health.is_up()) claims.push_back({name, server.check ? server.check->timeline : 0});
  }
  return next_polled(table_.gate, claims);
}

void Builder::describe_heartbeat(const Known& known, BootInstant now, Server& server) const {
  server.check = "HB";
  if (!known.heartbeat) {
    server.why = known.silence.empty() ? "its agent has not been heard yet" : known.silence;
    return;
  }
  const auto& heartbeat = *known.heartbeat;
  server.role = heartbeat.role;
  server.timeline = heartbeat.timeline;
  server.draining = heartbeat.draining;
  server.lag_time = heartbeat.replay_age;
  if (now >= heartbeat.received_at + options_.silent_after) {
    server.why = "its heartbeats are silent";
  } else if (!heartbeat.running) {
    server.why = heartbeat.why.empty() ? "PostgreSQL is not running" : heartbeat.why;
  } else {
    server.serving = true;
  }
}

void Builder::describe_check(const Known& known, Server& server) const {
  if (known.primary_health.is_up()) server.role = Role::primary;
  if (known.replica_health.is_up()) server.role = Role::replica;
  server.serving = server.role != Role::unknown;
  if (!known.check) return;
  server.timeline = known.check->timeline;
  server.check = known.check->check;
  if (!server.serving) server.why = known.check->why.empty() ? "its health checks fail" : known.check->why;
}

Server Builder::server_of(const Known& known, BootInstant now) const {
  Server server{.name = known.member.name, .host = known.member.host, .port = known.member.port};
  server.noloadbalance = known.member.noloadbalance;
  server.synchronous = known.synchronous;
  if (options_.polled) {
    describe_check(known, server);
  } else {
    describe_heartbeat(known, now, server);
  }
  Lsn position = known.check ? known.check->position : Lsn{};
  if (known.heartbeat) position = known.heartbeat->position;
  if (server.role == Role::replica && position && primary_position_) {
    server.lag_bytes = std::max<std::int64_t>(0, bytes_between(position, primary_position_));
  }
  const auto* before = table_.find(server.name);
  const bool is_same = before && before->role == server.role && before->serving == server.serving;
  server.since = is_same ? before->since : now;
  return server;
}

void Builder::note_primary_position(const GateView& gate) {
  const auto found = known_.find(gate.primary);
  if (gate.state == GateState::held || found == known_.end()) return;
  if (found->second.heartbeat) primary_position_ = found->second.heartbeat->position;
  if (found->second.check && found->second.check->primary_ok)
    primary_position_ = found->second.check->position;
}

void Builder::rebuild(BootInstant now) {
  Table next{.shape = table_.shape, .gate = current_gate()};
  note_primary_position(next.gate);
  for (const auto& [name, server] : known_) {
    if (!server.member.host.empty()) next.servers.push_back(server_of(server, now));
  }
  next.shape += has_same_shape(next, table_) ? 0 : 1;
  table_ = std::move(next);
}

}  // namespace holdfast::route
