#include "route/build.hpp"

#include <gtest/gtest.h>

#include "unit/route/story.hpp"

namespace holdfast::route {
namespace {

using namespace testing;

Builder a_builder() {
  Builder builder{{.gate = {.drift_ppm_max = 0}}};
  builder.apply(cluster(leader("pg1", 10)), at(0s));
  builder.apply(primary("pg1", 10, 0s), at(0s));
  builder.apply(replica("pg2", 0s, Lsn{4000}), at(0s));
  return builder;
}

TEST(Build, knows_who_serves_and_why_not) {
  const auto builder = a_builder();
  EXPECT_TRUE(builder.table().find("pg1")->serving);
  EXPECT_TRUE(builder.table().find("pg2")->serving);
  EXPECT_EQ(builder.table().find("pg3")->why, "its agent has not been heard yet");
}

TEST(Build, counts_lag_from_the_primarys_last_position) {
  EXPECT_EQ(a_builder().table().find("pg2")->lag_bytes, 1000);
}

TEST(Build, a_further_proof_does_not_change_the_shape) {
  auto builder = a_builder();
  const auto before = builder.table();
  auto next = primary("pg1", 10, 1s);
  next.position = Lsn{9000};
  builder.apply(next, at(1s));
  EXPECT_EQ(builder.table().shape, before.shape);
  EXPECT_GT(builder.table().gate.until, before.gate.until);
}

TEST(Build, a_closed_gate_changes_the_shape) {
  auto builder = a_builder();
  const auto before = builder.table().shape;
  builder.on_time(at(4s));
  EXPECT_GT(builder.table().shape, before);
}

TEST(Build, wakes_when_a_heartbeat_falls_silent) {
  auto builder = a_builder();
  ASSERT_EQ(builder.wake_at(), at(2s));
  builder.on_time(at(2s));
  EXPECT_FALSE(builder.table().find("pg2")->serving);
  EXPECT_EQ(builder.wake_at(), at(4s));  // the proof's end: the primary's silence does not shorten it
}

TEST(Build, a_broken_stream_leaves_the_proof_until_its_end) {
  auto builder = a_builder();
  builder.apply(HeartbeatLost{.server = "pg1"}, at(1s));
  EXPECT_TRUE(builder.table().gate.keeps(at(1s)));
  EXPECT_FALSE(builder.table().find("pg1")->serving);
}

TEST(Build, a_member_whose_record_lapsed_stays_while_its_heartbeat_is_heard) {
  auto builder = a_builder();
  builder.apply(cluster(leader("pg1", 10), {"pg1"}), at(1s));
  EXPECT_NE(builder.table().find("pg2"), nullptr);
  EXPECT_EQ(builder.table().find("pg3"), nullptr);
  builder.apply(HeartbeatLost{.server = "pg2"}, at(1s));
  EXPECT_EQ(builder.table().find("pg2"), nullptr);
}

TEST(Build, since_moves_only_with_role_and_serving) {
  auto builder = a_builder();
  builder.apply(replica("pg2", 1s), at(1s));
  EXPECT_EQ(builder.table().find("pg2")->since, at(0s));
  auto promoted = primary("pg2", 20, 2s);
  builder.apply(promoted, at(2s));
  EXPECT_EQ(builder.table().find("pg2")->since, at(2s));
}

// --- polled
// --------------------------------------------------------------------------------------------------------

CheckSeen check(std::string name, bool is_primary, bool is_replica, Timeline timeline = 1) {
  return {.server = {.name = std::move(name), .host = "127.0.0.1", .port = 5432},
          .primary_ok = is_primary,
          .replica_ok = is_replica,
          .timeline = timeline};
}

Builder a_polled_builder() {
  Builder builder{{.polled = true, .health = {.fall = 3, .rise = 2}}};
  builder.apply(check("pg1", true, false), at(0s));
  builder.apply(check("pg2", false, true), at(0s));
  return builder;
}

TEST(Polled, takes_who_answers_primary) {
  const auto builder = a_polled_builder();
  EXPECT_EQ(builder.table().gate.primary, "pg1");
  EXPECT_TRUE(builder.table().gate.takes_new(at(1h)));
  EXPECT_EQ(builder.table().find("pg2")->role, Role::replica);
}

TEST(Polled, a_server_falls_after_so_many_failures) {
  auto builder = a_polled_builder();
  builder.apply(check("pg1", false, false), at(1s));
  builder.apply(check("pg1", false, false), at(2s));
  EXPECT_EQ(builder.table().gate.state, GateState::open);
  builder.apply(check("pg1", false, false), at(3s));
  EXPECT_EQ(builder.table().gate.state, GateState::held);
}

TEST(Polled, who_says_that_it_is_a_replica_now_is_no_primary_from_then_on) {
  auto builder = a_polled_builder();
  builder.apply(check("pg1", false, true), at(1s));
  EXPECT_EQ(builder.table().gate.state, GateState::held);
}

TEST(Polled, each_change_of_primary_has_its_epoch) {
  auto builder = a_polled_builder();
  const auto before = builder.table().gate.epoch;
  builder.apply(check("pg1", false, true), at(1s));
  builder.apply(check("pg2", true, false, 2), at(2s));
  builder.apply(check("pg2", true, false, 2), at(3s));
  EXPECT_EQ(builder.table().gate.primary, "pg2");
  EXPECT_GT(builder.table().gate.epoch, before);
}

TEST(Polled, of_two_primaries_the_later_timeline_is_right_and_on_one_timeline_none) {
  auto builder = a_polled_builder();
  builder.apply(check("pg3", true, false, 2), at(1s));
  EXPECT_EQ(builder.table().gate.primary, "pg3");
  builder.apply(check("pg1", true, false, 2), at(2s));
  EXPECT_EQ(builder.table().gate.state, GateState::held);
}

}  // namespace
}  // namespace holdfast::route
