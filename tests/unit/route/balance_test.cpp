#include "route/balance.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "unit/route/story.hpp"

namespace holdfast::route {
namespace {

using namespace testing;

// pg1 is primary (epoch 10); pg2 and pg3 are replicas.
Table a_table() {
  Builder builder{{}};
  builder.apply(cluster(leader("pg1", 10)), at(0s));
  builder.apply(primary("pg1", 10, 0s), at(0s));
  builder.apply(replica("pg2", 0s), at(0s));
  builder.apply(replica("pg3", 0s), at(0s));
  return builder.table();
}

Server& server(Table& table, const std::string& name) {
  return *const_cast<Server*>(table.find(name));
}

struct Asked {
  std::vector<std::int64_t> used{0, 0, 0};
  std::int64_t server_maxconn = 0;
  std::vector<std::string> skip;
  std::uint64_t random = 0;
  Cursor cursor;

  std::string name(const Table& table, const Policy& policy) {
    const auto answer = ask(table, policy);
    return answer.server ? table.servers[*answer.server].name : "";
  }
  Pick ask(const Table& table, const Policy& policy) {
    return pick(table, policy, {used, server_maxconn}, cursor, skip, random, at(1s));
  }
};

TEST(Balance, writes_go_to_the_primary_with_its_epoch) {
  Asked asked;
  const auto table = a_table();
  const auto answer = asked.ask(table, {.target = Target::primary});
  EXPECT_EQ(answer.grant.server, "pg1");
  EXPECT_TRUE(answer.grant.as_primary);
  EXPECT_EQ(answer.grant.epoch, Epoch{10});
}

TEST(Balance, reads_go_to_replicas_in_turn) {
  Asked asked;
  const Policy policy{.target = Target::replica, .balance = Balance::roundrobin};
  EXPECT_EQ(asked.name(a_table(), policy), "pg2");
  EXPECT_EQ(asked.name(a_table(), policy), "pg3");
  EXPECT_EQ(asked.name(a_table(), policy), "pg2");
}

TEST(Balance, the_least_used_replica_comes_first) {
  Asked asked{.used = {0, 7, 3}};
  EXPECT_EQ(asked.name(a_table(), {.target = Target::replica}), "pg3");
}

TEST(Balance, equally_used_replicas_take_turns) {
  Asked asked;
  const auto first = asked.name(a_table(), {.target = Target::replica});
  EXPECT_NE(asked.name(a_table(), {.target = Target::replica}), first);
}

TEST(Balance, of_two_draws_the_less_used_wins) {
  Asked asked{.used = {0, 9, 1}, .random = 1ULL << 32};
  EXPECT_EQ(asked.name(a_table(), {.target = Target::replica, .balance = Balance::random}), "pg3");
}

TEST(Balance, reads_fall_back_to_the_primary_when_no_replica_can_serve) {
  auto table = a_table();
  server(table, "pg2").serving = server(table, "pg3").serving = false;
  EXPECT_EQ(Asked{}.name(table, {.target = Target::replica}), "pg1");
  EXPECT_EQ(Asked{}.name(table, {.target = Target::replica, .primary_as_fallback = false}), "");
}

TEST(Balance, a_lagging_replica_gets_no_new_clients) {
  auto table = a_table();
  server(table, "pg2").lag_bytes = 101;
  server(table, "pg3").lag_bytes.reset();
  const Policy policy{.target = Target::replica, .primary_as_fallback = false, .lag_bytes_max = 100};
  EXPECT_EQ(Asked{}.name(table, policy), "");
  server(table, "pg2").lag_bytes = 100;
  EXPECT_EQ(Asked{}.name(table, policy), "pg2");
}

TEST(Balance, max_lag_may_be_a_time) {
  auto table = a_table();
  server(table, "pg2").lag_time = 11s;
  server(table, "pg3").lag_time = 9s;
  EXPECT_EQ(Asked{}.name(table, {.target = Target::replica, .lag_time_max = 10s}), "pg3");
}

TEST(Balance, noloadbalance_keeps_a_replica_for_those_who_name_it) {
  auto table = a_table();
  server(table, "pg2").noloadbalance = true;
  Asked asked{.used = {0, 0, 9}};
  EXPECT_EQ(asked.name(table, {.target = Target::replica}), "pg3");
  EXPECT_EQ(asked.name(table, {.target = Target::named, .server = "pg2"}), "pg2");
}

TEST(Balance, sync_means_synchronous) {
  auto table = a_table();
  server(table, "pg3").synchronous = true;
  EXPECT_EQ(Asked{}.name(table, {.target = Target::sync}), "pg3");
}

TEST(Balance, a_full_server_is_told_from_no_server) {
  Asked asked{.used = {5, 5, 5}, .server_maxconn = 5};
  EXPECT_TRUE(asked.ask(a_table(), {.target = Target::primary}).is_full);
  auto table = a_table();
  table.gate.state = GateState::held;
  EXPECT_FALSE(asked.ask(table, {.target = Target::primary}).is_full);
}

TEST(Balance, a_server_that_refused_this_client_is_passed_over) {
  Asked asked{.skip = {"pg2"}};
  EXPECT_EQ(asked.name(a_table(), {.target = Target::replica}), "pg3");
}

TEST(Balance, any_includes_the_primary_only_while_the_gate_is_open) {
  auto table = a_table();
  Asked asked{.used = {0, 5, 5}};
  EXPECT_EQ(asked.name(table, {.target = Target::any}), "pg1");
  table.gate.state = GateState::held;
  EXPECT_NE(asked.name(table, {.target = Target::any}), "pg1");
}

TEST(Cut, lag_cuts_nobody) {
  auto table = a_table();
  server(table, "pg2").lag_bytes = 1'000'000;
  server(table, "pg2").serving = false;
  EXPECT_EQ(must_cut(table, {.server = "pg2"}, at(1s)), std::nullopt);
}

TEST(Cut, promotion_cuts_the_readers_of_a_replica) {
  auto table = a_table();
  server(table, "pg2").role = Role::primary;
  EXPECT_EQ(must_cut(table, {.server = "pg2"}, at(1s)), CutCause::role_lost);
}

TEST(Cut, a_replica_of_another_history_is_left) {
  auto table = a_table();
  server(table, "pg2").timeline = 2;
  EXPECT_EQ(must_cut(table, {.server = "pg2"}, at(1s)), CutCause::diverged);
}

TEST(Cut, the_proofs_end_cuts_even_when_nobody_closed_the_gate) {
  const auto table = a_table();
  const Grant grant{.server = "pg1", .as_primary = true, .epoch = {10}};
  EXPECT_EQ(must_cut(table, grant, at(1s)), std::nullopt);
  EXPECT_EQ(must_cut(table, grant, table.gate.until), CutCause::proof_expired);
}

RC_GTEST_PROP(BalanceProperty, never_picks_who_may_not_serve,
              (std::uint64_t random, std::uint8_t target_number)) {
  auto table = a_table();
  for (auto& one : table.servers) {
    one.serving = *rc::gen::arbitrary<bool>();
    one.draining = *rc::gen::arbitrary<bool>();
    one.role = *rc::gen::element(Role::unknown, Role::primary, Role::replica);
  }
  table.gate.state = *rc::gen::element(GateState::held, GateState::draining, GateState::open);
  const Policy policy{.target = static_cast<Target>(target_number % 4),
                      .balance = *rc::gen::element(Balance::leastconn, Balance::roundrobin, Balance::random)};
  Asked asked{.random = random};
  const auto answer = asked.ask(table, policy);
  if (!answer.server) return;
  const auto& chosen = table.servers[*answer.server];
  RC_ASSERT(chosen.serving);
  RC_ASSERT(chosen.role != Role::unknown);
  if (chosen.role == Role::primary)
    RC_ASSERT(table.gate.takes_new(at(1s)) && table.gate.primary == chosen.name);
  if (policy.target == Target::primary) RC_ASSERT(chosen.role == Role::primary);
  RC_ASSERT(!must_cut(table, answer.grant, at(1s)) || answer.grant.server == table.gate.primary);
}

}  // namespace
}  // namespace holdfast::route
