#include "sim/agent/agent.hpp"

#include <algorithm>

#include "ha/lease.hpp"
#include "sim/core/world.hpp"

namespace holdfast::sim {
namespace {

constexpr nanoseconds dcs_silence_max = 1s;  // of the watch, before the DCS counts as unreachable
constexpr SimTime probe_deadline = 1s;       // of the fresh-connection and write probes

// Positions move all the time, and wake nobody.
bool says_something_new(const ha::Peer& before, const ha::Peer& now) {
  return before.is_running != now.is_running || before.is_writable != now.is_writable ||
         before.holds_lock != now.holds_lock || before.is_streaming != now.is_streaming ||
         before.timeline != now.timeline || before.settled_at != now.settled_at;
}

}  // namespace

BootInstant Agent::now() const {
  return node_.host.now(world_.now());
}

void Agent::step(Task task) {
  node_.agent_process.step(node_.agent_process.life(), std::move(task));
}

void Agent::start() {
  if (node_.agent_process.is_alive() || !node_.host.is_up) return;
  node_.agent_process.begin();
  started_at_ = now();
  settings_ = world_.settings;
  memory_ = {};
  tenure_ = {};
  pending_ = {.sync_in_doubt = true};
  job_ = ha::Job::none;
  ++job_number_;
  last_job_.reset();
  seen_.reset();
  last_contact_ = {};
  owns_bootstrap_ = is_stopping_ = wake_due_ = is_handing_over_ = member_lease_asked_ = member_write_due_ =
      false;
  believes_server_up_ = node_.postgres.is_up();
  wake_set_for_ = BootInstant::max();
  peers_.clear();
  suspicions_.clear();
  was_heard_.clear();
  leader_lease_ = member_lease_ = {};
  member_written_.clear();
  reason_.clear();
  world_.trace.say(world_.now(), node_.host.name, "the agent starts");
  tick();
  wake();
}

void Agent::crash() {
  node_.agent_process.end();
  if (job_ == ha::Job::clone || job_ == ha::Job::rewind || job_ == ha::Job::bootstrap)
    ++node_.interrupted_jobs;
  ++job_number_;
}

void Agent::terminate() {
  step([this] {
    is_stopping_ = true;
    wake();
  });
}

// Observing takes a moment, and wakes that come meanwhile are one.
void Agent::wake() {
  if (wake_due_ || !node_.agent_process.is_alive()) return;
  wake_due_ = true;
  const int life = node_.agent_process.life();
  world_.queue.after(world_.random.between(nanoseconds{500us}, 4ms), [this, life] {
    node_.agent_process.step(life, [this] {
      wake_due_ = false;
      decide_now();
    });
  });
}

void Agent::wake_at(BootInstant when) {
  if (when == BootInstant::max() || (when >= wake_set_for_ && wake_set_for_ > now())) return;
  wake_set_for_ = when;
  const int life = node_.agent_process.life();
  world_.queue.at(node_.host.when(when, world_.now()), [this, life, when] {
    node_.agent_process.step(life, [this, when] {
      if (now() < when) {  // the clock stood still meanwhile
        wake_set_for_ = BootInstant::max();
        return wake_at(when);
      }
      if (wake_set_for_ == when) wake_set_for_ = BootInstant::max();
      if (!wake_due_) decide_now();
    });
  });
}

void Agent::decide_now() {
  ha::View view = observe();
  if (world_.mutant.before) world_.mutant.before(view);
  ha::Decision decision = ha::decide(view);
  if (world_.mutant.after) world_.mutant.after(view, decision);
  memory_ = decision.memory;
  is_handing_over_ = decision.is_handing_over;
  record(decision);
  if (decision.wake_at <= view.now) {
    return world_.fail("Contract",
                       fmt::format("{} asks to be woken in the past: {}", view.self, decision.reason));
  }
  for (const auto& action : decision.actions) act(action);
  wake_at(decision.wake_at);
}

void Agent::record(const ha::Decision& decision) {
  ++world_.counts.decisions;
  ++world_.counts.rules[decision.rule];
  rule_ = decision.rule;
  world_.trace.mix(decision.rule);
  world_.trace.mix(decision.actions.size());
  if (world_.trace.is_on && decision.reason != reason_) {
    world_.trace.say(world_.now(), node_.host.name, "{}", decision.reason);
  }
  reason_ = decision.reason;
}

// A job or write counts as begun at once; it takes effect a moment later, and a stopped process may lie
// between.
void Agent::act(const Action& action) {
  const ha::Job job = ha::job_of(action);
  if (job != ha::Job::none) return begin_job(action);
  if (std::holds_alternative<ha::RenewLease>(action)) return renew();
  if (std::holds_alternative<ha::Exit>(action)) {
    world_.trace.say(world_.now(), node_.host.name, "the agent ends");
    node_.agent_process.end();
    return;
  }
  if (const auto* follow = std::get_if<ha::Follow>(&action)) {
    const auto upstream = world_.find_index(follow->upstream);
    world_.after(node_, world_.random.between(2ms, 20ms),
                 [this, upstream] { node_.postgres.follow(upstream); });
    return;
  }
  if (const auto* set = std::get_if<ha::SetSynchronousNames>(&action)) {
    pending_.synchronous_names = true;
    world_.after(node_, world_.random.between(2ms, 20ms), [this, names = set->names] {
      if (node_.postgres_process.is_running() && node_.postgres.set_names(names)) {
        world_.trace.say(world_.now(), node_.host.name, "{}",
                         to_string(ha::Action{ha::SetSynchronousNames{names}}));
      }
      pending_.synchronous_names = false;
      wake();
    });
    return;
  }
  begin_write(action);
}

void Agent::on_seen(SeenPtr seen) {
  step([this, seen = std::move(seen)] {
    const bool was_silent = !seen_ || now() - last_contact_ >= dcs_silence_max;
    last_contact_ = now();
    if (seen_ == seen && !was_silent) return;
    if (seen_ && seen->store == seen_->store && seen->snapshot.revision < seen_->snapshot.revision) return;
    if (seen_ && seen->store != seen_->store) pending_.sync_revision = 0;
    const bool had_leader = seen_ && seen_->ha.leader;
    seen_ = seen;
    if (had_leader && !seen_->ha.leader) beat();  // what the others have to know before one of them leads
    const auto& leader = seen_->ha.leader;
    tenure_ = ha::tenure_after(tenure_, leader, node_.host.name, seen_->snapshot.revision);
    settings_ = world_.settings_from(seen_->cluster, settings_);
    wake();
  });
}

void Agent::on_beat(int from, const Beat& beat) {
  step([this, from, beat] {
    const auto& name = world_.name_of(from);
    auto& suspicion = suspicions_.try_emplace(name, settings_.heartbeat_interval).first->second;
    suspicion.on_heartbeat(now());
    auto& peer = peers_[name];
    ha::Peer fresh = beat.says;
    fresh.heard_at = now();
    fresh.suspected_at = suspicion.suspected_at();
    const bool matters = !peer.is_heard(now()) || says_something_new(peer, fresh) ||
                         memory_.hand_over == ha::HandOver::confirm;  // positions count then
    peer = fresh;
    if (matters) wake();
  });
}

route::HeartbeatSeen Agent::answer(BootInstant asked_at) const {
  const auto server = observe_server();
  route::HeartbeatSeen seen{.server = node_.host.name, .sent_at = asked_at, .received_at = {}};
  seen.role = server.in_recovery ? route::Role::replica : route::Role::primary;
  seen.epoch = tenure_.held ? tenure_.epoch : Epoch{};
  seen.lease_remaining = tenure_.is_valid(now()) ? tenure_.deadline - now() : nanoseconds{};
  seen.running = server.state == ha::ServerState::running && server.responsive && job_ != ha::Job::stop;
  seen.draining = is_handing_over_;
  seen.timeline = server.timeline;
  return seen;
}

ha::View Agent::observe() const {
  ha::View view;
  view.now = now();
  view.wall_now = WallInstant{std::chrono::duration_cast<milliseconds>(world_.now())};
  view.agent_started = started_at_;
  view.self = node_.host.name;
  view.settings = settings_;
  view.tags = node_.tags;
  view.server = observe_server();
  const bool is_fresh = seen_ && (now() - last_contact_ < dcs_silence_max);
  if (is_fresh) view.cluster = seen_->ha;
  view.tenure = tenure_;
  view.peers = peers_;
  view.expected_members = world_.member_names();
  view.owns_bootstrap = owns_bootstrap_;
  view.leader_history = observe_leader_history();
  view.job = job_;
  view.last_job = last_job_;
  view.pending = pending_;
  view.is_stopping = is_stopping_;
  view.memory = memory_;
  return view;
}

ha::Server Agent::observe_server() const {
  using State = Postgres::State;
  const auto& data = node_.data;
  const auto& postgres = node_.postgres;
  ha::Server server;
  server.directory = data.state;
  server.directory_problem = data.problem;
  server.system_id = data.system_id;
  server.timeline = data.timeline;
  if (data.timeline > 0) server.history = data.history();
  server.cleanly_stopped = data.cleanly_stopped;
  if (postgres.is_up()) {
    server.state = postgres.state() == State::starting ? ha::ServerState::starting : ha::ServerState::running;
    server.in_recovery = postgres.in_recovery();
    server.position = lsn_of(server.in_recovery ? data.wal.size() : data.flushed);
    server.responsive = !node_.postgres_process.is_stopped_by_signal() ||
                        world_.now() < node_.postgres_stopped_at + probe_deadline;
    server.streaming = postgres.is_receiving();
    if (postgres.upstream()) server.upstream = world_.name_of(*postgres.upstream());
    server.synchronous_names = postgres.names();
    if (!server.in_recovery) server.standbys = observe_standbys();
    return server;
  }
  const bool leftovers = postgres.lingers() && !world_.mutant.leaves_backends;
  const bool is_crashed =
      leftovers || (believes_server_up_ && job_ != ha::Job::stop && job_ != ha::Job::start);
  server.state = is_crashed ? ha::ServerState::crashed : ha::ServerState::stopped;
  server.in_recovery = data.is_standby || data.state != ha::DirectoryState::ready;
  server.position = lsn_of(data.checkpoint);
  return server;
}

std::vector<ha::Standby> Agent::observe_standbys() const {
  std::vector<ha::Standby> rows;
  for (const auto& [standby, sender] : node_.postgres.senders()) {
    rows.push_back({.member = world_.name_of(standby),
                    .streaming = true,
                    .confirmed = node_.postgres.is_confirmed(standby),
                    .flushed = lsn_of(sender.acked),
                    .stalled_since = sender.stalled_since});
  }
  return rows;
}

// Fetched from the leader's server when it was last heard to be on this timeline.
std::optional<TimelineHistory> Agent::observe_leader_history() const {
  if (!seen_ || !seen_->ha.leader) return std::nullopt;
  const auto leader = world_.find_index(seen_->ha.leader->name);
  if (!leader || *leader == node_.host.index) return std::nullopt;
  const auto& other = world_.node(*leader);
  const auto peer = peers_.find(other.host.name);
  if (peer == peers_.end() || !peer->second.is_heard(now()) || !other.postgres.accepts_standbys())
    return std::nullopt;
  if (!world_.network.passes_both_ways(other.host.index, node_.host.index)) return std::nullopt;
  if (other.postgres.in_recovery() || peer->second.timeline != other.data.timeline) return std::nullopt;
  return other.data.history();
}

}  // namespace holdfast::sim
