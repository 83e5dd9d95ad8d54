#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ha/election.hpp"
#include "unit/ha/a_view.hpp"

namespace holdfast::ha {
namespace {

View a_leader_in_recovery() {
  View view = a_replica("pg2");
  view.cluster->leader = LeaderKey{"pg2", 70};
  view.cluster->timeline = {2, 70};
  view.tenure = {.held = true, .epoch = {70}, .deadline = noon + 4s, .renewed_at = noon};
  return view;
}

Timeline asked_for(const View& view) {
  const auto decision = decide(view);
  const auto* acquire = find_action<AcquireLeader>(decision);
  return acquire == nullptr ? 0 : acquire->timeline;
}

TEST(TimelineNumber, of_a_candidate_is_above_every_one_that_was_given_out_or_seen) {
  View view = a_replica_without_leader("pg2");
  EXPECT_EQ(asked_for(view), 2U);
  view.cluster->timeline = {6, 44};
  EXPECT_EQ(asked_for(view), 7U);
  view.server.newest_history = 8;
  EXPECT_EQ(asked_for(view), 9U);
  view.peers["pg9"] = {.timeline = 11};  // silent for long
  EXPECT_EQ(asked_for(view), 12U);
  view.memory.newest_timeline = 14;
  EXPECT_EQ(asked_for(view), 15U);
}

TEST(TimelineNumber, is_remembered_when_the_dcs_has_forgotten_it) {
  View view = a_replica_without_leader("pg2");
  view.cluster->timeline = {6, 44};
  view.memory = decide(view).memory;
  view.cluster->timeline = {};
  const auto decision = decide(view);
  EXPECT_EQ(decision.actions, actions({AcquireLeader{0, false, 7, 0}}));
}

TEST(TimelineNumber, of_a_member_that_is_primary_already_stays_its_own) {
  View view = a_primary_that_leads();
  view.cluster->leader.reset();
  view.cluster->timeline = {};
  view.tenure.held = false;
  EXPECT_EQ(decide(view).actions, actions({AcquireLeader{0, false, 1, 0}}));
}

TEST(TimelineNumber, that_nobody_can_have_reached_is_not_counted_from) {
  View view = a_replica_without_leader("pg2");
  view.peers["pg3"].timeline = 0xffff'ffffU;
  view.memory.lock_free_since = noon - 60s;
  EXPECT_EQ(asked_for(view), 2U);
}

TEST(TimelineNumber, is_the_one_in_the_key_when_the_leader_promotes) {
  View view = a_leader_in_recovery();
  view.cluster->timeline.number = 4;
  EXPECT_EQ(decide(view).actions, actions({Promote{{}, 4}}));
}

TEST(TimelineNumber, that_is_used_up_is_replaced_before_the_promotion) {
  View view = a_leader_in_recovery();
  view.server.newest_history = 2;  // an earlier attempt wrote its history and died
  EXPECT_EQ(decide(view).actions, actions({GiveOutTimeline{3, 70}}));
  view.pending.leader = true;
  EXPECT_TRUE(decide(view).actions.empty());
  view.pending.leader = false;
  view.cluster->timeline = {3, 80};
  EXPECT_EQ(decide(view).actions, actions({Promote{{}, 3}}));
}

TEST(TimelineNumber, that_a_server_promoted_by_hand_is_on_is_not_used_again) {
  View view = a_leader_in_recovery();
  view.peers["pg3"].timeline = 2;
  EXPECT_EQ(decide(view).actions, actions({GiveOutTimeline{3, 70}}));
}

TEST(TimelineNumber, is_asked_for_under_a_lock_that_was_taken_without_one) {
  View view = a_leader_in_recovery();
  view.cluster->timeline = {};
  EXPECT_EQ(decide(view).actions, actions({GiveOutTimeline{2, 0}}));
}

TEST(TimelineNumber, that_a_primary_is_on_and_the_key_does_not_know_is_written_down) {
  View view = a_primary_that_leads();
  view.server.timeline = 3;
  EXPECT_EQ(decide(view).actions, actions({GiveOutTimeline{3, 40}}));
  view.cluster->timeline = {3, 90};
  EXPECT_EQ(find_action<GiveOutTimeline>(decide(view)), nullptr);
}

}  // namespace
}  // namespace holdfast::ha
