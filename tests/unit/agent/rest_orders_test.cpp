#include "agent/rest_orders.hpp"

#include <gtest/gtest.h>

#include "unit/agent/rest_views.hpp"

namespace holdfast::agent::rest {
namespace {

boost::json::object body_of(const std::string& text) {
  http::Request request;
  request.body = text;
  auto body = read_body(request, Body::optional);
  EXPECT_TRUE(body) << text;
  return body ? *body : boost::json::object{};
}

struct Refusal {
  const char* action;
  const char* body;
  bool is_paused;
  int status;
  const char* text;
};

TEST(RestSwitchover, refuses_a_bad_order_in_patroni_s_words) {
  constexpr Refusal refusals[] = {
      {"failover", R"({"leader":"pg1"})", false, 400,
       "Failover could be performed only to a specific candidate"},
      {"switchover", R"({"candidate":"pg2"})", false, 400,
       "Switchover could be performed only from a specific leader"},
      {"failover", R"({"candidate":"pg2","scheduled_at":"2026-01-14T13:00:00+00:00"})", false, 400,
       "Failover can't be scheduled"},
      {"switchover", R"({"leader":"pg1","scheduled_at":"2026-01-14T13:00:00+00:00"})", true, 400,
       "Can't schedule switchover in the paused state"},
      {"switchover", R"({"leader":"pg1","scheduled_at":"2026-01-14T13:00:00"})", false, 400,
       "Timezone information is mandatory for the scheduled switchover"},
      {"switchover", R"({"leader":"pg1","scheduled_at":"2026-01-14T11:00:00+00:00"})", false, 422,
       "Cannot schedule switchover in the past"},
      {"switchover", R"({"leader":"pg1","scheduled_at":"tomorrow"})", false, 422,
       "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601"},
      {"switchover", R"({"leader":"pg1"})", true, 400,
       "Switchover is possible only to a specific candidate in a paused state"},
      {"switchover", R"({"leader":"pg1","candidate":"pg1"})", false, 400,
       "Switchover target and source are the same"},
      {"switchover", R"({"leader":7})", false, 400, "'leader' should be a string"},
  };
  for (const auto& row : refusals) {
    RestView view = the_primary();
    view.pause = row.is_paused;
    auto order = read_switchover(body_of(row.body), row.action, view);
    ASSERT_FALSE(order) << row.body;
    EXPECT_EQ(order.error().status, row.status) << row.body;
    EXPECT_EQ(order.error().text, row.text);
  }
}

TEST(RestSwitchover, reads_what_patronictl_sends) {
  auto order = read_switchover(
      body_of(
          R"({"leader":"pg1","member":"pg2","candidate":null,"scheduled_at":"2026-01-14T14:00:01+02:00"})"),
      "switchover", a_replica());
  ASSERT_TRUE(order) << order.error().text;
  EXPECT_EQ(order->leader, "pg1");
  EXPECT_EQ(order->candidate, "pg2");
  EXPECT_EQ(order->scheduled_at, noon() + 1s);
  order = read_switchover(body_of(R"({"candidate":"pg3"})"), "failover", paused(a_replica()));
  ASSERT_TRUE(order);
  EXPECT_TRUE(order->is_failover());
  order = read_switchover(body_of(R"({"leader":"pg1","candidate":"pg3"})"), "failover", a_replica());
  ASSERT_TRUE(order);
  EXPECT_FALSE(order->is_failover()) << "a failover that names the leader is a switchover";
}

std::string objection(const SwitchoverOrder& order, const RestView& view) {
  auto members = candidates_for(order, view);
  if (members) return {};
  EXPECT_EQ(members.error().status, 412);
  return members.error().text;
}

TEST(RestSwitchover, looks_for_a_candidate_in_the_cluster) {
  const RestView view = the_primary();
  EXPECT_EQ(objection({.leader = "pg2"}, view), "leader name does not match");
  EXPECT_EQ(objection({.leader = "pg1", .candidate = "pg9"}, view), "candidate does not exists");
  EXPECT_EQ(*candidates_for({.leader = "pg1"}, view), (std::vector<std::string>{"pg2", "pg3"}));
  EXPECT_EQ(*candidates_for({.leader = "pg1", .candidate = "pg3"}, view), (std::vector<std::string>{"pg3"}));
  RestView alone = the_primary();
  dcs::Cluster cluster = *alone.cluster;
  cluster.members.resize(1);
  set_cluster(alone, cluster);
  EXPECT_EQ(objection({.leader = "pg1"}, alone),
            "switchover is not possible: cluster does not have members except leader");
  EXPECT_EQ(candidates_for({.leader = "pg1"}, without_dcs(view)).error().status, 503);
}

TEST(RestSwitchover, goes_to_a_synchronous_standby_only_but_a_failover_may_go_anywhere) {
  RestView view = the_primary();
  make_synchronous(view, SynchronousMode::on, {"pg2"});
  EXPECT_EQ(objection({.leader = "pg1", .candidate = "pg3"}, view),
            "candidate name does not match with sync_standby");
  EXPECT_EQ(*candidates_for({.leader = "pg1"}, view), (std::vector<std::string>{"pg2"}));
  EXPECT_EQ(*candidates_for({.candidate = "pg3"}, view), (std::vector<std::string>{"pg3"}));
  make_synchronous(view, SynchronousMode::on, {});
  EXPECT_EQ(objection({.leader = "pg1"}, view), "switchover is not possible: can not find sync_standby");
  make_synchronous(view, SynchronousMode::quorum, {"pg2"});
  EXPECT_EQ(objection({.leader = "pg1", .candidate = "pg3"}, view), "")
      << "Patroni leaves quorum to the race";
}

TEST(RestSwitchover, words_its_outcome_as_patroni) {
  const SwitchoverOrder any{.leader = "pg1"};
  const SwitchoverOrder one{.leader = "pg1", .candidate = "pg2"};
  const SwitchoverOrder failover{.candidate = "pg2"};
  EXPECT_EQ(switchover_done_text(any, "pg3"), "Successfully switched over to \"pg3\"");
  EXPECT_EQ(switchover_done_text(one, "pg2"), "Successfully switched over to \"pg2\"");
  EXPECT_EQ(switchover_done_text(one, "pg3"), "Switched over to \"pg3\" instead of \"pg2\"");
  EXPECT_EQ(switchover_done_text(failover, "pg2"), "Successfully failed over to \"pg2\"");
  EXPECT_EQ(switchover_scheduled_text(any), "Switchover scheduled");
  EXPECT_EQ(switchover_failed_text(failover), "Failover failed");
  EXPECT_EQ(switchover_unknown_text(any), "Switchover status unknown");
  EXPECT_EQ(no_good_candidates_text(failover),
            "failover is not possible: no good candidates have been found");
}

TEST(RestRestart, refuses_what_it_does_not_understand) {
  struct Row {
    const char* body;
    int status;
    const char* text;
  };
  constexpr Row rows[] = {
      {R"({"role":"boss"})", 400, "PostgreSQL role should be either primary, standby_leader, or replica"},
      {R"({"postgres_version":"a.b"})", 400, "Invalid PostgreSQL version: a.b"},
      {R"({"postgres_version":"10"})", 400,
       "Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: 10"},
      {R"({"postgres_version":"9.6"})", 400,
       "Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: 9.6"},
      {R"({"timeout":0})", 400, "Timeout should be a positive number of seconds"},
      {R"({"timeout":"soon"})", 400, "Timeout should be a positive number of seconds"},
      {R"({"mood":"bad"})", 400, "Unknown filter for the scheduled restart: mood"},
      {R"({"schedule":"2026-01-14T11:00:00Z"})", 422, "Cannot schedule restart in the past"},
      {R"({"schedule":"2026-01-14T13:00:00"})", 400,
       "Timezone information is mandatory for the scheduled restart"},
  };
  for (const auto& row : rows) {
    auto order = read_restart(body_of(row.body), the_primary());
    ASSERT_FALSE(order) << row.body;
    EXPECT_EQ(order.error().status, row.status) << row.body;
    EXPECT_EQ(order.error().text, row.text);
  }
  auto order = read_restart(body_of(R"({"schedule":"2026-01-14T13:00:00Z"})"), paused(the_primary()));
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().status, 500);
  EXPECT_EQ(order.error().text, "Can't schedule restart in the paused state");
}

TEST(RestRestart, reads_all_filters) {
  auto order =
      read_restart(body_of(R"({"schedule":"2026-01-14T13:00:00Z","role":"replica","postgres_version":"15.6",
                                        "timeout":"2min","restart_pending":true})"),
                   the_primary());
  ASSERT_TRUE(order) << order.error().text;
  EXPECT_EQ(order->schedule, noon() + 1h);
  EXPECT_EQ(order->role, "replica");
  EXPECT_EQ(order->postgres_version, "15.6");
  EXPECT_EQ(order->timeout, 2min);
  EXPECT_TRUE(order->restart_pending);
  EXPECT_EQ(order->filters.size(), 4U);
  EXPECT_FALSE(order->filters.contains("schedule"));
  EXPECT_EQ(*read_restart({}, the_primary()), RestartOrder{});
}

TEST(RestReinitialize, reads_its_flags_in_every_spelling) {
  EXPECT_EQ(read_reinitialize(body_of("{}")), ReinitializeOrder{});
  EXPECT_TRUE(read_reinitialize(body_of(R"({"force":"On"})")).force);
  EXPECT_TRUE(read_reinitialize(body_of(R"({"force":1})")).force);
  EXPECT_FALSE(read_reinitialize(body_of(R"({"force":"no"})")).force);
  EXPECT_TRUE(read_reinitialize(body_of(R"({"from_leader":true})")).from_leader);
  EXPECT_TRUE(read_reinitialize(body_of(R"({"from-leader":true})")).from_leader);
}

TEST(RestBody, must_be_a_json_object_of_some_length) {
  http::Request request;
  EXPECT_EQ(read_body(request, Body::required).error().status, 411);
  EXPECT_TRUE(read_body(request, Body::optional));
  request.headers.set("Content-Length", "0");
  EXPECT_EQ(read_body(request, Body::required).error().status, 400);
  for (const char* body : {"{}", "[]", "7", "{", "{\"a\":1}x", "null"}) {
    request.body = body;
    EXPECT_EQ(read_body(request, Body::required).error().status, 400) << body;
  }
  request.body = "[]";
  EXPECT_EQ(read_body(request, Body::optional).error().status, 400);
}

TEST(RestFailsafe, reads_the_announcement_of_a_leader) {
  auto announcement = read_failsafe(body_of(
      R"({"name":"pg1","conn_url":"postgres://a","api_url":"http://a","slots":{"pg2":4000,"bad":-1,"odd":"x"}})"));
  ASSERT_TRUE(announcement);
  EXPECT_EQ(announcement->name, "pg1");
  EXPECT_EQ(announcement->slots, (std::map<std::string, Lsn>{{"pg2", Lsn{4000}}}));
  EXPECT_EQ(read_failsafe(body_of(R"({"conn_url":"x"})")).error().status, 400);
}

}  // namespace
}  // namespace holdfast::agent::rest
