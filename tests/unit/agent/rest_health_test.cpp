#include "agent/rest_health.hpp"

#include <gtest/gtest.h>

#include "agent/rest_documents.hpp"
#include "unit/agent/rest_views.hpp"

namespace holdfast::agent::rest {
namespace {

int get(const RestView& view, const std::string& target, const std::string& method = "GET") {
  http::Request request;
  request.method = method;
  const auto split = http::parse_target(target);
  EXPECT_TRUE(split) << target;
  request.target = target;
  request.path = split->path;
  request.query = split->query;
  return answer_safe(view, request, "").status;
}

struct Row {
  const char* path;
  int primary, replica, sync, quorum, standby_leader, stopped;
};

// What a load balancer sees of each kind of member of a healthy cluster.
TEST(RestHealth, answers_each_check_by_the_member_s_role) {
  const RestView views[] = {the_primary(),      a_replica(),        a_sync_standby(),
                            a_quorum_standby(), a_standby_leader(), a_stopped_member()};
  constexpr Row rows[] = {
      {"/", 200, 503, 503, 503, 503, 503},
      {"/primary", 200, 503, 503, 503, 503, 503},
      {"/master", 200, 503, 503, 503, 503, 503},
      {"/read-write", 200, 503, 503, 503, 503, 503},
      {"/leader", 200, 503, 503, 503, 200, 503},
      {"/standby-leader", 503, 503, 503, 503, 200, 503},
      {"/standby_leader", 503, 503, 503, 503, 200, 503},
      {"/replica", 503, 200, 200, 200, 503, 503},
      {"/read-only", 200, 200, 200, 200, 200, 503},
      {"/synchronous", 503, 503, 200, 503, 503, 503},
      {"/sync", 503, 503, 200, 503, 503, 503},
      {"/read-only-sync", 200, 503, 200, 503, 200, 503},
      {"/read-only-synchronous", 200, 503, 200, 503, 200, 503},
      {"/quorum", 503, 503, 503, 200, 503, 503},
      {"/read-only-quorum", 200, 503, 503, 200, 200, 503},
      {"/asynchronous", 503, 200, 503, 503, 503, 503},
      {"/async", 503, 200, 503, 503, 503, 503},
      {"/health", 200, 200, 200, 200, 200, 503},
      {"/nothing-known", 503, 503, 503, 503, 503, 503},
      {"/primary/anything", 200, 503, 503, 503, 503, 503},
  };
  for (const auto& row : rows) {
    const int expected[] = {row.primary, row.replica, row.sync, row.quorum, row.standby_leader, row.stopped};
    for (std::size_t i = 0; i < std::size(views); ++i) {
      for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
        EXPECT_EQ(get(views[i], row.path, method), expected[i])
            << method << " " << row.path << " of view " << i;
      }
    }
  }
}

struct Case {
  const char* target;
  int status;
};

TEST(RestHealth, weighs_a_replica_s_lag) {
  RestView view = a_replica();  // 1000 bytes behind
  constexpr Case cases[] = {
      {"/replica?lag=999", 503}, {"/replica?lag=1000", 200}, {"/replica?lag=1kB", 200},
      {"/replica?lag=0", 503},   {"/replica?lag=10MB", 200}, {"/replica?lag=abc", 200},
      {"/replica?lag=", 200},    {"/async?lag=999", 503},    {"/read-only?lag=999", 503},
      {"/async?lag=16kB", 200},  {"/health?lag=1", 200},
  };
  for (const auto& one : cases) EXPECT_EQ(get(view, one.target), one.status) << one.target;
  EXPECT_EQ(get(the_primary(), "/primary?lag=0"), 200);
  EXPECT_EQ(get(the_primary(), "/read-only?lag=0"), 200);
}

TEST(RestHealth, measures_lag_against_the_newest_position_it_has_heard_of) {
  RestView view = a_replica();
  view.latest_end = Lsn{9000};  // the upstream said so; the DCS still shows 5000
  EXPECT_EQ(get(view, "/replica?lag=1000"), 503);
  EXPECT_EQ(get(view, "/replica?lag=5000"), 200);
  view = without_dcs(a_replica());
  EXPECT_EQ(get(view, "/replica?lag=0"), 200) << "no position is known: no lag is known";
}

TEST(RestHealth, compares_the_replication_state) {
  RestView view = a_replica();
  EXPECT_EQ(get(view, "/replica?replication_state=streaming"), 200);
  EXPECT_EQ(get(view, "/replica?replication_state=in%20archive%20recovery"), 503);
  view.replication_state = "in archive recovery";
  EXPECT_EQ(get(view, "/replica?replication_state=streaming"), 503);
  EXPECT_EQ(get(view, "/replica?replication_state=in%20archive%20recovery"), 200);
}

TEST(RestHealth, compares_tags_except_on_leader_checks) {
  RestView view = a_replica();
  view.tags = {{"zone", "a"}, {"fast", true}, {"rank", 7}};
  constexpr Case cases[] = {
      {"/replica?tag_zone=a", 200},    {"/replica?tag_zone=b", 503},    {"/replica?tag_none=x", 503},
      {"/replica?tag_fast=true", 200}, {"/replica?tag_fast=True", 503}, {"/replica?tag_rank=7", 200},
      {"/read-only?tag_zone=b", 503},  {"/health?tag_zone=b", 503},     {"/async?tag_zone=a&tag_rank=8", 503},
  };
  for (const auto& one : cases) EXPECT_EQ(get(view, one.target), one.status) << one.target;
  EXPECT_EQ(get(the_primary(), "/primary?tag_zone=b"), 200);
  EXPECT_EQ(get(the_primary(), "/leader?tag_zone=b"), 200);
  EXPECT_EQ(get(the_primary(), "/read-only?tag_zone=b"), 503);
}

TEST(RestHealth, keeps_readers_off_a_member_with_noloadbalance) {
  RestView view = a_sync_standby();
  view.noloadbalance = true;
  for (const char* path : {"/replica", "/read-only", "/sync", "/read-only-sync"})
    EXPECT_EQ(get(view, path), 503) << path;
  EXPECT_EQ(get(view, "/health"), 200);
}

TEST(RestHealth, calls_nobody_primary_without_a_valid_lock_EC_44) {
  const RestView view = without_lock(the_primary());
  for (const char* path : {"/", "/primary", "/leader", "/read-write", "/read-only", "/replica"}) {
    EXPECT_EQ(get(view, path), 503) << path;
  }
  EXPECT_EQ(get(view, "/health"), 200);
}

TEST(RestHealth, lets_the_role_decide_in_pause_without_the_dcs) {
  EXPECT_EQ(get(paused(without_dcs(without_lock(the_primary()))), "/primary"), 200);
  EXPECT_EQ(get(paused(without_lock(the_primary())), "/primary"), 503) << "the DCS is there: it decides";
  EXPECT_EQ(get(paused(without_dcs(a_replica())), "/primary"), 503);
  EXPECT_EQ(get(paused(without_dcs(without_lock(a_standby_leader()))), "/standby-leader"), 200);
}

TEST(RestHealth, needs_the_dcs_to_tell_what_is_synchronous) {
  for (const char* path : {"/sync", "/async", "/read-only-sync"}) {
    EXPECT_EQ(get(without_dcs(a_sync_standby()), path), 503) << path;
  }
  EXPECT_EQ(get(without_dcs(a_sync_standby()), "/replica"), 200);
}

TEST(RestHealth, does_not_take_a_server_that_stopped_answering_for_running) {
  RestView view = a_replica();
  view.server.reset();
  EXPECT_EQ(get(view, "/replica"), 503);
  EXPECT_EQ(get(view, "/health"), 503);
}

TEST(RestLiveness, fails_when_the_loop_stands_still) {
  RestView primary = the_primary();
  RestView replica = a_replica();
  primary.loop_age = replica.loop_age = 29s;
  EXPECT_EQ(get(primary, "/liveness"), 200);
  primary.loop_age = replica.loop_age = 31s;
  EXPECT_EQ(get(primary, "/liveness"), 503);
  EXPECT_EQ(get(paused(primary), "/liveness"), 200);
  EXPECT_EQ(get(replica, "/liveness"), 200);
  replica.loop_age = 61s;
  EXPECT_EQ(get(replica, "/liveness"), 503);
}

TEST(RestReadiness, asks_a_replica_to_stream_and_keep_up) {
  RestView view = a_replica();  // received all, replayed all but 1000 bytes
  constexpr Case cases[] = {
      {"/readiness", 200},
      {"/readiness?lag=999", 503},
      {"/readiness?lag=999&mode=apply", 503},
      {"/readiness?lag=999&mode=write", 200},
      {"/readiness?lag=1000", 200},
  };
  for (const auto& one : cases) EXPECT_EQ(get(view, one.target), one.status) << one.target;
  view.maximum_lag_on_failover = 10;
  EXPECT_EQ(get(view, "/readiness"), 503);
  EXPECT_EQ(obstacle_to_readiness(view, {}), "Replication apply lag 1000 exceeds maximum allowable 10");
  view = a_replica();
  view.replication_state = "in archive recovery";
  EXPECT_EQ(obstacle_to_readiness(view, {}), "PostgreSQL replication state is not streaming");
  EXPECT_EQ(obstacle_to_readiness(a_stopped_member(), {}), "PostgreSQL is not running");
  EXPECT_EQ(obstacle_to_readiness(without_dcs(a_replica()), {}), "DCS is not accessible");
  EXPECT_EQ(get(the_primary(), "/readiness?lag=0"), 200);
}

}  // namespace
}  // namespace holdfast::agent::rest
