#include "route/gate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "route/policy.hpp"
#include "unit/route/story.hpp"

namespace holdfast::route {
namespace {

using namespace testing;

// pg1 leads with epoch 10 and has proved at 0 s that its lease has 4 s left.
Gate an_open_gate() {
  Gate gate{{.drift_ppm_max = 1000}};
  gate.on_cluster(leader("pg1", 10), at(0s));
  gate.on_heartbeat(primary("pg1", 10, 0s), at(0s));
  return gate;
}

TEST(Gate, opens_when_the_leader_key_and_the_agent_agree) {
  const auto gate = an_open_gate();
  EXPECT_TRUE(gate.view().takes_new(at(1s)));
  EXPECT_EQ(gate.view().primary, "pg1");
  EXPECT_EQ(gate.view().epoch, Epoch{10});
}

TEST(Gate, stays_shut_on_the_leader_key_alone) {
  Gate gate{{}};
  gate.on_cluster(leader("pg1", 10), at(0s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, stays_shut_on_the_agents_word_alone) {
  Gate gate{{}};
  gate.on_heartbeat(primary("pg1", 10, 0s), at(0s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, ends_at_the_question_plus_the_lease_left_shortened_by_drift) {
  const auto gate = an_open_gate();
  EXPECT_EQ(gate.view().until, at(4s - 4ms));
  EXPECT_FALSE(gate.view().takes_new(at(4s - 4ms)));
  EXPECT_TRUE(gate.view().takes_new(at(4s - 5ms)));
}

TEST(Gate, closes_when_no_new_proof_has_come) {
  auto gate = an_open_gate();
  gate.on_time(*gate.wake_at());
  EXPECT_EQ(gate.view().state, GateState::held);
  EXPECT_EQ(gate.view().closed_by, CutCause::proof_expired);
}

TEST(Gate, an_answer_without_a_nonce_proves_nothing) {
  Gate gate{{}};
  gate.on_cluster(leader("pg1", 10), at(0s));
  auto answer = primary("pg1", 10, 0s);
  answer.sent_at = {};
  gate.on_heartbeat(answer, at(0s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, an_answer_that_was_long_on_its_way_counts_from_the_question) {
  Gate gate{{.drift_ppm_max = 0}};
  gate.on_cluster(leader("pg1", 10), at(9s));
  gate.on_heartbeat(primary("pg1", 10, 0s, 4s), at(9s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, stays_open_on_proofs_while_the_dcs_is_dead) {
  auto gate = an_open_gate();
  gate.on_watch_lost(at(1s));
  gate.on_heartbeat(primary("pg1", 10, 3s), at(3s));
  EXPECT_TRUE(gate.view().takes_new(at(6s)));
}

TEST(Gate, does_not_open_while_the_dcs_is_dead) {
  auto gate = an_open_gate();
  gate.on_watch_lost(at(1s));
  gate.on_time(at(5s));
  gate.on_heartbeat(primary("pg1", 10, 6s), at(6s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, closes_at_once_when_another_member_leads) {
  auto gate = an_open_gate();
  gate.on_cluster(leader("pg2", 20), at(1s));
  EXPECT_EQ(gate.view().state, GateState::held);
  EXPECT_EQ(gate.view().closed_by, CutCause::epoch_passed);
}

TEST(Gate, never_reopens_for_a_deposed_primary) {
  auto gate = an_open_gate();
  gate.on_cluster(leader("pg2", 20), at(1s));
  gate.on_cluster(leader("pg1", 30), at(2s));
  gate.on_heartbeat(primary("pg1", 10, 2s), at(2s));
  EXPECT_EQ(gate.view().state, GateState::held);
  gate.on_heartbeat(primary("pg1", 30, 3s), at(3s));
  EXPECT_EQ(gate.view().epoch, Epoch{30});
}

TEST(Gate, serves_a_takeover_whose_key_was_moved_to_another_lease_since) {
  auto gate = an_open_gate();
  gate.on_cluster(LeaderKey{.name = "pg2", .epoch_min = {10}, .epoch_max = {25}}, at(1s));
  gate.on_heartbeat(primary("pg2", 20, 1s), at(1s));
  EXPECT_EQ(gate.view().epoch, Epoch{20});
}

TEST(Gate, closes_when_the_agent_says_it_is_a_replica) {
  auto gate = an_open_gate();
  gate.on_heartbeat(replica("pg1", 1s), at(1s));
  EXPECT_EQ(gate.view().closed_by, CutCause::role_lost);
}

TEST(Gate, drains_during_a_switchover_and_opens_again_when_it_is_called_off) {
  auto gate = an_open_gate();
  auto draining = primary("pg1", 10, 1s);
  draining.draining = true;
  gate.on_heartbeat(draining, at(1s));
  EXPECT_FALSE(gate.view().takes_new(at(1s)));
  EXPECT_TRUE(gate.view().keeps(at(1s)));
  gate.on_heartbeat(primary("pg1", 10, 2s), at(2s));
  EXPECT_TRUE(gate.view().takes_new(at(2s)));
}

TEST(Gate, takes_no_new_clients_while_the_leader_key_is_gone) {
  auto gate = an_open_gate();
  gate.on_cluster(std::nullopt, at(1s));
  EXPECT_FALSE(gate.view().takes_new(at(1s)));
  EXPECT_TRUE(gate.view().keeps(at(1s)));
}

TEST(Gate, an_older_answer_does_not_replace_a_newer_one) {
  auto gate = an_open_gate();
  gate.on_heartbeat(replica("pg1", 2s), at(2s));
  gate.on_heartbeat(primary("pg1", 10, 1s), at(3s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, unasked_news_of_a_lost_role_closes_it_at_once) {
  auto gate = an_open_gate();
  auto news = replica("pg1", 1s);
  news.sent_at = {};
  gate.on_heartbeat(news, at(1s));
  EXPECT_EQ(gate.view().closed_by, CutCause::role_lost);
}

TEST(Gate, unasked_news_neither_extends_nor_ends_a_proof) {
  auto gate = an_open_gate();
  auto news = primary("pg1", 10, 2s);
  news.sent_at = {};
  gate.on_heartbeat(news, at(2s));
  EXPECT_TRUE(gate.view().takes_new(at(2s)));
  EXPECT_EQ(gate.view().until, at(4s - 4ms));
}

TEST(Gate, a_proof_is_not_carried_over_to_another_epoch) {
  auto gate = an_open_gate();
  auto news = primary("pg1", 20, 1s);
  news.sent_at = {};
  gate.on_cluster(leader("pg1", 20), at(1s));
  gate.on_heartbeat(news, at(1s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, an_agent_that_was_started_again_and_knows_no_lease_yet_ends_no_proof) {
  auto gate = an_open_gate();
  gate.on_heartbeat(primary("pg1", 0, 1s, 0ns), at(1s));
  EXPECT_TRUE(gate.view().takes_new(at(1s)));
  EXPECT_EQ(gate.view().until, at(4s - 4ms));
  gate.on_time(*gate.wake_at());
  EXPECT_EQ(gate.view().closed_by, CutCause::proof_expired);
}

TEST(Gate, an_agent_that_knows_no_lease_opens_nothing) {
  Gate gate{{}};
  gate.on_cluster(leader("pg1", 10), at(0s));
  gate.on_heartbeat(primary("pg1", 0, 0s, 0ns), at(0s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

TEST(Gate, does_not_open_for_an_answer_older_than_the_news_of_another_lock) {
  Gate gate{{}};
  gate.on_cluster(LeaderKey{.name = "pg1", .epoch_min = Epoch{2}, .epoch_max = Epoch{3}}, at(0s));
  gate.on_heartbeat(primary("pg1", 2, 1s, 4s), at(1s));
  auto news = primary("pg1", 3, 0s, 4s);
  news.sent_at = {};
  gate.on_heartbeat(news, at(1100ms));
  ASSERT_EQ(gate.view().state, GateState::held);
  gate.on_heartbeat(primary("pg1", 2, 500ms, 4s), at(1200ms));
  EXPECT_EQ(gate.view().state, GateState::held);
}

// --- another store: etcd wiped, restored or replaced (EC-7, EC-8)

// As an_open_gate(), seen in the etcd cluster 1 at revision 12; pg1 is on timeline 1.
Gate an_open_gate_of_a_known_store() {
  Gate gate{{.drift_ppm_max = 1000}};
  gate.on_cluster(leader("pg1", 10), at(0s), store(1, 12));
  gate.on_heartbeat(primary("pg1", 10, 0s), at(0s));
  return gate;
}

TEST(GateOfAnotherStore, closes_and_cuts_when_the_cluster_id_is_another) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(std::nullopt, at(1s), store(2, 900));
  EXPECT_EQ(gate.view().state, GateState::held);
  EXPECT_EQ(gate.view().closed_by, CutCause::epoch_passed);
}

TEST(GateOfAnotherStore, closes_and_cuts_when_the_revisions_went_back_under_the_same_id) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(std::nullopt, at(1s), store(1, 1));
  EXPECT_EQ(gate.view().closed_by, CutCause::epoch_passed);
}

TEST(GateOfAnotherStore, knows_it_by_a_leader_key_older_than_one_seen_before) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(leader("pg1", 3), at(1s), store(1, 500));
  EXPECT_EQ(gate.view().closed_by, CutCause::epoch_passed);
  gate.on_heartbeat(primary("pg1", 3, 2s), at(2s));
  EXPECT_EQ(gate.view().epoch, Epoch{3});
}

TEST(GateOfAnotherStore, serves_the_lower_epoch_of_a_wiped_store_without_hands) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(std::nullopt, at(1s), store(1, 1));
  gate.on_cluster(leader("pg1", 3), at(2s), store(1, 3));
  gate.on_heartbeat(primary("pg1", 3, 3s), at(3s));
  EXPECT_TRUE(gate.view().takes_new(at(3s)));
  EXPECT_EQ(gate.view().epoch, Epoch{3});
  EXPECT_EQ(gate.view().store, 1);
}

TEST(GateOfAnotherStore, serves_another_member_too) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_watch_lost(at(1s));
  gate.on_cluster(leader("pg2", 3), at(2s), store(2, 5));
  gate.on_heartbeat(primary("pg2", 3, 3s), at(3s));
  EXPECT_EQ(gate.view().primary, "pg2");
}

TEST(GateOfAnotherStore, an_epoch_of_the_old_store_opens_nothing) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(leader("pg1", 3), at(1s), store(1, 3));
  gate.on_heartbeat(primary("pg1", 10, 2s), at(2s));
  EXPECT_EQ(gate.view().state, GateState::held);
  EXPECT_EQ(gate.view().why, "epoch 10 is not in the DCS yet");
}

TEST(GateOfAnotherStore, an_answer_to_a_question_of_before_opens_nothing) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(leader("pg1", 3), at(2s), store(2, 3));
  gate.on_heartbeat(primary("pg1", 3, 1s), at(2s));
  EXPECT_EQ(gate.view().state, GateState::held);
  EXPECT_EQ(gate.view().why, "pg1 has not answered since etcd was wiped, restored or replaced");
}

TEST(GateOfAnotherStore, cuts_a_grant_of_the_same_epoch_of_the_old_store) {
  auto gate = an_open_gate_of_a_known_store();
  const Grant before{.server = "pg1", .as_primary = true, .epoch = {10}, .store = gate.view().store};
  gate.on_cluster(leader("pg1", 10), at(1s), store(2, 12));
  gate.on_heartbeat(primary("pg1", 10, 2s), at(2s));
  ASSERT_TRUE(gate.view().takes_new(at(2s)));
  EXPECT_EQ(must_cut({.gate = gate.view()}, before, at(2s)), CutCause::epoch_passed);
}

// pg2 took over from pg1 and went to timeline 2; then a snapshot from before that is restored, in which pg1
// still holds its lock, and a pg1 that was frozen all the while wakes up with lease left.
Gate a_gate_of_a_restored_store() {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(leader("pg2", 20), at(1s), store(1, 20));
  auto promoted = primary("pg2", 20, 2s);
  promoted.timeline = 2;
  gate.on_heartbeat(promoted, at(2s));
  gate.on_cluster(leader("pg1", 10), at(3s), store(2, 12));
  return gate;
}

TEST(GateOfAnotherStore, a_restored_lock_of_long_ago_does_not_bring_its_holder_back) {
  auto gate = a_gate_of_a_restored_store();
  gate.on_heartbeat(primary("pg1", 10, 4s), at(4s));
  EXPECT_EQ(gate.view().state, GateState::held);
  EXPECT_EQ(gate.view().why, "pg1 is on timeline 1, but 2 was served before etcd was restored");
}

TEST(GateOfAnotherStore, a_lock_taken_since_is_served_whatever_its_timeline) {
  auto gate = a_gate_of_a_restored_store();
  gate.on_cluster(leader("pg1", 14), at(5s), store(2, 14));
  gate.on_heartbeat(primary("pg1", 14, 6s), at(6s));
  EXPECT_EQ(gate.view().epoch, Epoch{14});
}

TEST(Gate, stays_open_while_the_store_goes_on) {
  auto gate = an_open_gate_of_a_known_store();
  gate.on_cluster(leader("pg1", 10), at(1s), store(1, 12));
  gate.on_cluster(leader("pg1", 10), at(2s), store(1, 40));
  gate.on_cluster(leader("pg1", 10), at(2s));  // it did not say which it is
  EXPECT_TRUE(gate.view().takes_new(at(2s)));
  EXPECT_EQ(gate.view().store, 0);
}

TEST(Gate, survives_nonsense_about_the_lease) {
  Gate gate{{}};
  gate.on_cluster(leader("pg1", 10), at(0s));
  gate.on_heartbeat(primary("pg1", 10, 0s, nanoseconds::max()), at(0s));
  EXPECT_LE(gate.view().until, at(1h));
  gate.on_heartbeat(primary("pg1", 10, 1s, nanoseconds::min()), at(1s));
  EXPECT_EQ(gate.view().state, GateState::held);
}

// --- properties: any order of events
// -------------------------------------------------------------------------------

struct Happening {
  int kind;
  int server;
  int epoch;
  int sent;
  int lease;
};

void showValue(const Happening& it, std::ostream& out) {
  out << "{kind " << it.kind << ", pg" << it.server << ", epoch " << it.epoch << ", sent " << it.sent
      << " ms ago, lease " << it.lease << " ms}";
}

std::vector<Happening> some_history() {
  auto happening = rc::gen::build<Happening>(rc::gen::set(&Happening::kind, rc::gen::inRange(0, 9)),
                                             rc::gen::set(&Happening::server, rc::gen::inRange(1, 4)),
                                             rc::gen::set(&Happening::epoch, rc::gen::inRange(1, 6)),
                                             rc::gen::set(&Happening::sent, rc::gen::inRange(0, 3000)),
                                             rc::gen::set(&Happening::lease, rc::gen::inRange(0, 4000)));
  return *rc::gen::container<std::vector<Happening>>(happening);
}

// What the gate was told; the last answers are remembered as the reference to judge it by.
struct World {
  Gate gate{{.drift_ppm_max = 1000}};
  milliseconds now{0};
  std::optional<LeaderKey> key;
  bool watching = false;
  std::map<std::string, HeartbeatSeen> answers;

  void step(const Happening& what) {
    now += 50ms;
    const auto name = "pg" + std::to_string(what.server);
    if (what.kind == 0) {
      gate.on_watch_lost(at(now));
      watching = false;
    } else if (what.kind <= 2) {
      watching = true;
      key = what.kind == 1 ? std::optional{leader(name, what.epoch)} : std::nullopt;
      gate.on_cluster(key, at(now));
    } else if (what.kind == 3) {
      gate.on_time(at(now));
    } else {
      const auto sent = std::max(0ms, now - milliseconds{what.sent});
      auto answer = primary(name, what.epoch, sent, milliseconds{what.lease});
      if (what.kind == 7) answer.role = Role::replica;
      if (what.kind == 8) answer.sent_at = {};
      gate.on_heartbeat(answer, at(now));
      if (what.kind == 8) return;
      if (answers[name].sent_at <= answer.sent_at) answers[name] = answer;
    }
  }
};

RC_GTEST_PROP(GateProperty, the_epoch_never_goes_down, ()) {
  World world;
  Epoch highest;
  for (const auto& what : some_history()) {
    world.step(what);
    RC_ASSERT(world.gate.view().epoch >= highest);
    highest = world.gate.view().epoch;
  }
}

RC_GTEST_PROP(GateProperty, an_epoch_has_one_server_only, ()) {
  World world;
  std::map<std::int64_t, std::string> servers;
  for (const auto& what : some_history()) {
    world.step(what);
    const auto& view = world.gate.view();
    if (!view.keeps(at(world.now))) continue;
    const auto [known, is_new] = servers.try_emplace(view.epoch.value, view.primary);
    RC_ASSERT(is_new || known->second == view.primary);
  }
}

RC_GTEST_PROP(GateProperty, is_never_open_past_the_proof, ()) {
  World world;
  for (const auto& what : some_history()) {
    world.step(what);
    const auto& view = world.gate.view();
    if (view.state == GateState::held) continue;
    const auto& answer = world.answers.at(view.primary);
    const auto left = answer.lease_remaining;
    RC_ASSERT(view.until <= answer.sent_at + left);
    RC_ASSERT(at(world.now) < view.until);
    RC_ASSERT(answer.epoch == view.epoch);
  }
}

RC_GTEST_PROP(GateProperty, opens_only_with_a_live_dcs_that_agrees, ()) {
  World world;
  GateView before;
  for (const auto& what : some_history()) {
    world.step(what);
    const auto& view = world.gate.view();
    const bool has_opened =
        view.takes_new(at(world.now)) && (before.state == GateState::held || before.epoch != view.epoch);
    if (has_opened) RC_ASSERT(world.watching && world.key && world.key->name == view.primary);
    if (view.takes_new(at(world.now)) && world.watching)
      RC_ASSERT(world.key && world.key->name == view.primary);
    before = view;
  }
}

RC_GTEST_PROP(GateProperty, every_grant_of_an_older_epoch_is_cut, ()) {
  World world;
  std::vector<Grant> grants;
  for (const auto& what : some_history()) {
    world.step(what);
    const auto& view = world.gate.view();
    if (view.takes_new(at(world.now))) grants.push_back({view.primary, true, view.epoch});
    for (const auto& grant : grants) {
      const bool may_live = grant.epoch == view.epoch && view.keeps(at(world.now));
      RC_ASSERT(must_cut({.gate = view}, grant, at(world.now)).has_value() == !may_live);
    }
  }
}

// Stores as they are: within one, revisions and the leader key go forward only; a rebuilt one begins low.
struct StoreWorld {
  World world;
  StoreSeen now_is = store(1, 1);
  std::optional<LeaderKey> key;
  BootInstant rebuilt_at{};
  int rebuilt = 0;

  void step(const Happening& what) {
    const auto name = "pg" + std::to_string(what.server);
    if (what.kind >= 3) {
      // Half of the answers are about the key that there is, the others about any lock, of any store.
      auto about = what;
      if (key && what.lease % 2 == 0) about.epoch = static_cast<int>(key->epoch_max.value);
      return world.step(about);
    }
    world.now += 50ms;
    if (what.kind == 0) {
      rebuild(what);
    } else if (what.kind == 1) {
      now_is.revision += 1;
      key = leader(name, now_is.revision);
    } else {
      now_is.revision += 1;
      key.reset();
    }
    world.gate.on_cluster(key, at(world.now), now_is);
  }

  void rebuild(const Happening& what) {
    // The same id, as after a wipe under the same names, or another one; an empty store is nobody's memory.
    const bool has_same_id = what.sent % 2 == 0 && now_is.revision > 1;
    now_is = has_same_id ? store(now_is.id, 1) : store(now_is.id + 1, what.epoch);
    key.reset();
    rebuilt_at = at(world.now);
    ++rebuilt;
  }
};

RC_GTEST_PROP(GateProperty, nothing_of_a_rebuilt_store_is_served_again, ()) {
  StoreWorld stores;
  stores.world.gate.on_cluster(std::nullopt, at(0s), stores.now_is);
  std::vector<std::pair<int, Grant>> grants;
  for (const auto& what : some_history()) {
    stores.step(what);
    const auto now = at(stores.world.now);
    const auto& view = stores.world.gate.view();
    if (view.takes_new(now)) grants.push_back({stores.rebuilt, {view.primary, true, view.epoch, view.store}});
    for (const auto& [rebuilt, grant] : grants) {
      if (rebuilt != stores.rebuilt) RC_ASSERT(must_cut({.gate = view}, grant, now).has_value());
    }
  }
}

RC_GTEST_PROP(GateProperty, opens_after_a_rebuild_only_for_the_holder_of_the_new_key_who_was_asked_since,
              ()) {
  StoreWorld stores;
  stores.world.gate.on_cluster(std::nullopt, at(0s), stores.now_is);
  for (const auto& what : some_history()) {
    stores.step(what);
    const auto& view = stores.world.gate.view();
    if (!view.takes_new(at(stores.world.now))) continue;
    RC_ASSERT(stores.key && stores.key->name == view.primary);
    RC_ASSERT(view.epoch <= stores.key->epoch_max);
    RC_ASSERT(stores.world.answers.at(view.primary).sent_at > stores.rebuilt_at);
  }
}

RC_GTEST_PROP(GateProperty, a_rebuilt_store_never_holds_the_gate_for_ever, ()) {
  StoreWorld stores;
  stores.world.gate.on_cluster(std::nullopt, at(0s), stores.now_is);
  for (const auto& what : some_history()) stores.step(what);
  stores.step({.kind = 0, .server = 1, .epoch = 1, .sent = *rc::gen::inRange(0, 2), .lease = 0});
  stores.step({.kind = 1, .server = 1, .epoch = 0, .sent = 0, .lease = 0});
  const auto epoch = static_cast<int>(stores.key->epoch_max.value);
  stores.step({.kind = 4, .server = 1, .epoch = epoch, .sent = 0, .lease = 3000});
  RC_ASSERT(stores.world.gate.view().takes_new(at(stores.world.now)));
}

}  // namespace
}  // namespace holdfast::route
