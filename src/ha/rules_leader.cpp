#include <fmt/format.h>

#include <algorithm>

#include "ha/election.hpp"
#include "ha/lease.hpp"
#include "ha/rules.hpp"
#include "ha/sync_state.hpp"

namespace holdfast::ha {
namespace {

Step give_up_lock(const View& view, std::string reason) {
  Step step = act(std::move(reason), {ReleaseLeader{}});
  step.memory = view.memory;
  step.memory->no_race_before = view.now + view.settings.leader_ttl;
  step.memory->crashed_at.reset();
  return step;
}

// What would be stopped at once must not be started: the lease is in its last part, and not renewed.
Answer when_lease_is_too_short(const View& view) {
  if (view.now < demote_at(view.tenure, view.settings)) return std::nullopt;
  return wait("no action: holding the leader lock, but the lease is about to end");
}

// Whom a primary has to wait for from its first commit on is told by `sync`: it has to be known what that
// says.
Answer when_sync_is_not_known(const View& view) {
  if (sync_may_be_older(view)) return wait("no action: waiting to see what `sync` says", view.now + 1s);
  if (auto again = step_out_of_doubt(view)) return act(std::move(again->reason), {std::move(again->action)});
  return std::nullopt;
}

// Our primary is down. Synchronous: a successor has every acknowledged commit, so it leads at once.
// Asynchronous: only we have them all, so restarting in place comes first (EC-36).
Step recover_primary(const View& view) {
  const Name successor = ready_successor(view);
  const bool was_primary = !view.server.in_recovery;
  if (was_primary && !successor.empty()) {
    if (view.cluster->sync.is_active())
      return give_up_lock(
          view, fmt::format("PostgreSQL is down and {} has every commit: handing the lock over", successor));
    if (view.settings.primary_start_timeout == 0ms)
      return give_up_lock(
          view, fmt::format("PostgreSQL is down and primary_start_timeout is 0: {} may lead", successor));
  }
  const auto crashed_at = view.memory.crashed_at.value_or(view.now);
  // With a timeout of 0 only a successor is a reason to let go: nobody else would get the server up any
  // sooner.
  const auto patience = view.settings.primary_start_timeout;
  if (patience > 0ms && view.memory.crashed_at && view.now >= crashed_at + patience) {
    return give_up_lock(view, "PostgreSQL did not come back within primary_start_timeout");
  }
  const bool start_failed = view.last_job && view.last_job->job == Job::start && !view.last_job->ok;
  if (start_failed && view.last_job->failures >= 2 && !successor.empty()) {
    return give_up_lock(view, "PostgreSQL does not start: " + view.last_job->problem);
  }
  if (auto answer = when_lease_is_too_short(view)) return *std::move(answer);
  if (was_primary) {
    if (auto answer = when_sync_is_not_known(view)) return *std::move(answer);
    return act_unhurried(view, "PostgreSQL is down: starting it as primary", StartPrimary{});
  }
  return act_unhurried(view, "leader with a stopped standby: starting it to promote it", StartStandby{});
}

Step promote(const View& view) {
  if (auto answer = when_lease_is_too_short(view)) return *std::move(answer);
  if (auto answer = when_sync_is_not_known(view)) return *std::move(answer);
  const auto& given = view.cluster->timeline;
  // An earlier attempt used it up, somebody promoted by hand, or the lock is older than the key.
  if (given.number <= newest_timeline_in_use(view)) {
    return act(
        fmt::format("leader, and timeline {} can't be promoted to: asking for another number", given.number),
        {GiveOutTimeline{view.memory.newest_timeline + 1, given.mod_revision}});
  }
  return act_unhurried(view, "promoting: this member holds the leader lock",
                       Promote{names_at_start(view.settings, view.cluster->sync, view.self), given.number});
}

// A promotion that was not asked for, or a lock taken by a member that does not know the key: the next
// candidate must not be given a number that is ours.
Answer when_timeline_key_lags(const View& view) {
  const auto& given = view.cluster->timeline;
  if (view.server.timeline <= given.number) return std::nullopt;
  return act(fmt::format("leader on timeline {}, and the DCS knows of {}: writing it down",
                         view.server.timeline, given.number),
             {GiveOutTimeline{view.memory.newest_timeline, given.mod_revision}});
}

// The server accepts connections and answers nothing, or cannot write. Killing it pays when somebody can take
// over.
Answer when_primary_hangs(const View& view) {
  if (!view.memory.unresponsive_since) return std::nullopt;
  const bool has_successor = view.cluster->sync.is_active() && !ready_successor(view).empty();
  const auto patience = has_successor ? milliseconds{0} : view.settings.loop_wait;
  const auto limit = *view.memory.unresponsive_since + patience;
  if (view.now < limit) return wait("PostgreSQL does not answer its probes", limit);
  return act("PostgreSQL does not answer its probes: killing it", {KillServer{}});
}

// An order that names us is fulfilled by our leading.
Answer when_order_is_fulfilled(const View& view) {
  const auto& order = view.cluster->failover;
  if (!order || view.pending.failover || order->scheduled_at) return std::nullopt;
  if (order->candidate != view.self) return std::nullopt;
  return act(fmt::format("I am {}, the leader with the lock: the switchover is done", view.self),
             {ClearFailover{order->mod_revision}});
}

Step keep_leading(const View& view) {
  Step step = wait(fmt::format("no action: I am {}, the leader with the lock", view.self));
  if (const auto why = why_commits_wait(view)) step.reason += "; " + *why;
  if (view.pending.sync || view.pending.synchronous_names) return step;
  if (auto sync_step = next_sync_step(view)) {
    step.reason = std::move(sync_step->reason);
    step.actions.push_back(std::move(sync_step->action));
  }
  if (const auto deadline = next_standby_deadline(view)) step.wake_at = *deadline;
  return step;
}

}  // namespace

Answer when_leading(const View& view) {
  if (!view.is_leader()) return std::nullopt;
  const auto& server = view.server;
  if (server.directory != DirectoryState::ready)
    return give_up_lock(view, "no usable data directory: giving up the lock");
  if (server.state == ServerState::stopped) return recover_primary(view);
  if (server.state == ServerState::starting) return wait("no action: PostgreSQL is starting");
  if (server.in_recovery) return promote(view);
  if (auto answer = when_primary_hangs(view)) return answer;
  if (auto answer = when_timeline_key_lags(view)) return answer;
  if (auto answer = when_order_is_fulfilled(view)) return answer;
  return keep_leading(view);
}

}  // namespace holdfast::ha
