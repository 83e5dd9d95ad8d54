#include <gtest/gtest.h>

#include "proxy/dcs_discovery.hpp"
#include "proxy/poll_discovery.hpp"

namespace holdfast::proxy {
namespace {

dcs::Member member(std::string conn_url) {
  dcs::Member one;
  one.name = "pg1";
  one.conn_url = std::move(conn_url);
  return one;
}

TEST(DcsDiscovery, a_members_address_comes_from_its_conn_url) {
  const auto plain = route_member_of(member("postgres://10.0.1.11:5432/postgres"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain, (route::Member{.name = "pg1", .host = "10.0.1.11", .port = 5432}));
  const auto v6 = route_member_of(member("postgres://user@[::1]:5433/postgres?sslmode=require"));
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 5433);
}

TEST(DcsDiscovery, a_member_without_an_address_is_left_out) {
  EXPECT_FALSE(route_member_of(member("")));
  EXPECT_FALSE(route_member_of(member("postgres://")));
}

TEST(DcsDiscovery, the_epoch_lies_between_the_leader_keys_creation_and_last_change) {
  dcs::Cluster cluster;
  cluster.leader = dcs::LeaderLock{.name = "pg1", .create_revision = 10, .mod_revision = 25};
  const auto seen = cluster_seen_of(cluster);
  ASSERT_TRUE(seen.leader);
  EXPECT_EQ(*seen.leader, (route::LeaderKey{.name = "pg1", .epoch_min = {10}, .epoch_max = {25}}));
}

TEST(DcsDiscovery, a_replica_tells_what_it_replayed_and_a_primary_what_it_wrote) {
  heartbeat::Heartbeat heartbeat;
  heartbeat.write_lsn = Lsn{9};
  heartbeat.replay_lsn = Lsn{7};
  heartbeat.role = heartbeat::Role::primary;
  EXPECT_EQ(heartbeat_seen_of(heartbeat, {}, {}).position, Lsn{9});
  heartbeat.role = heartbeat::Role::replica;
  EXPECT_EQ(heartbeat_seen_of(heartbeat, {}, {}).position, Lsn{7});
}

TEST(DcsDiscovery, who_is_not_promoted_yet_is_no_primary) {
  heartbeat::Heartbeat heartbeat;
  heartbeat.role = heartbeat::Role::promoted;
  EXPECT_EQ(heartbeat_seen_of(heartbeat, {}, {}).role, route::Role::unknown);
}

TEST(PollDiscovery, reads_patronis_status) {
  route::CheckSeen seen;
  read_patroni_status(R"({"timeline":3,"sync_standby":true,"xlog":{"replayed_location":4711}})", seen);
  EXPECT_EQ(seen.timeline, 3u);
  EXPECT_TRUE(seen.synchronous);
  EXPECT_EQ(seen.position, Lsn{4711});
}

TEST(PollDiscovery, survives_an_answer_that_is_none) {
  route::CheckSeen seen;
  read_patroni_status("<html>", seen);
  read_patroni_status(R"({"timeline":"x","xlog":[]})", seen);
  EXPECT_EQ(seen.position, Lsn{});
}

}  // namespace
}  // namespace holdfast::proxy
