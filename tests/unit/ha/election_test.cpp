#include "ha/election.hpp"

#include <gtest/gtest.h>

#include "unit/ha/a_view.hpp"

namespace holdfast::ha {
namespace {

TEST(Election, the_furthest_replica_takes_a_free_lock) {
  View view = a_replica_without_leader("pg2");
  EXPECT_EQ(decide(view).actions, actions({AcquireLeader{0, false, 2, 40}}));
}

TEST(Election, a_replica_gives_way_to_one_that_has_more) {
  View view = a_replica_without_leader("pg2");
  view.peers["pg3"].position = Lsn{1001};
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Election, of_two_equal_ones_the_priority_and_then_the_name_decides) {
  View view = a_replica_without_leader("pg3");
  EXPECT_EQ(*better_candidate(view), "pg2");
  view.tags.failover_priority = 2;
  EXPECT_EQ(better_candidate(view), nullptr);
}

TEST(Election, a_silent_better_one_is_not_waited_for) {
  View view = a_replica_without_leader("pg2");
  view.peers["pg3"].position = Lsn{1001};
  view.peers["pg3"].suspected_at = noon - 1ms;
  view.memory.lock_free_since = noon - 2s;
  EXPECT_NE(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Election, only_a_listed_standby_leads_while_a_synchronous_mode_is_in_force) {
  View view = a_replica_without_leader("pg2");
  make_synchronous(view, {"pg3"});
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
  make_synchronous(view, {"pg2"});
  EXPECT_EQ(decide(view).actions, actions({AcquireLeader{60, true, 2, 40}}));
}

// pg2 and pg3 are the voters; one of them has every commit.
View a_voter() {
  View view = a_replica_without_leader("pg2");
  make_synchronous(view, {"pg2", "pg3"});
  view.cluster->sync.quorum = 1;
  view.peers["pg3"].settled_at = 61;
  return view;
}

TEST(Quorum, a_voter_leads_when_the_others_are_not_ahead) {
  EXPECT_EQ(decide(a_voter()).actions, actions({AcquireLeader{60, true, 2, 40}}));
}

TEST(Quorum, a_voter_waits_for_those_it_does_not_hear) {
  View view = a_voter();
  view.peers.clear();
  view.memory.lock_free_since = noon - 60s;
  EXPECT_EQ(
      *obstacle_to_lead(view),
      "0 of the 1 other voters that a quorum needs are known not to be ahead: pg3 is not heard from, pg1 is "
      "not heard from");
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
  view.cluster->failover = FailoverKey{.candidate = "pg2"};
  EXPECT_TRUE(obstacle_to_lead(view)) << "not even by order";
}

TEST(Quorum, a_position_from_before_the_lock_was_free_does_not_count) {
  for (const std::int64_t settled_at : {0, 40, 60}) {
    View view = a_voter();
    view.peers["pg3"].settled_at = settled_at;
    EXPECT_TRUE(obstacle_to_lead(view)) << settled_at;
  }
}

TEST(Quorum, a_voter_that_is_ahead_by_its_length_does_not_count_whatever_its_timeline) {
  View view = a_voter();
  view.peers["pg3"].position = Lsn{1001};
  EXPECT_TRUE(obstacle_to_lead(view));
  view.server.timeline = 2;
  EXPECT_TRUE(obstacle_to_lead(view)) << "it may be on ours and not have said so yet";
}

TEST(Quorum, the_former_leader_is_a_voter_and_leads_without_the_others) {
  View view = a_voter();
  view.peers["pg1"] = a_standby_peer();
  view.peers["pg1"].settled_at = 61;
  view.peers.erase("pg3");
  EXPECT_EQ(obstacle_to_lead(view), std::nullopt);
  View former = a_replica_without_leader("pg1");
  make_synchronous(former, {"pg2", "pg3"});
  former.cluster->sync.quorum = 1;
  former.peers.clear();
  EXPECT_EQ(obstacle_to_lead(former), std::nullopt);
}

TEST(Quorum, the_lock_is_let_go_only_when_a_successor_would_have_the_votes) {
  View view = a_primary_that_leads();
  make_synchronous(view, {"pg2", "pg3"});
  view.cluster->sync.quorum = 1;
  EXPECT_FALSE(ready_successor(view).empty());
  view.peers["pg3"].position = Lsn{1001};
  EXPECT_EQ(ready_successor(view), "pg3");
  view.peers.erase("pg3");
  EXPECT_EQ(ready_successor(view), "");
}

TEST(Election, a_nofailover_leader_leads_on_when_nobody_else_has_its_commits) {
  View view = a_replica_without_leader("pg1");
  view.tags.nofailover = true;
  make_synchronous(view, {"pg2"});
  EXPECT_TRUE(obstacle_to_lead(view));
  make_synchronous(view, {});
  EXPECT_EQ(obstacle_to_lead(view), std::nullopt);
}

TEST(Election, the_key_decides_and_not_the_setting_that_was_just_switched_off) {
  View view = a_replica_without_leader("pg2");
  make_synchronous(view, {"pg3"});
  view.settings.synchronous_mode = SyncMode::off;
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Election, in_a_wiped_store_waits_for_a_former_primary_until_one_has_written_sync) {  // EC-7
  View view = a_replica("pg2");
  view.cluster->leader.reset();
  view.cluster->initialize.reset();
  view.cluster->last_leader_position = {};
  EXPECT_TRUE(obstacle_to_lead(view).has_value());
  make_synchronous(view, {"pg2"});
  view.cluster->sync.leader = "pg1";
  EXPECT_EQ(obstacle_to_lead(view), std::nullopt);
}

// A snapshot of etcd from the time when pg2 led: meanwhile it follows, or lies where others have gone on
// (EC-8).
TEST(Election, a_key_from_the_past_that_names_us_is_left_to_run_out) {
  View view = a_replica("pg2");
  view.cluster->leader = LeaderKey{"pg2", 70};
  view.tenure = {};
  EXPECT_TRUE(decide(view).actions.empty());
  view.server.state = ServerState::stopped;
  view.server.in_recovery = false;
  view.peers["pg1"].timeline = view.server.timeline + 1;
  EXPECT_TRUE(decide(view).actions.empty());
  view.peers["pg1"].timeline = view.server.timeline;
  EXPECT_NE(find_action<ReadoptLeader>(decide(view)), nullptr);
}

TEST(Election, one_that_lags_too_far_does_not_lead_and_says_why) {  // EC-23
  View view = a_replica_without_leader("pg2");
  view.cluster->last_leader_position = Lsn{1000 + 2'000'000};
  const auto decision = decide(view);
  EXPECT_EQ(find_action<AcquireLeader>(decision), nullptr);
  EXPECT_NE(decision.reason.find("maximum_lag_on_failover"), std::string::npos);
}

TEST(Election, a_nofailover_member_does_not_lead) {
  View view = a_replica_without_leader("pg2");
  view.tags.nofailover = true;
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Election, a_primary_that_is_still_heard_gets_time_to_take_its_lock_back) {
  View view = a_replica_without_leader("pg2");
  view.peers["pg1"] = a_standby_peer();
  view.peers["pg1"].is_writable = true;
  view.memory.lock_free_since = noon;
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
  view.now += view.settings.leader_ttl;
  for (auto& [name, peer] : view.peers) peer.suspected_at = view.now + 1s;
  EXPECT_NE(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Election, leaves_the_lock_to_the_candidate_of_an_order) {
  View view = a_replica_without_leader("pg2");
  view.cluster->failover = FailoverKey{.leader = "pg1", .candidate = "pg3", .mod_revision = 9};
  view.memory.lock_free_since = noon;
  EXPECT_EQ(find_action<AcquireLeader>(decide(view)), nullptr);
}

TEST(Bootstrap, is_raced_for_only_when_nobody_has_data) {  // EC-111
  View view = a_member("pg1");
  view.server = {.directory = DirectoryState::empty};
  view.cluster = Cluster{};
  EXPECT_EQ(decide(view).actions, actions({TakeInitialize{}}));
  view.cluster->members = {{.name = "pg2", .has_data = true}};
  EXPECT_TRUE(decide(view).actions.empty());
}

TEST(Bootstrap, waits_for_a_majority_of_the_configured_members) {
  View view = a_member("pg1");
  view.server = {.directory = DirectoryState::empty};
  view.cluster = Cluster{};
  view.expected_members = {"pg1", "pg2", "pg3"};
  EXPECT_TRUE(decide(view).actions.empty());
  view.cluster->members = {{.name = "pg2"}};
  EXPECT_EQ(decide(view).actions, actions({TakeInitialize{}}));
}

TEST(Bootstrap, never_happens_over_data) {
  View view = a_member("pg1");
  view.cluster = Cluster{.initialize = ""};
  view.owns_bootstrap = true;
  for (const auto state : {DirectoryState::ready, DirectoryState::foreign, DirectoryState::incomplete,
                           DirectoryState::unknown}) {
    view.server.directory = state;
    EXPECT_EQ(find_action<Bootstrap>(decide(view)), nullptr);
  }
}

TEST(WipedDcs, is_restored_by_the_former_primary_and_by_nobody_else) {  // EC-7
  View replica = a_replica_without_leader("pg2");
  replica.cluster = Cluster{};
  EXPECT_EQ(find_action<AcquireLeader>(decide(replica)), nullptr);
  View primary = a_primary_that_leads();
  primary.cluster = Cluster{};
  primary.tenure.held = false;
  EXPECT_NE(find_action<AcquireLeader>(decide(primary)), nullptr);
}

}  // namespace
}  // namespace holdfast::ha
