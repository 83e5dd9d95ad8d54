#include "agent/rest_documents.hpp"

#include <gtest/gtest.h>

#include "agent/rest_metrics.hpp"
#include "agent/rest_status.hpp"
#include "unit/agent/rest_views.hpp"

namespace holdfast::agent::rest {
namespace {

http::Response get(const RestView& view, const std::string& path, const std::string& method = "GET") {
  http::Request request;
  request.method = method;
  request.path = request.target = path;
  return answer_safe(view, request, "own_metric 1\n");
}

TEST(RestPatroni, describes_the_primary) {
  RestView view = the_primary();
  postgres::ReplicationRow row;
  row.usename = "replicator";
  row.application_name = "pg2";
  row.client_addr = "10.0.1.12";
  row.state = "streaming";
  row.sync_state = "async";
  view.server->replication = {row};
  view.reason = "no action: I am pg1, the leader with the lock";
  view.epoch = Epoch{17};
  view.lease_remaining = 3s;
  const auto response = get(view, "/patroni");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(
      response.body,
      "{\"state\": \"running\", \"role\": \"primary\", "
      "\"postmaster_start_time\": \"2026-01-14 11:00:00.000000+00:00\", \"server_version\": 150006, "
      "\"xlog\": {\"location\": 5000}, \"timeline\": 3, \"replication\": [{\"usename\": \"replicator\", "
      "\"application_name\": \"pg2\", \"client_addr\": \"10.0.1.12\", \"state\": \"streaming\", "
      "\"sync_state\": \"async\", \"sync_priority\": 0}], \"dcs_last_seen\": 1768392000, "
      "\"database_system_identifier\": \"7587\", "
      "\"patroni\": {\"version\": \"4.1.4\", \"scope\": \"payments\", \"name\": \"pg1\"}, "
      "\"holdfast\": {\"version\": \"0.1.0\", \"reason\": \"no action: I am pg1, the leader with the lock\", "
      "\"epoch\": 17, \"lease_remaining_ms\": 3000}}");
}

TEST(RestPatroni, describes_a_synchronous_replica_with_everything_that_can_be_said) {
  RestView view = a_sync_standby();
  view.server->last_replay = noon() - 1s;
  view.pause = true;
  view.failsafe_active = true;
  view.watchdog_failed = true;
  view.tags = {{"nofailover", true}};
  view.pending_restart["max_connections"] = {"max_connections", "100", "200"};
  view.scheduled_restart = ScheduledRestart{noon() + 1h, {{"role", "replica"}}};
  const auto document = status_document(view);
  EXPECT_EQ(print_document(document.at("xlog")),
            "{\"received_location\": 5000, \"replayed_location\": 4000, "
            "\"replayed_timestamp\": \"2026-01-14 11:59:59.000000+00:00\", \"paused\": false}");
  EXPECT_TRUE(document.at("sync_standby").as_bool());
  EXPECT_FALSE(document.contains("quorum_standby"));
  EXPECT_FALSE(document.contains("cluster_unlocked"));
  for (const char* flag : {"pause", "failsafe_mode_is_active", "watchdog_failed", "pending_restart"}) {
    EXPECT_TRUE(document.at(flag).as_bool()) << flag;
  }
  EXPECT_EQ(print_document(document.at("pending_restart_reason")),
            "{\"max_connections\": {\"old_value\": \"100\", \"new_value\": \"200\"}}");
  EXPECT_EQ(print_document(document.at("scheduled_restart")),
            "{\"role\": \"replica\", \"schedule\": \"2026-01-14T13:00:00.000+00:00\"}");
  EXPECT_EQ(document.at("replication_state").as_string(), "streaming");
}

TEST(RestPatroni, describes_a_stopped_member_without_the_dcs) {
  const auto document = status_document(without_dcs(a_stopped_member()));
  EXPECT_EQ(document.at("state").as_string(), "stopped");
  EXPECT_EQ(document.at("role").as_string(), "replica");
  EXPECT_TRUE(document.at("cluster_unlocked").as_bool());
  EXPECT_FALSE(document.contains("xlog"));
}

TEST(RestPatroni, says_unknown_when_a_running_server_does_not_answer) {
  RestView view = a_replica();
  view.server.reset();
  EXPECT_EQ(status_document(view).at("state").as_string(), "unknown");
}

TEST(RestCluster, lists_the_members_with_role_lag_and_address) {
  RestView view = the_primary();
  make_synchronous(view, SynchronousMode::on, {"pg2"});
  dcs::Cluster cluster = *view.cluster;
  cluster.members[2].receive_lsn = std::nullopt;
  cluster.members[2].replay_lsn = std::nullopt;
  cluster.members[2].xlog_location = std::nullopt;
  cluster.failover = dcs::Failover{.leader = "pg1", .member = "pg2", .scheduled_at = noon() + 1h};
  set_cluster(view, cluster);
  EXPECT_EQ(
      get(paused(view), "/cluster").body,
      "{\"members\": [{\"name\": \"pg1\", \"role\": \"leader\", \"state\": \"running\", "
      "\"api_url\": \"http://10.0.1.11:8008/patroni\", \"host\": \"10.0.1.11\", \"port\": 5432, "
      "\"timeline\": 3}, {\"name\": \"pg2\", \"role\": \"sync_standby\", \"state\": \"streaming\", "
      "\"api_url\": \"http://10.0.1.12:8008/patroni\", \"host\": \"10.0.1.12\", \"port\": 5432, "
      "\"timeline\": 3, \"receive_lag\": 0, \"receive_lsn\": \"0/1388\", \"replay_lag\": 1000, "
      "\"replay_lsn\": \"0/FA0\", \"lag\": 0, \"lsn\": \"0/1388\"}, {\"name\": \"pg3\", \"role\": "
      "\"replica\", "
      "\"state\": \"streaming\", \"api_url\": \"http://10.0.1.13:8008/patroni\", \"host\": \"10.0.1.13\", "
      "\"port\": 5432, \"timeline\": 3, \"receive_lsn\": \"unknown\", \"receive_lag\": \"unknown\", "
      "\"replay_lsn\": \"unknown\", \"replay_lag\": \"unknown\", \"lsn\": \"unknown\", \"lag\": "
      "\"unknown\"}], "
      "\"pause\": true, \"scheduled_switchover\": {\"at\": \"2026-01-14T13:00:00.000+00:00\", "
      "\"from\": \"pg1\", \"to\": \"pg2\"}, \"scope\": \"payments\"}");
}

TEST(RestCluster, is_empty_before_the_dcs_was_ever_read) {
  RestView view = without_dcs(the_primary());
  view.remembered.reset();
  EXPECT_EQ(get(view, "/cluster").body, "{\"members\": [], \"scope\": \"payments\"}");
}

TEST(RestHistory, gives_the_tuples_as_they_were_written) {
  RestView view = the_primary();
  EXPECT_EQ(get(view, "/history").body, "[]");
  dcs::Cluster cluster = *view.cluster;
  cluster.history =
      dcs::History{{{1, Lsn{100}, "no recovery target specified", std::nullopt, std::nullopt},
                    {2, Lsn{200}, "no recovery target specified", "2026-01-14T10:00:00+00:00", "pg2"}},
                   5};
  set_cluster(view, cluster);
  EXPECT_EQ(get(view, "/history").body,
            "[[1, 100, \"no recovery target specified\"], [2, 200, \"no recovery target specified\", "
            "\"2026-01-14T10:00:00+00:00\", \"pg2\"]]");
}

TEST(RestConfig, gives_the_configuration_or_502) {
  RestView view = the_primary();
  EXPECT_EQ(get(view, "/config").status, 502);
  dcs::Cluster cluster = *view.cluster;
  cluster.config = dcs::Config{.text = "{}", .value = {{"ttl", 30}, {"note", "\xc3\xa4"}}, .mod_revision = 3};
  set_cluster(view, cluster);
  EXPECT_EQ(get(view, "/config").body, "{\"ttl\": 30, \"note\": \"\\u00e4\"}");
  EXPECT_EQ(get(without_dcs(view), "/config").status, 200) << "what was last read is still told";
}

TEST(RestFailsafe, lists_the_members_only_while_the_mode_is_on) {
  RestView view = the_primary();
  dcs::Cluster cluster = *view.cluster;
  cluster.failsafe = std::map<std::string, std::string>{{"pg1", "http://10.0.1.11:8008/patroni"}};
  set_cluster(view, cluster);
  EXPECT_EQ(get(view, "/failsafe").status, 502);
  EXPECT_EQ(get(view, "/failsafe").body, "Failsafe mode is not enabled");
  view.failsafe_enabled = true;
  EXPECT_EQ(get(view, "/failsafe").body, "{\"pg1\": \"http://10.0.1.11:8008/patroni\"}");
}

TEST(RestDocuments, have_no_body_for_HEAD_and_OPTIONS) {
  for (const char* method : {"HEAD", "OPTIONS"}) {
    for (const char* path : {"/primary", "/patroni", "/cluster", "/metrics"}) {
      const auto response = get(the_primary(), path, method);
      EXPECT_EQ(response.status, 200) << path;
      EXPECT_EQ(response.body, "") << path;
    }
  }
}

TEST(RestDocuments, route_by_the_first_segment) {
  EXPECT_EQ(segment_of("/patroni"), "patroni");
  EXPECT_EQ(segment_of("//patroni/x"), "patroni");
  EXPECT_EQ(segment_of("/"), "");
}

struct Metric {
  const char* name;
  const char* value;
};

void expect_metrics(const RestView& view, std::initializer_list<Metric> metrics) {
  const std::string text = print_patroni_metrics(view);
  for (const auto& metric : metrics) {
    const std::string line = std::string{"\n"} + metric.name + "{scope=\"payments\",name=\"" + view.name +
                             "\"} " + metric.value + "\n";
    EXPECT_NE(text.find(line), std::string::npos) << metric.name << " " << metric.value;
  }
}

TEST(RestMetrics, carry_patroni_s_names_for_the_primary) {
  expect_metrics(the_primary(), {{"patroni_version", "040104"},
                                 {"patroni_postgres_running", "1"},
                                 {"patroni_postmaster_start_time", "1768388400.000"},
                                 {"patroni_primary", "1"},
                                 {"patroni_replica", "0"},
                                 {"patroni_standby_leader", "0"},
                                 {"patroni_sync_standby", "0"},
                                 {"patroni_quorum_standby", "0"},
                                 {"patroni_xlog_location", "5000"},
                                 {"patroni_xlog_received_location", "0"},
                                 {"patroni_postgres_server_version", "150006"},
                                 {"patroni_cluster_unlocked", "0"},
                                 {"patroni_failsafe_mode_is_active", "0"},
                                 {"patroni_postgres_timeline", "3"},
                                 {"patroni_dcs_last_seen", "1768392000"},
                                 {"patroni_pending_restart", "0"},
                                 {"patroni_is_paused", "0"},
                                 {"patroni_postgres_state", "5"},
                                 {"patroni_failover_priority", "1"}});
}

TEST(RestMetrics, carry_patroni_s_names_for_a_replica) {
  RestView view = paused(without_dcs(a_replica()));
  view.server->replay_paused = true;
  view.server->last_replay = noon();
  view.tags = {{"nofailover", true}};
  expect_metrics(view, {{"patroni_primary", "0"},
                        {"patroni_replica", "1"},
                        {"patroni_xlog_location", "0"},
                        {"patroni_xlog_received_location", "5000"},
                        {"patroni_xlog_replayed_location", "4000"},
                        {"patroni_xlog_replayed_timestamp", "1768392000.000"},
                        {"patroni_xlog_paused", "1"},
                        {"patroni_postgres_streaming", "1"},
                        {"patroni_postgres_in_archive_recovery", "0"},
                        {"patroni_cluster_unlocked", "1"},
                        {"patroni_is_paused", "1"},
                        {"patroni_failover_priority", "0"}});
}

TEST(RestMetrics, number_the_states_as_patroni_does) {
  EXPECT_EQ(number_of_state("initializing new cluster"), 0);
  EXPECT_EQ(number_of_state("running"), 5);
  EXPECT_EQ(number_of_state("stopped"), 12);
  EXPECT_EQ(number_of_state("crashed"), 14);
  EXPECT_EQ(number_of_state("unknown"), -1);
}

TEST(RestMetrics, are_followed_by_our_own) {
  const auto response = get(the_primary(), "/metrics");
  EXPECT_TRUE(response.body.ends_with("own_metric 1\n"));
  EXPECT_TRUE(response.content_type.starts_with("text/plain"));
}

}  // namespace
}  // namespace holdfast::agent::rest
