#include <gtest/gtest.h>

#include "ha/sync_state.hpp"
#include "unit/ha/a_view.hpp"

namespace holdfast::ha {
namespace {

View a_crashed_primary() {
  View view = a_primary_that_leads();
  view.server.state = ServerState::stopped;
  view.server.standbys.clear();
  return view;
}

TEST(Crash, leftover_backends_are_killed_before_anything_else) {
  View view = a_primary_that_leads();
  view.server.state = ServerState::crashed;
  EXPECT_EQ(decide(view).actions, actions({KillServer{}}));
}

TEST(Crash, synchronous_the_lock_is_handed_over_at_once) {
  View view = a_crashed_primary();
  make_synchronous(view, {"pg2"});
  EXPECT_EQ(decide(view).actions, actions({ReleaseLeader{}}));
}

TEST(Crash, asynchronous_the_primary_is_restarted_in_place) {  // EC-36
  EXPECT_EQ(decide(a_crashed_primary()).actions, actions({StartPrimary{}}));
}

TEST(Crash, without_a_live_synchronous_standby_the_primary_is_restarted_in_place) {
  View view = a_crashed_primary();
  make_synchronous(view, {"pg2"});
  view.peers["pg2"].suspected_at = noon - 1ms;
  EXPECT_EQ(decide(view).actions, actions({StartPrimary{}}));
}

TEST(Crash, a_start_that_drags_on_is_given_up_only_when_another_can_take_over) {
  View view = a_crashed_primary();
  make_synchronous(view, {"pg2"});
  view.job = Job::start;
  view.memory.crashed_at = noon - 1s;
  view.settings.primary_start_timeout = 0s;
  EXPECT_EQ(decide(view).actions, actions({KillServer{}}));
  view.peers.clear();
  EXPECT_TRUE(decide(view).actions.empty());
}

TEST(Crash, a_start_that_fails_is_not_hammered) {  // EC-37
  View view = a_crashed_primary();
  view.peers.clear();
  view.last_job =
      JobReport{.job = Job::start, .ok = false, .problem = "no space", .ended = noon, .failures = 1};
  const auto decision = decide(view);
  EXPECT_EQ(find_action<StartPrimary>(decision), nullptr);
  EXPECT_GT(decision.wake_at, noon);
}

TEST(Hang, a_primary_that_does_not_answer_is_killed_when_a_successor_waits) {  // EC-110
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.server.responsive = false;
  EXPECT_EQ(decide(view).actions, actions({KillServer{}}));
}

TEST(Promotion, empties_the_names_it_would_wait_for) {
  View view = a_replica("pg2");
  view.cluster->leader = LeaderKey{"pg2", 70};
  view.tenure = {.held = true, .epoch = {70}, .deadline = noon + 4s, .renewed_at = noon};
  view.cluster->timeline = {2, 70};
  EXPECT_EQ(decide(view).actions, actions({Promote{{}, 2}}));
  view.settings.synchronous_mode = SyncMode::on;
  view.settings.synchronous_mode_strict = true;
  EXPECT_EQ(decide(view).actions, actions({Promote{all_of({strict_placeholder}), 2}}));
}

TEST(Promotion, of_a_leader_that_was_stopped_keeps_waiting_for_those_that_sync_lists) {
  View view = a_replica("pg1");
  make_synchronous(view, {"pg2", "pg3"});
  view.cluster->sync.quorum = 1;
  view.tenure = {.held = true, .epoch = {50}, .deadline = noon + 4s, .renewed_at = noon};
  view.cluster->timeline = {2, 70};
  view.settings.synchronous_mode = SyncMode::quorum;
  EXPECT_EQ(decide(view).actions, actions({Promote{any_of(1, {"pg2", "pg3"}), 2}}));
}

TEST(Sync, a_standby_is_added_in_postgresql_first_and_in_the_key_when_it_has_caught_up) {  // EC-51, EC-52
  View view = a_primary_that_leads();
  make_synchronous(view, {});
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({"pg2"})}});
  view.server.synchronous_names = all_of({"pg2"});
  EXPECT_FALSE(next_sync_step(view));
  view.server.standbys[0].confirmed = true;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{"pg2"}, 60}}));
}

TEST(Sync, a_standby_is_removed_from_the_key_first_and_from_postgresql_after) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.server.synchronous_names = all_of({"pg2"});
  view.server.standbys[0].streaming = false;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{}, 60}}));
  view.cluster->sync.standbys.clear();
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({"pg3"})}});
}

TEST(Sync, a_silent_standby_that_still_acknowledges_stays) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.server.synchronous_names = all_of({"pg2"});
  view.peers["pg2"].suspected_at = noon - 10s;
  EXPECT_FALSE(next_sync_step(view));
  view.server.standbys[0].stalled_since = noon - view.settings.standby_drop_after;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{}, 60}}));
}

TEST(Sync, strict_keeps_waiting_for_those_listed_last) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.settings.synchronous_mode_strict = true;
  view.server.synchronous_names = all_of({"pg2"});
  view.server.standbys.clear();
  EXPECT_FALSE(next_sync_step(view));
  view.cluster->sync.standbys.clear();
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({strict_placeholder})}});
}

TEST(Sync, becomes_active_without_any_standby) {  // EC-62
  View view = a_primary_that_leads();
  view.settings.synchronous_mode = SyncMode::on;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{}, 0}}));
}

TEST(Sync, two_nodes_are_both_waited_for) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.settings.synchronous_node_count = 2;
  view.server.synchronous_names = all_of({"pg2"});
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({"pg2", "pg3"})}});
}

TEST(Sync, a_standby_that_is_to_be_replaced_stays_until_the_better_one_is_listed) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.server.synchronous_names = all_of({"pg2"});
  view.peers["pg3"].tags.sync_priority = 5;
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({"pg2", "pg3"})}});
  view.server.synchronous_names = all_of({"pg2", "pg3"});
  view.server.standbys[1].confirmed = true;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{"pg2", "pg3"}, 60}}));
  view.cluster->sync.standbys = {"pg2", "pg3"};
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{"pg3"}, 60}}));
}

TEST(Sync, one_that_lags_too_far_is_replaced_if_there_is_another) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.settings.maximum_lag_on_syncnode = 100;
  view.server.synchronous_names = all_of({"pg2"});
  view.server.standbys[0].flushed = Lsn{800};
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({"pg2", "pg3"})}});
  view.server.standbys.pop_back();
  EXPECT_FALSE(next_sync_step(view)) << "nobody else has what it has";
}

TEST(Sync, a_nosync_standby_is_not_waited_for) {
  View view = a_primary_that_leads();
  make_synchronous(view, {});
  view.peers["pg2"].tags.nosync = true;
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{all_of({"pg3"})}});
  view.peers["pg3"].tags.sync_priority = 0;
  EXPECT_FALSE(next_sync_step(view));
}

TEST(Sync, is_not_acted_on_as_it_was_before_our_own_last_write) {
  View view = a_primary_that_leads();
  make_synchronous(view, {});
  view.cluster->revision = 70;
  view.pending.sync_revision = 71;
  EXPECT_FALSE(next_sync_step(view));
  view.cluster->revision = 71;
  EXPECT_TRUE(next_sync_step(view));
}

TEST(Sync, a_write_without_an_answer_is_written_again_before_anything_else) {  // EC-11
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.server.synchronous_names = all_of({"pg2"});
  view.server.standbys[0].streaming = false;
  view.pending.sync_in_doubt = true;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{"pg2"}, 60}}));
}

TEST(Sync, must_be_known_before_a_server_starts_as_primary) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2"});
  view.peers.clear();
  view.server.state = ServerState::stopped;
  view.pending.sync = true;
  EXPECT_EQ(decide(view).actions, actions({}));
  view.pending = {.sync_in_doubt = true};
  EXPECT_EQ(decide(view).actions, actions({WriteSync{{"pg2"}, 60}}));
  view.pending = {};
  EXPECT_EQ(decide(view).actions, actions({StartPrimary{}}));
}

TEST(Quorum, all_standbys_are_voters_and_one_of_them_has_to_acknowledge) {
  View view = a_primary_that_leads();
  make_synchronous(view, {});
  view.settings.synchronous_mode = SyncMode::quorum;
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{any_of(1, {"pg2", "pg3"})}});
  view.server.synchronous_names = any_of(1, {"pg2", "pg3"});
  EXPECT_FALSE(next_sync_step(view)) << "nobody has caught up";
  view.server.standbys[1].confirmed = true;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{"pg2", "pg3"}, 60, 1}}));
}

TEST(Quorum, a_dead_standby_is_left_out_without_a_commit_that_waits) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2", "pg3"});
  view.cluster->sync.quorum = 1;
  view.settings.synchronous_mode = SyncMode::quorum;
  view.server.synchronous_names = any_of(1, {"pg2", "pg3"});
  view.server.standbys[1].streaming = false;
  EXPECT_EQ(next_sync_step(view)->action, Action{SetSynchronousNames{any_of(1, {"pg2"})}});
  view.server.synchronous_names = any_of(1, {"pg2"});
  EXPECT_FALSE(next_sync_step(view));
  view.server.standbys[0].confirmed = true;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{"pg2"}, 60, 0}}));
}

TEST(Quorum, strict_keeps_waiting_without_any_standby_and_says_so) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2", "pg3"});
  view.cluster->sync.quorum = 1;
  view.settings.synchronous_mode = SyncMode::quorum;
  view.settings.synchronous_mode_strict = true;
  view.server.synchronous_names = any_of(1, {"pg2", "pg3"});
  view.server.standbys.clear();
  EXPECT_FALSE(next_sync_step(view));
  EXPECT_NE(decide(view).reason.find("commits wait (synchronous_mode_strict)"), std::string::npos);
  view.settings.synchronous_mode_strict = false;
  EXPECT_EQ(next_sync_step(view)->action, (Action{WriteSync{{}, 60}}));
}

TEST(Quorum, a_switchover_lists_the_candidate_alone_before_the_lock_is_let_go) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2", "pg3"});
  view.cluster->sync.quorum = 1;
  view.settings.synchronous_mode = SyncMode::quorum;
  view.server.state = ServerState::stopped;
  view.server.cleanly_stopped = true;
  view.memory.hand_over = HandOver::confirm;
  view.memory.hand_over_to = "pg3";
  view.memory.hand_over_since = noon;
  view.peers["pg3"].position = Lsn{1001};
  EXPECT_EQ(decide(view).actions, actions({WriteSync{{"pg3"}, 60}}));
  view.cluster->sync.standbys = {"pg3"};
  view.cluster->sync.quorum = 0;
  EXPECT_EQ(decide(view).actions, actions({ReleaseLeader{}}));
}

View after(View view, const Decision& decision) {
  view.memory = decision.memory;
  return view;
}

TEST(Switchover, goes_checkpoint_stop_confirm_release) {
  View view = a_primary_that_leads();
  view.cluster->failover = FailoverKey{.leader = "pg1", .candidate = "pg3", .mod_revision = 9};
  auto decision = decide(view);
  EXPECT_EQ(decision.actions, actions({RunCheckpoint{}}));
  view = after(view, decision);
  decision = decide(view);
  EXPECT_EQ(decision.actions, actions({StopServer{StopMode::fast}}));
  EXPECT_TRUE(decision.is_handing_over);
  view = after(view, decision);
  view.server.state = ServerState::stopped;
  view.server.cleanly_stopped = true;
  view.server.position = Lsn{2000};
  view = after(view, decide(view));
  decision = decide(view);
  EXPECT_TRUE(decision.actions.empty()) << "the candidate does not have the shutdown checkpoint yet (EC-26)";
  view = after(view, decision);
  view.peers["pg3"].position = Lsn{2001};
  EXPECT_EQ(decide(view).actions, actions({ReleaseLeader{}}));
}

TEST(Switchover, to_a_member_that_can_not_lead_is_refused_before_anything_is_stopped) {  // EC-29
  View view = a_primary_that_leads();
  view.cluster->failover = FailoverKey{.leader = "pg1", .candidate = "pg3", .mod_revision = 9};
  view.peers["pg3"].tags.nofailover = true;
  const auto decision = decide(view);
  EXPECT_EQ(decision.actions, actions({ClearFailover{9}}));
  EXPECT_NE(decision.reason.find("pg3 is tagged nofailover"), std::string::npos);
}

TEST(Switchover, that_nobody_confirms_is_undone) {
  View view = a_primary_that_leads();
  view.cluster->failover = FailoverKey{.leader = "pg1", .candidate = "pg3", .mod_revision = 9};
  view.server.state = ServerState::stopped;
  view.server.cleanly_stopped = true;
  view.memory.hand_over = HandOver::confirm;
  view.memory.hand_over_to = "pg3";
  view.memory.hand_over_since = noon - 60s;
  const auto decision = decide(view);
  EXPECT_EQ(decision.actions, actions({ClearFailover{9}}));
  View later = after(view, decision);
  later.cluster->failover.reset();
  EXPECT_EQ(decide(later).actions, actions({StartPrimary{}}));
}

View a_stopped_primary_whose_agent_ends() {
  View view = a_primary_that_leads();
  view.is_stopping = true;
  view.server.state = ServerState::stopped;
  view.server.cleanly_stopped = true;
  view.memory.hand_over = HandOver::confirm;
  view.memory.hand_over_to = "pg2";
  view.memory.hand_over_since = noon;
  return view;
}

TEST(HandOver, to_a_member_that_went_away_goes_to_another_one) {
  View view = a_stopped_primary_whose_agent_ends();
  view.peers["pg2"].is_running = false;
  const auto decision = decide(view);
  EXPECT_TRUE(decision.actions.empty());
  EXPECT_EQ(after(view, decision).memory.hand_over_to, "pg3");
}

TEST(HandOver, with_nobody_left_lets_the_lock_run_out) {
  View view = a_stopped_primary_whose_agent_ends();
  view.peers.clear();
  EXPECT_EQ(decide(view).actions, actions({Exit{}}));
}

TEST(Switchover, for_another_leader_is_called_off) {
  View view = a_primary_that_leads();
  view.cluster->failover = FailoverKey{.leader = "pg2", .candidate = "pg3", .mod_revision = 9};
  EXPECT_EQ(decide(view).actions, actions({ClearFailover{9}}));
}

// pg1 is on timeline 2, which left timeline 1 at 900.
void let_leader_be_past_the_fork(View& view) {
  view.leader_history = TimelineHistory{.timeline = 2, .ancestors = {{1, Lsn{900}, ""}}};
  view.peers["pg1"].timeline = 2;
}

TEST(Rejoin, follows_the_history_and_not_the_former_role) {  // EC-20, EC-64
  View view = a_replica("pg2");
  let_leader_be_past_the_fork(view);
  view.server.state = ServerState::stopped;
  view.server.position = Lsn{900};
  EXPECT_NE(find_action<StartStandby>(decide(view)), nullptr);
  view.server.position = Lsn{901};
  view.settings.use_pg_rewind = true;
  EXPECT_EQ(decide(view).actions, actions({Rewind{"pg1"}}));
  view.settings.use_pg_rewind = false;
  EXPECT_NE(find_action<SetAside>(decide(view)), nullptr);
}

TEST(Rejoin, a_timeline_of_the_same_number_from_another_fork_is_cloned_anew) {
  View view = a_replica("pg2");
  let_leader_be_past_the_fork(view);
  view.server.state = ServerState::stopped;
  view.server.timeline = 2;
  view.server.history = TimelineHistory{.timeline = 2, .ancestors = {{1, Lsn{800}, ""}}};
  EXPECT_NE(find_action<SetAside>(decide(view)), nullptr);
}

TEST(Rejoin, a_timeline_from_another_fork_below_the_leaders_is_rewound) {
  View view = a_replica("pg2");
  view.settings.use_pg_rewind = true;
  view.leader_history = TimelineHistory{.timeline = 3, .ancestors = {{1, Lsn{900}, ""}, {2, Lsn{1200}, ""}}};
  view.peers["pg1"].timeline = 3;
  view.server.state = ServerState::stopped;
  view.server.timeline = 2;
  view.server.history = TimelineHistory{.timeline = 2, .ancestors = {{1, Lsn{900}, ""}}};
  EXPECT_NE(find_action<StartStandby>(decide(view)), nullptr);
  view.server.history->ancestors[0].at = Lsn{800};
  EXPECT_EQ(decide(view).actions, actions({Rewind{"pg1"}}));
}

TEST(Rejoin, waits_for_the_leaders_checkpoint_before_rewinding) {  // EC-113
  View view = a_replica("pg2");
  view.settings.use_pg_rewind = true;
  let_leader_be_past_the_fork(view);
  view.server.state = ServerState::stopped;
  view.cluster->members[0].awaits_checkpoint = true;
  EXPECT_TRUE(decide(view).actions.empty());
}

TEST(Rejoin, is_not_begun_about_a_leader_that_is_silent) {
  View view = a_replica("pg2");
  view.server.streaming = false;
  let_leader_be_past_the_fork(view);
  EXPECT_NE(find_action<StopServer>(decide(view)), nullptr);
  view.peers["pg1"].suspected_at = noon - 1ms;
  EXPECT_EQ(find_action<StopServer>(decide(view)), nullptr);
}

TEST(Rejoin, is_not_needed_by_a_standby_that_sync_lists_beside_the_present_leader) {
  View view = a_replica("pg2");
  view.server.streaming = false;
  view.leader_history = TimelineHistory{.timeline = 2, .ancestors = {{1, Lsn{900}, ""}}};
  make_synchronous(view, {"pg2"});
  EXPECT_EQ(find_action<StopServer>(decide(view)), nullptr);
}

TEST(Rejoin, a_rewind_that_could_not_reach_its_source_is_tried_again) {
  View view = a_replica("pg2");
  view.settings.use_pg_rewind = true;
  let_leader_be_past_the_fork(view);
  view.server.state = ServerState::stopped;
  view.last_job =
      JobReport{.job = Job::rewind, .ok = false, .problem = "refused", .ended = noon - 60s, .failures = 1};
  EXPECT_EQ(decide(view).actions, actions({Rewind{"pg1"}}));
  view.last_job->needs_rebuild = true;
  EXPECT_NE(find_action<SetAside>(decide(view)), nullptr);
}

TEST(Rejoin, is_not_begun_by_a_history_that_the_leader_has_left_behind) {
  View view = a_replica("pg2");
  view.server.streaming = false;
  view.server.timeline = 2;
  view.leader_history = TimelineHistory{.timeline = 1, .ancestors = {}};
  EXPECT_NE(find_action<StopServer>(decide(view)), nullptr);
  view.peers["pg1"].timeline = 2;
  EXPECT_EQ(find_action<StopServer>(decide(view)), nullptr);
}

TEST(Follower, does_nothing_and_says_so_while_all_is_well) {
  const auto decision = decide(a_replica("pg2"));
  EXPECT_TRUE(decision.actions.empty());
  EXPECT_EQ(decision.reason, "no action: I am pg2, a replica, following pg1");
}

}  // namespace
}  // namespace holdfast::ha
