#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ha/lease.hpp"
#include "unit/ha/a_view.hpp"

namespace holdfast::ha {
namespace {

TEST(Fencing, a_primary_demotes_before_its_lease_deadline_even_when_the_dcs_is_silent) {
  View view = a_primary_that_leads();
  view.cluster.reset();
  view.now = demote_at(view.tenure, view.settings);
  EXPECT_NE(find_action<StopServer>(decide(view)), nullptr);
  EXPECT_LT(view.now, view.tenure.deadline);
}

TEST(Fencing, a_primary_goes_on_while_its_lease_lasts) {
  View view = a_primary_that_leads();
  view.cluster.reset();
  view.now = demote_at(view.tenure, view.settings) - 1ms;
  const auto decision = decide(view);
  EXPECT_EQ(find_action<StopServer>(decision), nullptr);
  EXPECT_EQ(decision.wake_at, view.now + 1ms);
}

TEST(Fencing, a_promotion_that_outlasts_the_lease_is_killed) {
  View view = a_replica("pg2");
  view.job = Job::promote;
  view.tenure = {.held = true, .epoch = {70}, .deadline = noon + 1s, .renewed_at = noon - 3s};
  EXPECT_NE(find_action<KillServer>(decide(view)), nullptr);
}

TEST(Fencing, a_primary_stops_at_once_when_another_member_has_the_lock) {
  View view = a_primary_that_leads();
  view.cluster->leader = LeaderKey{"pg2", 70};
  view.tenure.held = false;
  EXPECT_NE(find_action<StopServer>(decide(view)), nullptr);
}

TEST(Fencing, a_stop_that_hangs_into_the_deadline_becomes_a_kill) {
  View view = a_primary_that_leads();
  view.cluster.reset();
  view.job = Job::stop;
  view.now = view.tenure.deadline;
  EXPECT_NE(find_action<KillServer>(decide(view)), nullptr);
}

TEST(Fencing, a_restarted_agent_takes_its_own_lock_over_instead_of_demoting) {
  View view = a_primary_that_leads();
  view.agent_started = view.now;
  view.tenure = {.held = false, .deadline = noon + 3s};  // what the sentinel remembered
  const auto decision = decide(view);
  EXPECT_EQ(decision.actions, actions({ReadoptLeader{50}}));
}

TEST(Fencing, a_primary_whose_key_vanished_creates_it_again_before_its_deadline) {
  View view = a_primary_that_leads();
  view.cluster->leader.reset();
  view.tenure.held = false;
  EXPECT_NE(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Fencing, a_stale_primary_on_an_older_timeline_does_not_take_a_free_lock) {  // EC-19
  View view = a_primary_that_leads();
  view.cluster->leader.reset();
  view.cluster->last_timeline = 2;
  view.tenure = {};
  const auto decision = decide(view);
  EXPECT_EQ(find_action<AcquireLeader>(decision), nullptr);
  EXPECT_NE(find_action<StopServer>(decision), nullptr);
}

TEST(Fencing, does_not_happen_in_maintenance_mode) {  // EC-48
  View view = a_primary_that_leads();
  view.settings.pause = true;
  view.cluster.reset();
  view.now = view.tenure.deadline + 1h;
  EXPECT_EQ(find_action<StopServer>(decide(view)), nullptr);
}

TEST(Fencing, a_server_of_another_cluster_is_stopped_and_told_what_to_do) {
  View view = a_replica("pg2");
  view.server.system_id = "8";
  const auto decision = decide(view);
  EXPECT_NE(find_action<StopServer>(decision), nullptr);
  EXPECT_NE(decision.reason.find("belongs to another cluster"), std::string::npos);
}

TEST(Fencing, a_stopping_agent_ends_beside_the_server_of_another_cluster) {
  View view = a_replica("pg2");
  view.server.system_id = "8";
  view.server.state = ServerState::stopped;
  view.is_stopping = true;
  EXPECT_EQ(decide(view).actions, actions({Exit{}}));
}

TEST(Lease, counts_from_before_the_request_left_and_allows_for_a_fast_clock) {  // EC-1
  EXPECT_EQ(lease_deadline(noon, 4s, 0.001), noon + 3996ms);
}

TEST(Lease, is_renewed_beside_whatever_else_is_decided) {
  View view = a_primary_that_leads();
  view.job = Job::stop;
  view.now = noon + renewal_interval(view.settings);
  EXPECT_NE(find_action<RenewLease>(decide(view)), nullptr);
}

TEST(Tenure, ends_when_the_dcs_shows_another_holder_and_not_by_an_older_view) {
  const Tenure tenure{.held = true, .epoch = {50}, .deadline = noon};
  EXPECT_FALSE(tenure_after(tenure, LeaderKey{"pg2", 60}, "pg1", 60).held);
  EXPECT_FALSE(tenure_after(tenure, std::nullopt, "pg1", 60).held);
  EXPECT_TRUE(tenure_after(tenure, std::nullopt, "pg1", 49).held);
  EXPECT_TRUE(tenure_after(tenure, LeaderKey{"pg1", 50}, "pg1", 60).held);
}

// Whatever the rest of the world looks like: no promotion without the lock and a lease that lasts.
RC_GTEST_PROP(Fencing, never_promotes_without_lock_and_lease, ()) {
  View view = *rc::gen::element(a_replica("pg2"), a_replica_without_leader("pg2"), a_primary_that_leads());
  view.server.in_recovery = *rc::gen::arbitrary<bool>();
  view.server.state = *rc::gen::element(ServerState::running, ServerState::starting, ServerState::stopped,
                                        ServerState::crashed);
  view.tenure.held = *rc::gen::arbitrary<bool>();
  view.tenure.deadline = noon + milliseconds{*rc::gen::inRange(-5000, 5000)};
  if (*rc::gen::arbitrary<bool>())
    view.cluster->leader = LeaderKey{*rc::gen::element<Name>("pg1", "pg2", "pg3"), 50};
  if (*rc::gen::arbitrary<bool>()) view.cluster.reset();
  if (view.cluster) view.cluster->timeline.number = *rc::gen::inRange(0, 4);
  view.server.newest_history = *rc::gen::inRange(0, 3);
  view.is_stopping = *rc::gen::arbitrary<bool>();
  const auto decision = decide(view);
  const bool leads =
      view.cluster && view.cluster->leader && view.cluster->leader->name == view.self && view.tenure.held;
  if (find_action<Promote>(decision) != nullptr || find_action<StartPrimary>(decision) != nullptr)
    RC_ASSERT(leads);
  if (const auto* promote = find_action<Promote>(decision)) {
    RC_ASSERT(view.now < view.tenure.deadline);
    RC_ASSERT(promote->timeline == view.cluster->timeline.number);
    RC_ASSERT(promote->timeline > view.server.timeline && promote->timeline > view.server.newest_history);
  }
}

}  // namespace
}  // namespace holdfast::ha
