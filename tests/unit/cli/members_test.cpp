#include "cli/members.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/selection.hpp"

namespace holdfast::cli {
namespace {

dcs::Member a_member(std::string name, std::string host, std::uint64_t position) {
  dcs::Member member{.name = std::move(name)};
  member.conn_url = "postgres://" + host + ":5432/postgres";
  member.api_url = "http://" + host + ":8008/patroni";
  member.state = "running";
  member.role = "replica";
  member.timeline = 3;
  member.xlog_location = member.receive_lsn = member.replay_lsn = Lsn{position};
  member.replication_state = "streaming";
  return member;
}

dcs::Cluster three_members() {
  dcs::Cluster cluster;
  cluster.initialize = dcs::Initialize{.system_id = "7412"};
  cluster.leader = dcs::LeaderLock{.name = "pg1", .create_revision = 7, .mod_revision = 9};
  cluster.members = {a_member("pg1", "10.0.1.11", 0x5000000), a_member("pg2", "10.0.1.12", 0x5000000),
                     a_member("pg3", "10.0.1.13", 0x3000000)};
  cluster.members[0].role = "primary";
  cluster.members[0].replication_state.clear();
  cluster.status = dcs::Status{.optime = Lsn{0x5000000}};
  return cluster;
}

void configure(dcs::Cluster& cluster, std::string_view json) {
  cluster.config = dcs::Config{.value = boost::json::parse({json.data(), json.size()}).as_object()};
}

TEST(List, looks_like_patronictl) {
  EXPECT_EQ(print_table(members_table(three_members(), "demo", false, Format::pretty), Format::pretty),
            "+ Cluster: demo (7412) --------+-----------+----+-------------+-----+------------+-----+\n"
            "| Member | Host      | Role    | State     | TL | Receive LSN | Lag | Replay LSN | Lag |\n"
            "+--------+-----------+---------+-----------+----+-------------+-----+------------+-----+\n"
            "| pg1    | 10.0.1.11 | Leader  | running   |  3 |             |     |            |     |\n"
            "| pg2    | 10.0.1.12 | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 |\n"
            "| pg3    | 10.0.1.13 | Replica | streaming |  3 |   0/3000000 |  32 |  0/3000000 |  32 |\n"
            "+--------+-----------+---------+-----------+----+-------------+-----+------------+-----+\n");
}

TEST(List, says_unknown_where_a_replica_tells_no_position) {
  auto cluster = three_members();
  cluster.members[1].receive_lsn = cluster.members[1].replay_lsn = cluster.members[1].xlog_location = {};
  const auto table = members_table(cluster, "demo", false, Format::json);
  EXPECT_EQ(table.rows[1][6], "unknown");
  EXPECT_EQ(table.rows[1][7], "unknown");
}

TEST(List, takes_both_positions_from_an_older_member_that_tells_one) {
  auto cluster = three_members();
  cluster.members[2].receive_lsn = cluster.members[2].replay_lsn = std::nullopt;
  EXPECT_EQ(members_table(cluster, "demo", false, Format::json).rows[2][9], 32);
}

TEST(List, shows_ports_when_members_share_a_host) {
  auto cluster = three_members();
  cluster.members[1].conn_url = "postgres://10.0.1.11:5432/postgres";
  EXPECT_EQ(members_table(cluster, "demo", false, Format::json).rows[0][2], "10.0.1.11:5432");
}

TEST(List, names_the_bootstrap_in_its_title) {
  auto cluster = three_members();
  cluster.initialize = dcs::Initialize{};
  EXPECT_EQ(members_table(cluster, "demo", false, Format::pretty).title, " Cluster: demo (initializing) ");
  cluster.initialize.reset();
  EXPECT_EQ(members_table(cluster, "demo", false, Format::pretty).title, " Cluster: demo (uninitialized) ");
}

TEST(List, adds_a_column_when_somebody_has_something_in_it) {
  auto cluster = three_members();
  const auto columns = [&](bool extended) {
    return members_table(cluster, "demo", extended, Format::tsv).columns.size();
  };
  EXPECT_EQ(columns(false), 10U);
  EXPECT_EQ(columns(true), 14U);
  cluster.members[1].tags["clonefrom"] = true;
  EXPECT_EQ(columns(false), 11U);
}

TEST(Roles, depend_on_the_mode_and_on_sync) {
  auto cluster = three_members();
  cluster.sync = dcs::SyncState{.leader = "pg1", .standbys = {"pg2"}};
  EXPECT_EQ(member_rows(cluster)[1].role, "replica") << "the mode is off";
  configure(cluster, R"({"synchronous_mode":true})");
  EXPECT_EQ(member_rows(cluster)[1].role, "sync_standby");
  EXPECT_EQ(member_rows(cluster)[2].role, "replica");
  configure(cluster, R"({"synchronous_mode":"quorum"})");
  EXPECT_EQ(member_rows(cluster)[1].role, "quorum_standby");
  configure(cluster, R"({"standby_cluster":{"host":"a"}})");
  EXPECT_EQ(role_title(member_rows(cluster)[0].role), "Standby Leader");
}

TEST(Topology, hangs_members_under_whom_they_follow) {
  auto cluster = three_members();
  cluster.members.push_back(a_member("pg0", "10.0.1.10", 0x5000000));
  cluster.members[3].tags["replicatefrom"] = "pg3";
  std::vector<std::string> names;
  for (const auto& row : in_topology(member_rows(cluster))) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"pg1", "+ pg2", "+ pg3", "  + pg0"}));
}

TEST(Topology, loses_nobody_in_a_circle) {
  auto cluster = three_members();
  cluster.members[1].tags["replicatefrom"] = "pg3";
  cluster.members[2].tags["replicatefrom"] = "pg2";
  EXPECT_EQ(in_topology(member_rows(cluster)).size(), 3U);
}

TEST(Footer, tells_pause_and_the_scheduled_switchover) {
  auto cluster = three_members();
  configure(cluster, R"({"pause":true})");
  cluster.failover =
      dcs::Failover{.leader = "pg1", .member = "pg2", .scheduled_at = WallInstant{1768385397s}};
  EXPECT_EQ(service_lines(cluster),
            (std::vector<std::string>{" Maintenance mode: on",
                                      " Switchover scheduled at: 2026-01-14T10:09:57+00:00",
                                      "                     from: pg1", "                       to: pg2"}));
}

TEST(Addresses, come_from_the_connection_url) {
  dcs::Member member;
  member.conn_url = "postgres://user@10.0.1.11:6000/postgres?sslmode=require";
  EXPECT_EQ(address_of(member)->host, "10.0.1.11");
  EXPECT_EQ(address_of(member)->port, 6000);
  member.conn_url = "postgres://pg1/postgres";
  EXPECT_EQ(address_of(member)->port, 5432);
  member.conn_url = "";
  EXPECT_FALSE(address_of(member));
}

TEST(Selection, takes_the_first_word_for_the_cluster_as_patronictl_does) {
  const auto target = split_target(Style::patronictl, "demo", {"pg1", "pg2"});
  EXPECT_EQ(target.cluster, "pg1");
  EXPECT_EQ(target.members, std::vector<std::string>{"pg2"});
}

TEST(Selection, lets_the_configured_cluster_be_left_out) {
  EXPECT_EQ(split_target(Style::holdfast, "demo", {"pg1", "pg2"}).members,
            (std::vector<std::string>{"pg1", "pg2"}));
  EXPECT_EQ(split_target(Style::holdfast, "demo", {"demo", "pg2"}).members, std::vector<std::string>{"pg2"});
  EXPECT_EQ(split_target(Style::holdfast, "", {"demo"}).cluster, "demo");
}

TEST(Selection, finds_members_by_role) {
  const auto cluster = three_members();
  EXPECT_EQ(members_with_role(cluster, "any").size(), 3U);
  EXPECT_EQ(members_with_role(cluster, "replica").size(), 2U);
  EXPECT_EQ(members_with_role(cluster, "primary").at(0)->name, "pg1");
  EXPECT_TRUE(members_with_role(cluster, "standby-leader").empty());
}

TEST(Selection, keeps_members_with_a_tag_against_it_from_being_candidates) {
  auto cluster = three_members();
  cluster.members[1].tags["nofailover"] = true;
  EXPECT_EQ(candidates(cluster, "pg1"), std::vector<std::string>{"pg3"});
  cluster.members[2].tags["failover_priority"] = 0;
  EXPECT_TRUE(candidates(cluster, "pg1").empty());
}

TEST(Selection, asks_the_leader_first) {
  auto cluster = three_members();
  cluster.leader->name = "pg3";
  EXPECT_EQ(leader_first(cluster).front()->name, "pg3");
  EXPECT_EQ(leader_first(cluster).size(), 3U);
}

}  // namespace
}  // namespace holdfast::cli
