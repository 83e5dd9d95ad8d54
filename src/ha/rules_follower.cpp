#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "ha/election.hpp"
#include "ha/rejoin.hpp"
#include "ha/rules.hpp"

namespace holdfast::ha {
namespace {

constexpr milliseconds order_grace = 3s;  // how long a free lock is left to the candidate that an order names
constexpr milliseconds settle_time = 1s;  // for heartbeats of members not yet heard

BootInstant free_since(const View& view) {
  return view.memory.lock_free_since.value_or(view.now);
}

const Name* writable_peer(const View& view) {
  for (const auto& [name, peer] : view.peers) {
    if (peer.is_heard(view.now) && peer.is_writable) return &name;
  }
  return nullptr;
}

Answer wait_for_others(const View& view) {
  const auto& order = view.cluster->failover;
  const bool is_ours = order && order->candidate == view.self;
  if (is_ours) return std::nullopt;
  const auto give_way = [&](std::string reason, milliseconds how_long) -> Answer {
    const auto until = free_since(view) + how_long;
    if (view.now >= until) return std::nullopt;
    return wait(std::move(reason), until);
  };
  if (order && !order->candidate.empty() && !order->scheduled_at && view.heard(order->candidate) != nullptr) {
    if (auto answer = give_way(fmt::format("no action: the lock is left to {}, as ordered", order->candidate),
                               order_grace))
      return answer;
  }
  // A primary that is heard lost its lease to a slow DCS, not its life: it gets the time to take the lock
  // back.
  if (const Name* primary = writable_peer(view)) {
    if (auto answer =
            give_way(fmt::format("no action: {} still runs as primary", *primary), view.settings.leader_ttl))
      return answer;
  }
  if (const Name* better = better_candidate(view)) {
    if (auto answer =
            give_way(fmt::format("no action: {} has the better claim", *better), view.settings.loop_wait))
      return answer;
  }
  if (!all_candidates_are_heard(view))
    return give_way("no action: listening for other candidates", settle_time);
  return std::nullopt;
}

Step race(const View& view) {
  if (const auto obstacle = obstacle_to_lead(view))
    return wait(fmt::format("no action: the leader lock is free, but not for {}: {}", view.self, *obstacle),
                view.now + 1s);
  if (auto answer = wait_for_others(view)) return *std::move(answer);
  return act("the leader lock is free: taking it", {take_lock(view, view.cluster->sync.is_active())});
}

// A member without heartbeats (Patroni's) is judged by its record; one that has them and is silent is not
// there.
bool is_ready_source(const View& view, const Name& name) {
  if (view.peers.contains(name)) {
    const Peer* peer = view.heard(name);
    return peer != nullptr && peer->is_running;
  }
  const Member* member = view.cluster->find(name);
  return member != nullptr && member->is_running;
}

// What is known of the history is of the timeline that the leader is on now: an older one, or the last
// leader's, would call a server diverged that merely followed.
bool can_be_compared(const View& view, const Name& leader) {
  if (!view.leader_history || !is_ready_source(view, leader)) return false;
  const auto peer = view.peers.find(leader);
  if (peer != view.peers.end()) return peer->second.timeline == view.leader_history->timeline;
  return view.cluster->find(leader)->timeline == view.leader_history->timeline;
}

// Whom `sync` lists beside the present leader has nothing that the leader has not, whatever a look may say.
Rejoin rejoin_of(const View& view) {
  const auto& sync = view.cluster->sync;
  const bool is_listed =
      sync.is_active() && sync.leader == view.cluster->leader->name && sync.lists(view.self);
  return is_listed ? Rejoin::carry_on : plan_rejoin(view.server, view.leader_history);
}

Step fill_directory(const View& view, const Name& leader) {
  if (view.server.directory == DirectoryState::incomplete) {
    return act_unhurried(view, view.server.directory_problem, SetAside{"incomplete"});
  }
  if (!is_ready_source(view, leader))
    return wait(fmt::format("no action: waiting until {} runs, to clone from it", leader), view.now + 1s);
  return act_unhurried(view, fmt::format("no data yet: cloning from {}", leader), Clone{leader});
}

Step rewind_or_rebuild(const View& view, const Name& leader) {
  const bool failed = view.last_job && view.last_job->job == Job::rewind && view.last_job->needs_rebuild;
  if (failed || !view.settings.use_pg_rewind) {
    const auto why =
        failed ? "pg_rewind failed: " + view.last_job->problem : std::string{"use_pg_rewind is off"};
    return act_unhurried(
        view,
        fmt::format("diverged from {}, {}: keeping the old data directory aside and cloning anew", leader,
                    why),
        SetAside{"diverged"});
  }
  const Member* member = view.cluster->find(leader);
  if (member != nullptr && member->awaits_checkpoint) {
    return wait(fmt::format("no action: diverged, waiting for {}'s checkpoint before rewinding", leader),
                view.now + 500ms);
  }
  return act_unhurried(view, fmt::format("diverged from {}: rewinding", leader), Rewind{leader});
}

// A stopped standby shows its last checkpoint only, not how far its WAL goes: what was seen while it ran
// counts.
bool was_seen_to_diverge(const View& view) {
  return view.leader_history && view.memory.diverged_from == view.leader_history->timeline;
}

Step start_behind(const View& view, const Name& leader) {
  const Rejoin plan = was_seen_to_diverge(view) ? Rejoin::rewind : rejoin_of(view);
  const bool leaves_data = plan == Rejoin::rewind || plan == Rejoin::rebuild;
  if (leaves_data && !can_be_compared(view, leader))
    return wait(fmt::format("no action: diverged, it seems; waiting until {} runs", leader),
                view.now + 500ms);
  switch (plan) {
    case Rejoin::unknown:
      return wait(fmt::format("no action: waiting to learn the timeline history of {}", leader),
                  view.now + 500ms);
    case Rejoin::rewind:
      return rewind_or_rebuild(view, leader);
    case Rejoin::rebuild:
      return act_unhurried(
          view,
          fmt::format("timeline {} here is another one than {}'s: keeping the old data directory "
                      "aside and cloning anew",
                      view.server.timeline, leader),
          SetAside{"diverged"});
    case Rejoin::carry_on:
      break;
  }
  const Name upstream = upstream_for(view);
  return act_unhurried(view, fmt::format("starting as a replica of {}", upstream), StartStandby{upstream});
}

Step keep_following(const View& view, const Name& leader) {
  const auto& server = view.server;
  const Name upstream = upstream_for(view);
  const Rejoin plan = rejoin_of(view);
  // No verdict about a leader that is silent: this server may be the one to succeed it.
  const bool diverged = plan == Rejoin::rewind || plan == Rejoin::rebuild;
  if (!server.streaming && diverged && can_be_compared(view, leader)) {
    Step step =
        act(fmt::format("diverged from {}: stopping to rejoin it", leader), {StopServer{StopMode::fast}});
    step.memory = view.memory;
    if (plan == Rejoin::rewind) step.memory->diverged_from = view.leader_history->timeline;
    return step;
  }
  if (server.upstream != upstream) return act(fmt::format("following {}", upstream), {Follow{upstream}});
  return wait(fmt::format("no action: I am {}, a replica, following {}", view.self, upstream));
}

}  // namespace

Name upstream_for(const View& view) {
  const Name& leader = view.cluster->leader->name;
  const Name& wished = view.tags.replicatefrom;
  if (wished.empty() || wished == view.self || wished == leader) return leader;
  const Member* member = view.cluster->find(wished);
  // A member that itself replicates from us would make a circle (EC-81).
  if (member == nullptr || !member->is_running || member->tags.replicatefrom == view.self) return leader;
  return wished;
}

Answer when_lock_is_free(const View& view) {
  if (view.cluster->leader) return std::nullopt;
  const auto& server = view.server;
  if (server.directory == DirectoryState::incomplete) {
    return wait("no action: no leader to rebuild from; " + server.directory_problem, view.now + 1s);
  }
  if (server.directory == DirectoryState::empty)
    return wait("no action: no data here, and no leader to clone from");
  if (server.state == ServerState::starting) return wait("no action: PostgreSQL is starting");
  if (server.state == ServerState::stopped) {
    return act_unhurried(view, "no leader: starting as a standby, to be a candidate", StartStandby{});
  }
  return race(view);
}

Answer when_following(const View& view) {
  CHECK(view.cluster && view.cluster->leader);  // the rules before have answered otherwise
  const Name& leader = view.cluster->leader->name;
  const auto& server = view.server;
  if (leader == view.self)
    return wait("no action: the leader key names us, and we can't lead", view.now + 1s);
  if (server.directory != DirectoryState::ready) return fill_directory(view, leader);
  if (server.state == ServerState::starting) return wait("no action: PostgreSQL is starting");
  if (server.state == ServerState::stopped) return start_behind(view, leader);
  return keep_following(view, leader);
}

}  // namespace holdfast::ha
