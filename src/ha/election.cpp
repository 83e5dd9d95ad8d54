#include "ha/election.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace holdfast::ha {
namespace {

bool is_manually_chosen(const View& view) {
  const auto& failover = view.cluster->failover;
  return failover && failover->candidate == view.self;
}

// The synchronous mode that is in force is what the key says, not the configuration: commits were
// acknowledged by it.
bool sync_lets_lead(const SyncKey& sync, const Name& name) {
  return !sync.is_active() || sync.leader == name || sync.lists(name);
}

// A voter's WAL that is no longer than this: by its length alone, since what it says of its timeline may lag.
bool is_not_ahead(const Peer& peer, Timeline timeline, Lsn position) {
  return peer.is_running && !peer.is_writable && peer.timeline <= timeline && peer.position <= position;
}

// What it said of its WAL was read after the last leader had lost the lock: nobody has led since these keys
// were written, and the election compares both of them.
bool is_settled(const View& view, const Peer& peer) {
  const auto& cluster = *view.cluster;
  return peer.settled_at > std::max(cluster.sync.mod_revision, cluster.timeline.mod_revision);
}

// The voters beside `name`: the former leader is one, a member without heartbeats never answers.
std::vector<Name> other_voters(const SyncKey& sync, const Name& name) {
  std::vector<Name> voters;
  for (const auto& standby : sync.standbys) {
    if (standby != name) voters.push_back(standby);
  }
  if (sync.leader != name && !sync.lists(sync.leader)) voters.push_back(sync.leader);
  return voters;
}

// Patroni's quorum rule: together with so many voters that are not ahead of it, a voter meets every set of
// standbys that can have acknowledged a commit, so it has it. The last leader has all of its own.
std::optional<std::string> obstacle_of_quorum(const View& view) {
  const auto& sync = view.cluster->sync;
  if (!sync.is_active() || sync.leader == view.self || sync.quorum == 0) return std::nullopt;
  const auto voters = other_voters(sync, view.self);
  std::size_t votes = 0;
  std::string missing;
  for (const auto& name : voters) {
    const Peer* peer = view.heard(name);
    const bool counts = peer != nullptr && is_settled(view, *peer) &&
                        is_not_ahead(*peer, view.server.timeline, view.server.position);
    if (counts) ++votes;
    if (counts) continue;
    const char* why = peer == nullptr            ? "is not heard from"
                      : !is_settled(view, *peer) ? "has not said where its WAL ends since the lock is free"
                      : !peer->is_running        ? "does not run"
                                                 : "is ahead";
    missing += fmt::format("{}{} {}", missing.empty() ? "" : ", ", name, why);
  }
  if (votes >= sync.quorum) return std::nullopt;
  return fmt::format("{} of the {} other voters that a quorum needs are known not to be ahead: {}", votes,
                     sync.quorum, missing);
}

// The same of another member, for the leader that would let go of the lock: while it runs, nothing is
// settled.
bool would_have_quorum(const View& view, const Name& candidate, const Peer& its) {
  const auto& sync = view.cluster->sync;
  const auto voters = other_voters(sync, candidate);
  const auto votes = std::count_if(voters.begin(), voters.end(), [&](const Name& name) {
    const Peer* peer = view.heard(name);
    return peer != nullptr && is_not_ahead(*peer, its.timeline, its.position);
  });
  return static_cast<std::size_t>(votes) >= sync.quorum;
}

Lsn furthest_known(const View& view) {
  Lsn furthest = view.cluster->last_leader_position;
  for (const auto& [name, peer] : view.peers) {
    if (peer.is_heard(view.now) && !peer.is_writable) furthest = std::max(furthest, peer.position);
  }
  return furthest;
}

// More of the log first; then the user's priority; then the name, so that two never wait for each other.
auto claim(Timeline timeline, Lsn position, int priority, const Name& name) {
  return std::tuple{~static_cast<std::uint64_t>(timeline), ~position.value, -static_cast<long>(priority),
                    name};
}

bool may_lead(const View& view, const Name& name, const Peer& peer) {
  return peer.is_running && !peer.is_writable && peer.tags.may_lead() &&
         sync_lets_lead(view.cluster->sync, name);
}

}  // namespace

std::optional<std::string> obstacle_to_lead(const View& view) {
  const auto& cluster = *view.cluster;
  const auto& server = view.server;
  if (!sync_lets_lead(cluster.sync, view.self))
    return "not a synchronous standby, so it may lack acknowledged commits";
  if (auto obstacle = obstacle_of_quorum(view)) return obstacle;
  // By order of a human, who is told what is missing: neither tags nor lag stand in the way, synchrony does
  // (EC-30).
  if (is_manually_chosen(view)) return std::nullopt;
  // Nobody else has what it acknowledged: then it is no failover that it leads on.
  const bool is_the_only_one = cluster.sync.leader == view.self && cluster.sync.standbys.empty();
  if (!view.tags.may_lead() && !is_the_only_one) return "tagged nofailover";
  if (view.memory.no_race_before && view.now < *view.memory.no_race_before)
    return "it gave the lock up a moment ago";
  // Who leads after that writes `sync` again: then it is the better witness, and we are listed.
  const bool nobody_led_since_wipe =
      !cluster.initialize && !cluster.last_leader_position && !cluster.sync.is_active();
  if (nobody_led_since_wipe && view.server.in_recovery) {
    return "the DCS was wiped: only a former primary restores it, or `failover --candidate`";
  }
  const bool patience_is_over =
      view.memory.lock_free_since && view.now >= *view.memory.lock_free_since + view.settings.ttl;
  if (server.timeline < cluster.last_timeline && (cluster.sync.is_active() || !patience_is_over)) {
    return fmt::format("on timeline {}, and the cluster has reached {}", server.timeline,
                       cluster.last_timeline);
  }
  const auto lag = bytes_between(server.position, furthest_known(view));
  if (server.timeline >= cluster.last_timeline && lag > view.settings.maximum_lag_on_failover) {
    return fmt::format("{} bytes behind, more than maximum_lag_on_failover", lag);
  }
  return std::nullopt;
}

const Name* better_candidate(const View& view) {
  const auto ours = claim(view.server.timeline, view.server.position, view.tags.failover_priority, view.self);
  for (const auto& [name, peer] : view.peers) {
    if (!peer.is_heard(view.now) || !may_lead(view, name, peer)) continue;
    if (claim(peer.timeline, peer.position, peer.tags.failover_priority, name) < ours) return &name;
  }
  return nullptr;
}

bool all_candidates_are_heard(const View& view) {
  const auto& cluster = *view.cluster;
  return std::all_of(cluster.members.begin(), cluster.members.end(), [&](const Member& member) {
    const bool led_last = member.is_primary || member.name == cluster.sync.leader;
    return member.name == view.self || led_last || !sync_lets_lead(cluster.sync, member.name) ||
           view.heard(member.name);
  });
}

std::optional<std::string> obstacle_to_hand_over(const View& view, const Name& candidate) {
  if (candidate == view.self) return fmt::format("{} is the leader already", candidate);
  const Peer* peer = view.heard(candidate);
  if (peer == nullptr) return fmt::format("{} is not heard from", candidate);
  if (!peer->is_running) return fmt::format("PostgreSQL of {} is not running", candidate);
  if (!peer->tags.may_lead()) return fmt::format("{} is tagged nofailover", candidate);
  if (!sync_lets_lead(view.cluster->sync, candidate))
    return fmt::format("{} is not a synchronous standby", candidate);
  const auto& rows = view.server.standbys;
  const bool streams = std::any_of(
      rows.begin(), rows.end(), [&](const Standby& row) { return row.member == candidate && row.streaming; });
  if (!streams) return fmt::format("{} does not stream from {}", candidate, view.self);
  const auto lag = bytes_between(peer->position, view.server.position);
  if (lag > view.settings.maximum_lag_on_failover) {
    return fmt::format("{} is {} bytes behind, more than maximum_lag_on_failover", candidate, lag);
  }
  return std::nullopt;
}

Timeline newest_timeline_in_use(const View& view) {
  Timeline newest = view.server.last_used_timeline();
  const auto count = [&](Timeline timeline) {
    if (timeline <= timeline_max) newest = std::max(newest, timeline);
  };
  for (const auto& [name, peer] : view.peers) count(peer.timeline);
  if (view.cluster) count(view.cluster->last_timeline);
  return newest;
}

AcquireLeader take_lock(const View& view, bool writes_sync) {
  const auto& cluster = *view.cluster;
  return {.sync_revision = cluster.sync.mod_revision,
          .writes_sync = writes_sync,
          .timeline = view.memory.newest_timeline + (view.server.in_recovery ? 1 : 0),
          .timeline_revision = cluster.timeline.mod_revision};
}

Name best_hand_over_candidate(const View& view) {
  const Name* best = nullptr;
  const auto claim_of = [&](const Name& name) {
    const Peer& peer = view.peers.at(name);
    return claim(peer.timeline, peer.position, peer.tags.failover_priority, name);
  };
  for (const auto& [name, peer] : view.peers) {
    if (obstacle_to_hand_over(view, name)) continue;
    if (best == nullptr || claim_of(name) < claim_of(*best)) best = &name;
  }
  return best == nullptr ? Name{} : *best;
}

Name ready_successor(const View& view) {
  if (!view.cluster->initialize) return {};  // the DCS was wiped: only a former primary may lead (EC-7)
  const auto& sync = view.cluster->sync;
  for (const auto& [name, peer] : view.peers) {
    if (!peer.is_heard(view.now) || !peer.is_running || peer.is_writable || !peer.tags.may_lead()) continue;
    if (sync.is_active() ? sync.leader == view.self && sync.lists(name) && would_have_quorum(view, name, peer)
                         : bytes_between(peer.position, view.cluster->last_leader_position) <=
                               view.settings.maximum_lag_on_failover) {
      return name;
    }
  }
  return {};
}

}  // namespace holdfast::ha
