#include "dcs/transactions.hpp"
#include "sim/agent/agent.hpp"
#include "sim/core/world.hpp"

// What an agent does beside its decisions: heartbeats, its member record, and, as the leader, `initialize`,
// `status`, `history` and `config`.
namespace holdfast::sim {
namespace {

constexpr int ticks_per_duty = 5;
constexpr int duties_per_status = 4;
constexpr int duties_per_member_renewal = 6;

}  // namespace

void Agent::tick() {
  const int life = node_.agent_process.life();
  world_.queue.after(settings_.heartbeat_interval,
                     [this, life] { node_.agent_process.step(life, [this] { tick(); }); });
  ++ticks_;
  beat();
  bool changed = false;
  for (auto& [name, peer] : peers_) {
    auto& was_heard = was_heard_[name];
    changed = changed || was_heard != peer.is_heard(now());
    was_heard = peer.is_heard(now());
  }
  if (ticks_ % 10 == 0 || changed) wake();
  if (ticks_ % ticks_per_duty == 0 || member_write_due_) do_duties();
}

void Agent::beat() {
  const auto server = observe_server();
  Beat beat;
  beat.says.has_data = server.directory == ha::DirectoryState::ready;
  beat.says.is_running = server.state == ha::ServerState::running && server.responsive;
  beat.says.is_writable = server.is_writable();
  beat.says.holds_lock = tenure_.is_valid(now());
  beat.says.is_streaming = server.streaming;
  beat.says.timeline = server.timeline;
  beat.says.position = server.position;
  if (seen_ && !seen_->ha.leader && server.is_standby()) beat.says.settled_at = seen_->snapshot.revision;
  beat.says.tags = node_.tags;
  for (int other = 0; other < world_.node_count(); ++other) {
    if (other == node_.host.index) continue;
    if (!world_.heartbeats_pass(node_.host.index, other)) continue;
    auto& target = world_.node(other);
    world_.network.send(node_.host.index, other,
                        [&target, from = node_.host.index, beat] { target.agent.on_beat(from, beat); });
  }
}

void Agent::do_duties() {
  if (!seen_) return;
  keep_member_lease();
  put_member();
  if (tenure_.held && seen_->ha.leader && seen_->ha.leader->name == node_.host.name) do_leader_duties();
}

void Agent::put(dcs::Txn txn) {
  world_.etcd.call<bool>(
      node_.host.index,
      [txn = std::move(txn)](dcs::Kv& kv, BootInstant at) {
        const auto result = kv.apply(txn, at);
        return result.has_value() && result->succeeded;
      },
      [](std::optional<bool>) {});
}

void Agent::do_leader_duties() {
  const auto server = observe_server();
  if (server.state != ha::ServerState::running || server.in_recovery) return;
  const auto& cluster = seen_->cluster;
  if (!cluster.initialize) put(dcs::restore_initialize(world_.keys, server.system_id));
  if (cluster.initialize && cluster.initialize->is_in_progress() && owns_bootstrap_) {
    put(dcs::put_initialize(world_.keys, server.system_id));
  }
  if (cluster.initialize && !cluster.initialize->is_in_progress()) owns_bootstrap_ = false;
  if (!cluster.config) put(dcs::put_config(world_.keys, world_.config_text(settings_), 0));
  const bool status_is_old = !cluster.status || ticks_ % (ticks_per_duty * duties_per_status) == 0;
  if (status_is_old) {
    dcs::Status status;
    status.optime = server.position;
    put(dcs::put_status(world_.keys, node_.host.name, dcs::print_status(status)));
  }
  const Timeline recorded =
      cluster.history && !cluster.history->entries.empty() ? cluster.history->entries.back().timeline : 0;
  if (server.timeline > recorded + 1) {
    dcs::History history;
    for (const auto& ancestor : node_.data.ancestors) {
      history.entries.push_back(
          {.timeline = ancestor.timeline, .at = ancestor.at, .reason = ancestor.reason});
    }
    put(dcs::put_history(world_.keys, node_.host.name, dcs::print_history(history)));
  }
}

void Agent::keep_member_lease() {
  if (member_lease_asked_) return;
  const auto lease = member_lease_;
  if (lease && ticks_ % (ticks_per_duty * duties_per_member_renewal) != 0) return;
  member_lease_asked_ = true;
  const int life = node_.agent_process.life();
  const auto ttl = settings_.ttl;
  world_.etcd.call<dcs::LeaseId>(
      node_.host.index,
      [lease, ttl](dcs::Kv& kv, BootInstant at) {
        return lease && kv.keepalive(lease, at) ? lease : kv.grant(ttl, at);
      },
      [this, life](std::optional<dcs::LeaseId> answer) {
        node_.agent_process.step(life, [this, answer] {
          member_lease_asked_ = false;
          if (!answer) return;
          if (member_lease_ != *answer) member_written_.clear();
          member_lease_ = *answer;
          put_member();
        });
      });
}

std::string Agent::member_text() const {
  const auto server = observe_server();
  dcs::Member member;
  member.name = node_.host.name;
  member.conn_url = "postgres://" + node_.host.name + ":5432/postgres";
  member.api_url = "http://" + node_.host.name + ":8008/patroni";
  member.role = server.in_recovery ? "replica" : "primary";
  member.timeline = server.timeline;
  const bool has_data = server.directory == ha::DirectoryState::ready;
  if (!has_data) {
    member.state = "uninitialized";
    member.timeline = 0;
  } else if (server.state == ha::ServerState::running) {
    member.state = server.streaming ? "streaming" : "running";
  } else {
    member.state = server.state == ha::ServerState::starting ? "starting" : "stopped";
  }
  const bool leads = server.state == ha::ServerState::running && !server.in_recovery;
  if (leads && node_.data.control_timeline != server.timeline) member.checkpoint_after_promote = false;
  return dcs::print_member(member);
}

void Agent::put_member() {
  const bool is_in_dcs = seen_->cluster.member(node_.host.name) != nullptr;
  auto text = member_text();
  if (!member_lease_ || (text == member_written_ && (is_in_dcs || ticks_ % 20 != 0))) return;
  const int life = node_.agent_process.life();
  auto txn = dcs::put_member(world_.keys, node_.host.name, text, member_lease_);
  member_written_ = std::move(text);
  world_.etcd.call<bool>(
      node_.host.index,
      [txn = std::move(txn)](dcs::Kv& kv, BootInstant at) { return kv.apply(txn, at).has_value(); },
      [this, life](std::optional<bool> ok) {
        if (ok != true) node_.agent_process.step(life, [this] { member_written_.clear(); });
      });
}

}  // namespace holdfast::sim
