#include <fmt/format.h>

#include "ha/election.hpp"
#include "ha/rules.hpp"

namespace holdfast::ha {
namespace {

std::string_view doing(Job job) {
  switch (job) {
    case Job::none:
      return "nothing";
    case Job::bootstrap:
      return "bootstrapping the cluster";
    case Job::start:
      return "starting PostgreSQL";
    case Job::stop:
      return "stopping PostgreSQL";
    case Job::kill:
      return "killing PostgreSQL";
    case Job::promote:
      return "promoting";
    case Job::checkpoint:
      return "running a checkpoint";
    case Job::clone:
      return "cloning";
    case Job::rewind:
      return "rewinding";
    case Job::set_aside:
      return "setting the data directory aside";
  }
  return "working";
}

// Held by a candidate that can take over at once, when our own start drags on.
bool primary_start_takes_too_long(const View& view) {
  const auto& memory = view.memory;
  return view.is_leader() && view.job == Job::start && memory.crashed_at &&
         view.now >= *memory.crashed_at + view.settings.primary_start_timeout &&
         !ready_successor(view).empty();
}

}  // namespace

Answer when_a_job_runs(const View& view) {
  if (view.job == Job::none) return std::nullopt;
  Step step = wait(fmt::format("no action: {}", doing(view.job)));
  step.is_handing_over = view.memory.hand_over == HandOver::stop;
  if (primary_start_takes_too_long(view)) {
    return act("PostgreSQL did not start within primary_start_timeout: giving up the start", {KillServer{}});
  }
  return step;
}

Answer when_the_lock_is_being_written(const View& view) {
  if (!view.pending.leader) return std::nullopt;
  Step step = wait("no action: waiting for the DCS to answer about the leader lock");
  step.is_handing_over = view.memory.hand_over == HandOver::release;
  return step;
}

Answer when_paused(const View& view) {
  if (!view.settings.pause) return std::nullopt;
  if (view.is_stopping) return act("PAUSE: the agent ends, PostgreSQL is left as it is", {Exit{}});
  if (!view.cluster) return wait("PAUSE: DCS is not accessible");
  const auto& leader = view.cluster->leader;
  if (!leader && view.server.is_writable()) {
    return act("PAUSE: acquired the free lock as primary", {take_lock(view, false)});
  }
  if (leader && leader->name == view.self && !view.tenure.held && view.server.is_writable()) {
    return act("PAUSE: the leader key names us", {ReadoptLeader{leader->mod_revision}});
  }
  const bool has_order = view.cluster->failover && !view.cluster->failover->candidate.empty();
  if (view.is_leader() && (has_order || view.memory.hand_over != HandOver::none)) return std::nullopt;
  if (has_order && view.cluster->failover->candidate == view.self && !leader) return std::nullopt;
  if (view.is_leader() && view.server.is_standby()) return std::nullopt;
  return wait(view.is_leader() ? "PAUSE: no action: I am the leader with the lock" : "PAUSE: no action");
}

Answer when_server_crashed(const View& view) {
  if (view.server.state != ServerState::crashed) return std::nullopt;
  return act("the postmaster is gone: ending what it left behind", {KillServer{}});
}

Answer when_stopping(const View& view) {
  if (!view.is_stopping) return std::nullopt;
  if (view.is_leader() && view.server.state != ServerState::stopped)
    return std::nullopt;  // handed over first
  const bool is_handing_over =
      view.memory.hand_over == HandOver::stop || view.memory.hand_over == HandOver::confirm;
  if (view.is_leader() && is_handing_over) return std::nullopt;
  if (view.server.state != ServerState::stopped)
    return act("the agent ends: stopping PostgreSQL", {StopServer{StopMode::fast}});
  if (view.tenure.held && view.cluster)
    return act("the agent ends: giving up the leader lock", {ReleaseLeader{}});
  return act("the agent ends", {Exit{}});
}

Answer when_dcs_is_silent(const View& view) {
  if (view.cluster) return std::nullopt;
  const auto& server = view.server;
  if (server.is_writable()) return wait("DCS is not accessible: continuing as primary while the lease lasts");
  // A former primary that started as a standby is one no more: when the DCS turns out to be wiped, nobody
  // would be.
  const auto settled = view.agent_started + view.settings.leader_ttl;
  if (!server.in_recovery && view.now < settled) return wait("no action: DCS is not accessible yet", settled);
  // A former primary, or anybody restarted, serves reads rather than nothing (EC-45).
  if (server.state == ServerState::stopped && server.directory == DirectoryState::ready) {
    return act_unhurried(view, "DCS is not accessible: starting read-only", StartStandby{});
  }
  return wait("no action: DCS is not accessible");
}

Answer when_directory_is_unusable(const View& view) {
  const auto state = view.server.directory;
  if (state != DirectoryState::unknown && state != DirectoryState::foreign) return std::nullopt;
  const auto reason = fmt::format("no action: {}", view.server.directory_problem.empty()
                                                       ? "the data directory was not looked at yet"
                                                       : view.server.directory_problem);
  // A vanished or unreadable directory must not keep the lock from those who have theirs (EC-38).
  if (view.is_leader() && !view.server.directory_problem.empty()) return act(reason, {ReleaseLeader{}});
  return wait(reason);
}

}  // namespace holdfast::ha
