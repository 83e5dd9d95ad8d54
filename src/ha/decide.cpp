#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "ha/decision.hpp"
#include "ha/election.hpp"
#include "ha/lease.hpp"
#include "ha/rules.hpp"
#include "ha/sync_state.hpp"

namespace holdfast::ha {
namespace {

struct NamedRule {
  std::string_view name;
  Answer (*answer)(const View&);
};

// The first rule that answers decides, so the fencing rules stand on top.
constexpr std::array rules{
    NamedRule{"lease_runs_out", when_lease_runs_out},
    NamedRule{"another_member_leads", when_another_member_leads},
    NamedRule{"a_job_runs", when_a_job_runs},
    NamedRule{"the_lock_is_being_written", when_the_lock_is_being_written},
    NamedRule{"system_id_differs", when_system_id_differs},
    NamedRule{"paused", when_paused},
    NamedRule{"server_crashed", when_server_crashed},
    NamedRule{"stopping", when_stopping},
    NamedRule{"dcs_is_silent", when_dcs_is_silent},
    NamedRule{"directory_is_unusable", when_directory_is_unusable},
    NamedRule{"key_names_us", when_key_names_us},
    NamedRule{"cluster_is_new", when_cluster_is_new},
    NamedRule{"dcs_was_wiped", when_dcs_was_wiped},
    NamedRule{"handing_over", when_handing_over},
    NamedRule{"leading", when_leading},
    NamedRule{"lock_is_free", when_lock_is_free},
    NamedRule{"following", when_following},
};

void keep_since(std::optional<BootInstant>& since, bool holds, BootInstant now) {
  if (!holds) since.reset();
  if (holds && !since) since = now;
}

Memory remember(const View& view) {
  Memory memory = view.memory;
  const bool is_down = view.server.state == ServerState::crashed || view.server.state == ServerState::stopped;
  const bool is_up = view.server.state == ServerState::running && !view.server.in_recovery;
  if (is_up) memory.crashed_at.reset();
  if (is_down && view.is_leader() && !view.server.in_recovery && !memory.crashed_at)
    memory.crashed_at = view.now;
  keep_since(memory.unresponsive_since, view.server.state == ServerState::running && !view.server.responsive,
             view.now);
  const auto& last = view.last_job;
  const bool is_mended = last && last->ok && (last->job == Job::rewind || last->job == Job::set_aside);
  if (is_mended || view.server.streaming) memory.diverged_from.reset();
  if (!view.tenure.held) {  // what is not ours can't be handed over
    memory.hand_over = HandOver::none;
    memory.hand_over_to.clear();
    memory.hand_over_since.reset();
  }
  memory.newest_timeline = std::max(memory.newest_timeline, newest_timeline_in_use(view));
  if (view.cluster) memory.newest_timeline = std::max(memory.newest_timeline, view.cluster->timeline.number);
  if (view.cluster) keep_since(memory.lock_free_since, !view.cluster->leader, view.now);
  return memory;
}

// A held lease is renewed whatever goes on, so that a long stop or start does not lose it.
void keep_lease(const View& view, Decision& decision) {
  if (!view.tenure.held) return;
  const auto due = view.tenure.renewed_at + renewal_interval(view.settings);
  if (view.now >= due && !view.pending.renewal && !view.pending.leader)
    decision.actions.emplace_back(RenewLease{});
  if (view.now < due) decision.wake_at = std::min(decision.wake_at, due);
  if (view.server.is_writable() || view.job == Job::promote) {
    const auto limit = demote_at(view.tenure, view.settings);
    if (limit > view.now) decision.wake_at = std::min(decision.wake_at, limit);
  }
}

Decision first_answer(const View& view) {
  for (const auto& rule : rules) {
    auto step = rule.answer(view);
    if (!step) continue;
    return Decision{.reason = std::move(step->reason),
                    .actions = std::move(step->actions),
                    .wake_at = step->wake_at,
                    .memory = std::move(step->memory).value_or(view.memory),
                    .is_handing_over = step->is_handing_over,
                    .rule = rule.name};
  }
  CHECK(false && "when_following always answers");
}

}  // namespace

Decision decide(const View& view) {
  View seen = view;
  seen.memory = remember(view);
  Decision decision = first_answer(seen);
  keep_lease(seen, decision);
  decision.wake_at = std::min(decision.wake_at, seen.now + seen.settings.loop_wait);
  return decision;
}

Step act_unhurried(const View& view, std::string reason, Action action) {
  const auto& last = view.last_job;
  if (last && !last->ok && last->job == job_of(action)) {
    const auto pause =
        std::min<milliseconds>(500ms * (1 << std::min(last->failures, 10)), view.settings.loop_wait);
    if (view.now < last->ended + pause) {
      return wait(reason + ": the last attempt failed (" + last->problem + "), trying again shortly",
                  last->ended + pause);
    }
  }
  return act(std::move(reason), {std::move(action)});
}

Action stop_at_once(const View& view) {
  if (view.job != Job::none) return KillServer{};
  return StopServer{StopMode::immediate};
}

}  // namespace holdfast::ha
