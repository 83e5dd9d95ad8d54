#include "proxy/self_check.hpp"

#include <gtest/gtest.h>

namespace holdfast::proxy {
namespace {

BootInstant at(nanoseconds since_start) {
  return BootInstant{100s} + since_start;
}

TEST(SelfCheck, a_proxy_that_has_just_begun_knows_no_way_yet) {
  const SelfCheck check;
  EXPECT_FALSE(check.verdict(at(0s)).is_well);
}

TEST(SelfCheck, a_living_watch_is_enough_however_long_nothing_happens) {
  SelfCheck check;
  check.on_event(route::ClusterSeen{}, at(0s));
  EXPECT_TRUE(check.verdict(at(24h)).is_well);
}

TEST(SelfCheck, without_the_dcs_heartbeats_are_enough) {
  SelfCheck check;
  check.on_event(route::ClusterSeen{}, at(0s));
  check.on_event(route::WatchLost{}, at(10s));
  EXPECT_TRUE(check.verdict(at(12s)).is_well) << "it knew the cluster until just now";
  check.on_event(route::WatchLost{}, at(12s));
  EXPECT_FALSE(check.verdict(at(12s + 1ms)).is_well) << "to lose it again is no news";
  check.on_event(route::HeartbeatSeen{}, at(13s));
  EXPECT_TRUE(check.verdict(at(15s)).is_well);
  EXPECT_FALSE(check.verdict(at(15s + 1ms)).is_well);
}

TEST(SelfCheck, bad_news_is_no_news) {
  SelfCheck check;
  check.on_event(route::HeartbeatSeen{}, at(0s));
  check.on_event(route::HeartbeatLost{}, at(2s));
  check.on_event(route::CheckSeen{}, at(2s));
  EXPECT_EQ(check.verdict(at(3s)),
            (heartbeat::Wellbeing{.is_well = false,
                                  .why = "it has heard neither the DCS nor any server for 3000 ms"}));
}

TEST(SelfCheck, one_server_that_passes_a_check_is_good_news) {
  SelfCheck check;
  check.on_event(route::CheckSeen{.replica_ok = true}, at(0s));
  EXPECT_TRUE(check.verdict(at(2s)).is_well);
}

TEST(SelfCheck, that_there_is_no_primary_is_not_this_proxys_fault) {
  SelfCheck check;
  check.on_event(route::ClusterSeen{.members = {}, .leader = {}}, at(0s));
  EXPECT_TRUE(check.verdict(at(1min)).is_well);
}

TEST(SelfCheck, a_thread_that_hangs_makes_it_sick_until_it_answers) {
  SelfCheck check;
  check.on_event(route::ClusterSeen{}, at(0s));
  check.on_worker_delay(2s);
  EXPECT_TRUE(check.verdict(at(0s)).is_well);
  check.on_worker_delay(2s + 1ms);
  EXPECT_EQ(check.verdict(at(0s)).why, "one of its threads hangs");
  check.on_worker_delay(0s);
  EXPECT_TRUE(check.verdict(at(0s)).is_well);
}

TEST(SelfCheck, who_drains_wants_no_new_clients_whatever_else_is_well) {
  SelfCheck check;
  check.on_event(route::ClusterSeen{}, at(0s));
  check.on_draining();
  EXPECT_EQ(check.verdict(at(0s)).why, "it is draining");
}

}  // namespace
}  // namespace holdfast::proxy
