#include "cli/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/health_text.hpp"
#include "cli/observe.hpp"

namespace holdfast::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

auto finding(Severity severity, const std::string& problem) {
  return AllOf(Field(&Finding::severity, severity), Field(&Finding::problem, HasSubstr(problem)));
}

MemberHealth member(std::string name, std::string role) {
  return {.name = std::move(name),
          .host = "10.0.1.11:5432",
          .role = std::move(role),
          .state = "streaming",
          .timeline = 3,
          .lag_bytes = 0,
          .answers = true,
          .runs = true};
}

ClusterHealth healthy() {
  ClusterHealth cluster{
      .scope = "demo", .system_id = "7412", .is_initialized = true, .leader = "pg1", .epoch = {9}};
  cluster.members = {member("pg1", "leader"), member("pg2", "replica")};
  cluster.members[0].state = "running";
  cluster.expected = {"pg1", "pg2"};
  cluster.store = {
      .answers = true, .leader = "pg2", .endpoints = {"a:1", "b:1", "c:1"}, .alive = {true, true, true}};
  cluster.proxies = {
      {.name = "lb1", .url = "http://lb1:7000/status", .answers = true, .gate = "open", .primary = "pg1"}};
  return cluster;
}

TEST(Status, finds_nothing_wrong_with_a_healthy_cluster) {
  EXPECT_THAT(findings_of(healthy()), ElementsAre());
  EXPECT_EQ(exit_code_of({}), 0);
  EXPECT_THAT(print_health(healthy()), HasSubstr("Cluster demo (7412): healthy"));
  EXPECT_THAT(print_health(healthy()), HasSubstr("Nothing is wrong."));
}

TEST(Status, knows_no_primary_without_etcd) {
  auto cluster = healthy();
  cluster.store = {.answers = false, .silence = "refused"};
  cluster.leader.clear();
  cluster.members.clear();
  EXPECT_THAT(findings_of(cluster),
              ElementsAre(finding(Severity::no_primary, "etcd doesn't answer: refused")));
  EXPECT_EQ(exit_code_of(findings_of(cluster)), 2);
}

TEST(Status, names_the_best_replica_when_nobody_leads) {
  auto cluster = healthy();
  cluster.leader.clear();
  cluster.members[0].role = "replica";
  cluster.members[0].answers = false;
  const auto found = findings_of(cluster);
  EXPECT_THAT(found.at(0), finding(Severity::no_primary, "nobody holds the leader lock"));
  EXPECT_THAT(found.at(0).remedy, HasSubstr("failover demo --candidate pg2"));
}

TEST(Status, tells_to_resume_a_paused_cluster_without_a_leader) {
  auto cluster = healthy();
  cluster.leader.clear();
  cluster.is_paused = true;
  EXPECT_EQ(findings_of(cluster).at(0).remedy, "holdfast resume demo");
}

TEST(Status, is_degraded_by_a_member_that_is_configured_but_not_there) {
  auto cluster = healthy();
  cluster.expected.push_back("pg3");
  EXPECT_THAT(findings_of(cluster),
              ElementsAre(finding(Severity::degraded, "pg3 is configured but not there")));
  EXPECT_EQ(exit_code_of(findings_of(cluster)), 1);
}

TEST(Status, is_degraded_by_a_replica_on_another_timeline) {
  auto cluster = healthy();
  cluster.members[1].timeline = 2;
  EXPECT_THAT(findings_of(cluster),
              ElementsAre(finding(Severity::degraded, "pg2 does not stream from the primary")));
}

TEST(Status, is_degraded_by_lag_past_what_may_be_promoted) {
  auto cluster = healthy();
  cluster.members[1].lag_bytes = cluster.maximum_lag;
  EXPECT_THAT(findings_of(cluster), ElementsAre());
  cluster.members[1].lag_bytes = cluster.maximum_lag + 1;
  EXPECT_THAT(findings_of(cluster), ElementsAre(finding(Severity::degraded, "too far to be promoted")));
}

TEST(Status, warns_of_a_primary_without_the_lock) {
  auto cluster = healthy();
  cluster.members[1].claims_primary = true;
  EXPECT_THAT(findings_of(cluster),
              ElementsAre(finding(Severity::degraded, "pg2 runs as primary without the leader lock")));
}

TEST(Status, has_no_primary_while_the_leaders_postgresql_is_down) {
  auto cluster = healthy();
  cluster.members[0].runs = false;
  EXPECT_EQ(exit_code_of(findings_of(cluster)), 2);
}

TEST(Status, tells_that_commits_wait_in_strict_mode_without_a_standby) {
  auto cluster = healthy();
  cluster.synchronous_mode = "on";
  EXPECT_THAT(findings_of(cluster), ElementsAre(finding(Severity::degraded, "on the primary alone")));
  cluster.is_strict = true;
  EXPECT_THAT(findings_of(cluster), ElementsAre(finding(Severity::degraded, "commits wait")));
  cluster.sync_standbys = {"pg2"};
  EXPECT_THAT(findings_of(cluster), ElementsAre());
}

TEST(Status, tells_a_proxy_that_holds_from_one_that_is_silent) {
  auto cluster = healthy();
  cluster.proxies[0].gate = "held";
  cluster.proxies[0].why = "no proof";
  EXPECT_THAT(findings_of(cluster),
              ElementsAre(finding(Severity::degraded, "proxy lb1 holds writes: no proof")));
  cluster.proxies[0].answers = false;
  EXPECT_THAT(findings_of(cluster), ElementsAre(finding(Severity::degraded, "proxy lb1 doesn't answer")));
}

TEST(Status, notes_a_pause_without_calling_it_degraded) {
  auto cluster = healthy();
  cluster.is_paused = true;
  EXPECT_THAT(findings_of(cluster), ElementsAre(finding(Severity::note, "maintenance mode")));
  EXPECT_EQ(exit_code_of(findings_of(cluster)), 0);
}

TEST(Status, puts_what_is_most_urgent_first) {
  auto cluster = healthy();
  cluster.is_paused = true;
  cluster.store.alive[2] = false;
  cluster.members[0].runs = false;
  const auto found = findings_of(cluster);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].severity, Severity::no_primary);
  EXPECT_EQ(found[1].severity, Severity::degraded);
  EXPECT_THAT(found[1].problem, HasSubstr("the next loss takes the majority"));
}

TEST(Status, reads_a_proxys_page) {
  ProxyHealth proxy;
  http::Response page{.body = R"({"gate":{"state":"open","primary":"pg1","epoch":17,"proof_left_ms":3500},
    "listeners":[{"name":"primary_5000","bind":"*","port":5000,"target":"primary","clients":3,"waiting":1}],
    "servers":[{"name":"pg2","role":"replica","serving":true,"connections":4}]})"};
  add_answer(proxy, page);
  EXPECT_TRUE(proxy.answers);
  EXPECT_EQ(proxy.epoch, Epoch{17});
  EXPECT_EQ(proxy.proof_left_ms, 3500);
  EXPECT_EQ(proxy.listeners.at(0).bind, "*:5000");
  EXPECT_EQ(proxy.servers.at(0).connections, 4);
}

TEST(Status, takes_garbage_from_a_rest_api_for_silence) {
  MemberHealth one;
  http::Response page{.status = 500, .body = "oops"};
  add_answer(one, page);
  EXPECT_FALSE(one.answers);
  EXPECT_EQ(one.silence, "status 500 without JSON");
}

}  // namespace
}  // namespace holdfast::cli
