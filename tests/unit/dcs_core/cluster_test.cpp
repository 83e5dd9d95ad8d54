#include "dcs/cluster.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/value.hpp>

namespace holdfast::dcs {
namespace {

const Keys keys{"/service/", "demo"};

Snapshot snapshot_of(std::vector<std::pair<std::string, std::string>> entries) {
  Snapshot snapshot{.revision = 9, .entries = {}};
  for (auto& [key, value] : entries) {
    snapshot.entries.push_back({.key = keys.prefix() + key,
                                .value = value,
                                .create_revision = 3,
                                .mod_revision = 7,
                                .version = 2,
                                .lease = {}});
  }
  std::sort(snapshot.entries.begin(), snapshot.entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return snapshot;
}

Cluster parsed(std::vector<std::pair<std::string, std::string>> entries) {
  return parse_cluster(keys, snapshot_of(std::move(entries)));
}

TEST(Keys, are_patronis) {
  EXPECT_EQ(Keys("", "demo").leader(), "/service/demo/leader");
  EXPECT_EQ(Keys("//a//b/", "demo").member("pg1"), "/a/b/demo/members/pg1");
  EXPECT_EQ(keys.member_of("/service/demo/members/pg1"), "pg1");
  EXPECT_EQ(keys.member_of("/service/demo/members/pg1/x"), std::nullopt);
  EXPECT_EQ(keys.member_of("/service/demo/leader"), std::nullopt);
}

TEST(Cluster, reads_what_patroni_writes_and_prints_the_same_bytes) {
  const std::string member =
      R"({"conn_url":"postgres://10.0.1.11:5432/postgres","api_url":"http://10.0.1.11:8008/patroni","state":"running",)"
      R"("role":"primary","version":"4.1.4","tags":{"clonefrom":true,"weight":1.5},"xlog_location":67395656,"timeline":5,"later":[1,"\u00e9"]})";
  const std::string sync = R"({"leader":"pg1","quorum":0,"sync_standby":"pg2,pg3"})";
  const std::string status = R"({"optime":67395656,"slots":{"a":67395656},"retain_slots":["pg2"]})";
  const std::string history =
      R"([[1,50331808,"no recovery target specified"],[2,67108864,"x","2026-01-14T10:09:57+00:00","pg2"]])";
  const std::string failover =
      R"({"leader":"pg1","member":"pg2","scheduled_at":"2026-01-14T10:09:57.123+00:00"})";
  const auto cluster = parsed({{"members/pg1", member},
                               {"sync", sync},
                               {"status", status},
                               {"history", history},
                               {"failover", failover},
                               {"leader", "pg1"},
                               {"initialize", "7290000000000000001"},
                               {"config", R"({"ttl":30})"},
                               {"failsafe", R"({"pg1":"http://x/patroni"})"}});
  EXPECT_TRUE(cluster.problems.empty());
  ASSERT_EQ(cluster.members.size(), 1U);
  EXPECT_EQ(cluster.members[0].timeline, 5U);
  EXPECT_EQ(print_member(cluster.members[0]), member);
  EXPECT_EQ(print_sync(*cluster.sync), sync);
  EXPECT_EQ(print_status(*cluster.status), status);
  EXPECT_EQ(print_history(*cluster.history), history);
  EXPECT_EQ(print_failover(*cluster.failover), failover);
  EXPECT_EQ(print_failsafe(*cluster.failsafe), R"({"pg1":"http://x/patroni"})");
  EXPECT_EQ(cluster.leader->create_revision, 3);
  EXPECT_EQ(cluster.initialize->system_id, "7290000000000000001");
}

TEST(Cluster, prints_an_idle_sync_state_as_patroni_does) {
  EXPECT_EQ(print_sync({.leader = "pg1", .standbys = {}}),
            R"({"leader":"pg1","quorum":0,"sync_standby":null})");
  EXPECT_EQ(print_failover({}), "{}");
  EXPECT_EQ(print_history({}), "[]");
}

TEST(Cluster, treats_malformed_values_as_absent_and_says_so) {
  const auto cluster = parsed({{"members/pg1", "not json"},
                               {"sync", "[]"},
                               {"status", "{"},
                               {"history", "[[1]]"},
                               {"config", "7"},
                               {"failsafe", "x"},
                               {"initialize", "abc"},
                               {"failover", R"({"scheduled_at":"tomorrow"})"}});
  EXPECT_TRUE(cluster.members.empty());
  EXPECT_FALSE(cluster.sync || cluster.status || cluster.history || cluster.config || cluster.failsafe ||
               cluster.initialize || cluster.failover);
  EXPECT_EQ(cluster.problems.size(), 8U);
}

TEST(Cluster, takes_a_malformed_timeline_number_for_none_that_can_be_replaced) {
  EXPECT_EQ(parsed({{"timeline", "12"}}).timeline->number, 12U);
  EXPECT_FALSE(parsed({}).timeline.has_value());
  for (const char* text : {"", "x", "-1", "3x", "4294967295", "99999999999999999999", "1000001"}) {
    const auto cluster = parsed({{"timeline", text}});
    ASSERT_TRUE(cluster.timeline.has_value()) << text;
    EXPECT_EQ(cluster.timeline->number, 0U) << text;
    EXPECT_GT(cluster.timeline->mod_revision, 0) << text;
    EXPECT_EQ(cluster.problems.size(), 1U) << text;
  }
}

TEST(Cluster, knows_a_bootstrap_in_progress_and_the_legacy_forms) {
  const auto cluster = parsed({{"initialize", ""}, {"failover", "pg1:pg2"}, {"optime/leader", "1234"}});
  EXPECT_TRUE(cluster.initialize->is_in_progress());
  EXPECT_EQ(cluster.failover->leader, "pg1");
  EXPECT_EQ(cluster.failover->member, "pg2");
  EXPECT_EQ(cluster.status->optime, Lsn{1234});
}

RC_GTEST_PROP(Cluster, reads_back_every_sync_state_it_prints, ()) {
  const auto name = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
  SyncState sync{.leader = *name,
                 .quorum = *rc::gen::inRange(0, 9),
                 .standbys = *rc::gen::container<std::vector<std::string>>(name)};
  std::sort(sync.standbys.begin(), sync.standbys.end());
  sync.mod_revision = 7;
  RC_ASSERT(parsed({{"sync", print_sync(sync)}}).sync == sync);
}

RC_GTEST_PROP(Cluster, survives_any_bytes_under_any_key, (const std::string& bytes)) {
  const auto cluster = parsed({{"members/pg1", bytes},
                               {"sync", bytes},
                               {"status", bytes},
                               {"history", bytes},
                               {"config", bytes},
                               {"failsafe", bytes},
                               {"initialize", bytes},
                               {"failover", bytes},
                               {"timeline", bytes},
                               {"optime/leader", bytes}});
  RC_ASSERT(cluster.revision == 9);
}

}  // namespace
}  // namespace holdfast::dcs
