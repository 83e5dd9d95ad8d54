#include <fmt/format.h>

#include <algorithm>

#include "ha/election.hpp"
#include "ha/rules.hpp"

// Planned switchover, and the end of a leading agent: checkpoint, stop, confirm, release. Every step before
// the release can be undone: the lock is still ours, and PostgreSQL starts again as primary.
namespace holdfast::ha {
namespace {

constexpr milliseconds confirm_limit = 10s;

Step next_step(const View& view, HandOver next, std::string reason, std::vector<Action> actions) {
  Step step = act(std::move(reason), std::move(actions));
  step.memory = view.memory;
  step.memory->hand_over = next;
  step.memory->hand_over_since = view.now;
  step.is_handing_over = next >= HandOver::stop;
  return step;
}

Step stay(const View& view, std::string reason, BootInstant until) {
  Step step = wait(std::move(reason), until);
  step.memory = view.memory;
  step.is_handing_over = view.memory.hand_over >= HandOver::stop;
  return step;
}

Step call_off(const View& view, std::string reason) {
  Step step = wait(fmt::format("switchover called off: {}", reason));
  step.memory = view.memory;
  step.memory->hand_over = HandOver::none;
  step.memory->hand_over_to.clear();
  step.memory->hand_over_since.reset();
  step.memory->crashed_at.reset();
  if (view.cluster && view.cluster->failover && !view.pending.failover) {
    step.actions.emplace_back(ClearFailover{view.cluster->failover->mod_revision});
  }
  return step;
}

// An order for a member outside of `sync` is a manual failover: obeyed, since it will have all WAL before it
// leads (EC-30).
std::optional<std::string> obstacle(const View& view, const Name& candidate) {
  View seen = view;
  const bool is_manual = view.cluster->failover && view.cluster->failover->leader.empty();
  if (is_manual) seen.cluster->sync = {};
  return obstacle_to_hand_over(seen, candidate);
}

Answer begin(const View& view, const Name& candidate, const std::string& why) {
  Step step = next_step(view, HandOver::checkpoint, why + ": a checkpoint first", {RunCheckpoint{}});
  step.memory->hand_over_to = candidate;
  return step;
}

Answer begin_by_order(const View& view) {
  const auto& order = *view.cluster->failover;
  if (!order.leader.empty() && order.leader != view.self) {
    return call_off(view, fmt::format("the leader is {}, not {}", view.self, order.leader));
  }
  if (order.scheduled_at) {
    const auto late = view.wall_now - *order.scheduled_at;
    if (late < 0ms) return std::nullopt;
    if (late > view.settings.loop_wait * 3 / 2)
      return call_off(view, "it was found too late after its scheduled time");
  }
  const Name candidate = order.candidate.empty() ? best_hand_over_candidate(view) : order.candidate;
  if (candidate.empty()) return call_off(view, "no good candidates have been found");
  if (const auto why_not = obstacle(view, candidate)) return call_off(view, *why_not);
  return begin(view, candidate, fmt::format("switchover to {}", candidate));
}

bool candidate_has_all(const View& view) {
  const Peer* peer = view.heard(view.memory.hand_over_to);
  // position is where the shutdown checkpoint record begins: past it means the record is there (EC-26).
  return peer != nullptr && peer->timeline == view.server.timeline && peer->position > view.server.position;
}

bool candidate_is_lost(const View& view) {
  const Peer* peer = view.heard(view.memory.hand_over_to);
  return peer == nullptr || !peer->is_running;
}

// All hosts are stopped at once, or the candidate died meanwhile. A lock that runs out by itself promises
// nothing about WAL, so nobody is misled.
Step end_without(const View& view, const Name& lost) {
  const Name other = best_hand_over_candidate(view);
  if (other.empty())
    return act(fmt::format("stopped, and {} is gone: the lock is left to run out", lost), {Exit{}});
  Step step = next_step(view, HandOver::confirm, fmt::format("{} is gone: {} takes over", lost, other), {});
  step.memory->hand_over_to = other;
  return step;
}

// It is to lead by what it has: whatever others say then, or do not say, is not asked.
bool must_be_listed(const SyncKey& sync, const Name& self, const Name& to) {
  return sync.is_active() && sync.leader == self && (!sync.lists(to) || sync.quorum > 0);
}

Step confirm(const View& view) {
  const auto& to = view.memory.hand_over_to;
  const bool must_go = view.is_stopping;
  if (view.server.state != ServerState::stopped) return call_off(view, "PostgreSQL runs again");
  if (!view.server.cleanly_stopped) return call_off(view, "PostgreSQL did not stop cleanly");
  if (to.empty()) return next_step(view, HandOver::release, "stopped: giving up the lock", {ReleaseLeader{}});
  if (candidate_has_all(view)) {
    const auto& sync = view.cluster->sync;
    if (must_be_listed(sync, view.self, to)) {
      if (view.pending.sync) return stay(view, fmt::format("letting {} lead", to), view.now + 1s);
      return stay(view, fmt::format("{} has all WAL: letting it lead", to), view.now + 1s);
    }
    return next_step(view, HandOver::release, fmt::format("{} has all WAL: handing the lock over", to),
                     {ReleaseLeader{}});
  }
  if (must_go && candidate_is_lost(view)) return end_without(view, to);
  const auto limit = view.memory.hand_over_since.value_or(view.now) + confirm_limit;
  if (view.now < limit) return stay(view, fmt::format("stopped: waiting until {} has all WAL", to), limit);
  if (must_go) return next_step(view, HandOver::release, "stopped: giving up the lock", {ReleaseLeader{}});
  return call_off(view, fmt::format("{} did not confirm that it has all WAL", to));
}

// The candidate has everything and we are stopped, so listing it in `sync` is the truth.
void list_candidate(const View& view, Step& step) {
  const auto& sync = view.cluster->sync;
  const auto& to = view.memory.hand_over_to;
  if (step.memory->hand_over != HandOver::confirm || to.empty() || !candidate_has_all(view)) return;
  if (!must_be_listed(sync, view.self, to) || view.pending.sync) return;
  step.actions.emplace_back(WriteSync{{to}, sync.mod_revision});
}

Step stop_primary(const View& view) {
  const auto& to = view.memory.hand_over_to;
  if (!to.empty() && !view.is_stopping) {
    if (const auto why_not = obstacle(view, to)) return call_off(view, *why_not);
  }
  const auto reason =
      to.empty() ? std::string{"stopping PostgreSQL"} : fmt::format("stopping PostgreSQL, {} takes over", to);
  return next_step(view, HandOver::stop, reason, {StopServer{StopMode::fast}});
}

}  // namespace

Answer when_handing_over(const View& view) {
  if (!view.is_leader()) return std::nullopt;
  const bool runs = view.server.state == ServerState::running && !view.server.in_recovery;
  switch (view.memory.hand_over) {
    case HandOver::none:
      if (!runs) return std::nullopt;
      if (view.is_stopping) return begin(view, best_hand_over_candidate(view), "the agent ends");
      if (view.cluster->failover && !view.pending.failover) return begin_by_order(view);
      return std::nullopt;
    case HandOver::checkpoint:
      if (!runs) return call_off(view, "PostgreSQL went down");
      return stop_primary(view);
    case HandOver::stop:
      if (runs)
        return call_off(
            view, view.last_job && !view.last_job->ok ? view.last_job->problem : "PostgreSQL did not stop");
      return next_step(view, HandOver::confirm, "stopped: confirming that the candidate has all WAL", {});
    case HandOver::confirm: {
      Step step = confirm(view);
      list_candidate(view, step);
      return step;
    }
    case HandOver::release:
      return next_step(view, HandOver::release, "giving up the lock", {ReleaseLeader{}});
  }
  return std::nullopt;
}

}  // namespace holdfast::ha
