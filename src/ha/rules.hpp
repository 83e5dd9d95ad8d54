#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ha/decision.hpp"

// The rules behind decide(), each in the file of its concern. A rule answers or passes (nullopt).
namespace holdfast::ha {

// A rule's answer; decide() makes a Decision of it.
struct Step {
  std::string reason;
  std::vector<Action> actions;
  BootInstant wake_at = BootInstant::max();
  std::optional<Memory> memory;  // nullopt: as it was
  bool is_handing_over = false;
};
using Answer = std::optional<Step>;

// rules_fencing.cpp: a server that may not be writable is stopped, whatever else is going on.
Answer when_lease_runs_out(const View& view);
Answer when_another_member_leads(const View& view);
Answer when_system_id_differs(const View& view);

// rules_agent.cpp: our own process and jobs.
Answer when_a_job_runs(const View& view);
Answer when_the_lock_is_being_written(const View& view);
Answer when_paused(const View& view);
Answer when_server_crashed(const View& view);
Answer when_stopping(const View& view);
Answer when_dcs_is_silent(const View& view);
Answer when_directory_is_unusable(const View& view);

// rules_bootstrap.cpp
Answer when_key_names_us(const View& view);
Answer when_cluster_is_new(const View& view);
Answer when_dcs_was_wiped(const View& view);

// rules_leader.cpp, rules_hand_over.cpp
Answer when_handing_over(const View& view);
Answer when_leading(const View& view);

// rules_follower.cpp
Answer when_lock_is_free(const View& view);
Answer when_following(const View& view);

// What the rules are written with.
inline Step act(std::string reason, std::vector<Action> actions) {
  return Step{.reason = std::move(reason), .actions = std::move(actions)};
}
inline Step wait(std::string reason, BootInstant until = BootInstant::max()) {
  return Step{.reason = std::move(reason), .wake_at = until};
}

// `action`, unless the same job failed a moment ago: then a wait that grows with the failures (EC-37).
Step act_unhurried(const View& view, std::string reason, Action action);

// Which member a standby here should stream from, given the leader.
Name upstream_for(const View& view);

// Stops a writable server at once; through a running job, by killing it.
Action stop_at_once(const View& view);

}  // namespace holdfast::ha
