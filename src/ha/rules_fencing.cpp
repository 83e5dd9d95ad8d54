#include <fmt/format.h>

#include "ha/election.hpp"
#include "ha/lease.hpp"
#include "ha/rules.hpp"

namespace holdfast::ha {
namespace {

bool is_or_becomes_writable(const View& view) {
  return view.server.is_writable() || view.job == Job::promote;
}

bool is_being_stopped(const View& view) {
  return view.job == Job::stop || view.job == Job::kill;
}

// Without the lock a primary may still be rightful: the agent was restarted, or the key was deleted. Until
// then it may try to get the lock back; the sentinel's deadline stands behind it.
BootInstant may_retake_until(const View& view) {
  const BootInstant start_grace = view.agent_started + view.settings.leader_ttl / 2;
  return std::max(demote_at(view.tenure, view.settings), start_grace);
}

Answer retake_lock(const View& view) {
  if (view.now >= may_retake_until(view) || view.is_stopping) return std::nullopt;
  if (!view.cluster) return wait("primary without the lock, reading the DCS", may_retake_until(view));
  const auto& leader = view.cluster->leader;
  if (leader && leader->name != view.self) return std::nullopt;
  if (view.pending.leader) return wait("primary, taking its lock back", may_retake_until(view));
  if (leader)
    return act("the leader key names us: taking it over into our lease",
               {ReadoptLeader{leader->mod_revision}});
  if (view.server.timeline < view.cluster->last_timeline || obstacle_to_lead(view)) return std::nullopt;
  // `sync` is left as it is: we go on as the leader that it names, or before it names any.
  return act("the leader key is gone while we lead: creating it again", {take_lock(view, false)});
}

}  // namespace

Answer when_lease_runs_out(const View& view) {
  if (view.settings.pause || !is_or_becomes_writable(view)) return std::nullopt;
  if (view.tenure.held && view.now < demote_at(view.tenure, view.settings)) return std::nullopt;
  if (is_being_stopped(view)) {
    const auto kill_at = view.tenure.deadline - stop_margin(view.settings) / 2;
    if (view.job == Job::stop && view.now >= kill_at) {
      return act("stopping takes longer than the lease lasts: killing PostgreSQL", {KillServer{}});
    }
    // No instant that has passed: that would be a loop without a pause.
    return wait("primary without a valid lease, being stopped",
                view.now < kill_at ? kill_at : BootInstant::max());
  }
  if (!view.tenure.held) {
    if (auto answer = retake_lock(view)) return answer;
  }
  return act("primary without a valid lease: stopping PostgreSQL", {stop_at_once(view)});
}

Answer when_another_member_leads(const View& view) {
  if (!is_or_becomes_writable(view) || !view.cluster || !view.cluster->leader || view.settings.pause)
    return std::nullopt;
  if (view.tenure.held || view.cluster->leader->name == view.self || is_being_stopped(view))
    return std::nullopt;
  return act(
      fmt::format("primary, but {} holds the leader lock: stopping PostgreSQL", view.cluster->leader->name),
      {stop_at_once(view)});
}

Answer when_system_id_differs(const View& view) {
  if (!view.cluster || !view.cluster->initialize || view.cluster->initialize->empty()) return std::nullopt;
  const auto& ours = view.server.system_id;
  if (ours.empty() || ours == *view.cluster->initialize) return std::nullopt;
  if (view.settings.pause || view.is_stopping) return std::nullopt;
  const auto reason = fmt::format(
      "no action: the data directory has system identifier {} and the cluster has {}; it belongs to another "
      "cluster, move "
      "it away to let this member be cloned",
      ours, *view.cluster->initialize);
  if (view.server.state == ServerState::stopped) return wait(reason);
  return act(reason, {StopServer{StopMode::fast}});
}

}  // namespace holdfast::ha
