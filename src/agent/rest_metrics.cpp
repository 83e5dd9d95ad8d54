#include "agent/rest_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/rest_health.hpp"
#include "base/version.hpp"

namespace holdfast::agent::rest {

namespace {

// PostgresqlState of Patroni, in the order of its numbers.
constexpr std::array<std::string_view, 15> states{"initializing new cluster",
                                                  "initdb failed",
                                                  "running custom bootstrap script",
                                                  "custom bootstrap failed",
                                                  "creating replica",
                                                  "running",
                                                  "starting",
                                                  "starting after custom bootstrap",
                                                  "start failed",
                                                  "restarting",
                                                  "restart failed",
                                                  "stopping",
                                                  "stopped",
                                                  "stop failed",
                                                  "crashed"};

std::string escape(std::string_view label) {
  std::string out;
  for (const char c : label) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class Page {
 public:
  explicit Page(const RestView& view)
      : labels_{fmt::format("{{scope=\"{}\",name=\"{}\"}}", escape(view.scope), escape(view.name))} {}

  void add(std::string_view name, std::string_view help, std::string_view type, const std::string& value) {
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0}{3} {4}\n", name, help, type, labels_, value);
  }
  void gauge(std::string_view name, std::string_view help, std::int64_t value) {
    add(name, help, "gauge", std::to_string(value));
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    add(name, help, "counter", std::to_string(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string labels_;
  std::string text_;
};

std::string padded_version() {
  std::string out;
  std::string_view rest = patroni_version;
  while (!rest.empty()) {
    const auto dot = rest.find('.');
    out += fmt::format("{:0>2}", rest.substr(0, dot));
    rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  }
  return out;
}

std::string epoch_seconds(std::optional<WallInstant> when) {
  if (!when) return "0";
  const auto count = when->time_since_epoch().count();
  return fmt::format("{}.{:03}", count / 1000, count % 1000);
}

std::int64_t failover_priority(const RestView& view) {
  const auto* forbidden = view.tags.if_contains("nofailover");
  if (forbidden && forbidden->is_bool() && forbidden->get_bool()) return 0;
  const auto* priority = view.tags.if_contains("failover_priority");
  return priority && priority->is_int64() ? priority->get_int64() : 1;
}

void add_roles(Page& page, const RestView& view) {
  const std::string role = shown_role(view);
  page.gauge("patroni_primary", "Value is 1 if this node is the leader, 0 otherwise.", role == "primary");
  page.gauge("patroni_standby_leader", "Value is 1 if this node is the standby_leader, 0 otherwise.",
             role == "standby_leader");
  page.gauge("patroni_replica", "Value is 1 if this node is a replica, 0 otherwise.", role == "replica");
  page.gauge("patroni_sync_standby", "Value is 1 if this node is a sync standby, 0 otherwise.",
             is_sync_standby(view));
  page.gauge("patroni_quorum_standby", "Value is 1 if this node is a quorum standby, 0 otherwise.",
             is_quorum_standby(view));
}

void add_positions(Page& page, const RestView& view) {
  const bool is_standby = view.server && view.server->in_recovery;
  page.counter("patroni_xlog_location",
               "Current location of the Postgres transaction log, 0 if this node is not the leader.",
               view.server && !is_standby ? view.server->flush.value : 0);
  page.counter("patroni_xlog_received_location",
               "Current location of the received Postgres transaction log, 0 if this node is not a replica.",
               received_location(view).value);
  page.counter("patroni_xlog_replayed_location",
               "Current location of the replayed Postgres transaction log, 0 if this node is not a replica.",
               replayed_location(view).value);
  page.add("patroni_xlog_replayed_timestamp",
           "Current timestamp of the replayed Postgres transaction log, 0 if null.", "gauge",
           epoch_seconds(is_standby ? view.server->last_replay : std::nullopt));
  page.gauge("patroni_xlog_paused", "Value is 1 if the Postgres xlog is paused, 0 otherwise.",
             is_standby && view.server->replay_paused);
  page.gauge("patroni_postgres_streaming", "Value is 1 if Postgres is streaming, 0 otherwise.",
             view.replication_state == "streaming");
  page.gauge("patroni_postgres_in_archive_recovery",
             "Value is 1 if Postgres is replicating from archive, 0 otherwise.",
             view.replication_state == "in archive recovery");
}

void add_failsafe(Page& page, const RestView& view) {
  const auto& cluster = view.cluster ? view.cluster : view.remembered;
  page.gauge("patroni_failsafe_mode_is_active", "Value is 1 if failsafe mode is active, 0 if inactive.",
             view.failsafe_active);
  page.gauge("patroni_failsafe_mode_enabled", "Value is 1 if failsafe mode is enabled, 0 if disabled.",
             view.failsafe_enabled);
  page.gauge("patroni_failsafe_member", "Value is 1 if this node is listed in the failsafe key, 0 otherwise.",
             cluster && cluster->failsafe && cluster->failsafe->contains(view.name));
}

void add_cluster(Page& page, const RestView& view) {
  page.gauge("patroni_cluster_unlocked", "Value is 1 if the cluster is unlocked, 0 if locked.",
             !view.cluster || !view.cluster->leader);
  add_failsafe(page, view);
  page.gauge("patroni_postgres_timeline", "Postgres timeline of this node (if running), 0 otherwise.",
             view.server ? view.server->timeline : 0);
  page.add("patroni_dcs_last_seen", "Epoch timestamp when DCS was last contacted successfully by Patroni.",
           "gauge",
           view.dcs_last_seen
               ? std::to_string(std::chrono::floor<seconds>(view.dcs_last_seen->time_since_epoch()).count())
               : "0");
  page.gauge("patroni_pending_restart", "Value is 1 if the node needs a restart, 0 otherwise.",
             !view.pending_restart.empty());
  page.gauge("patroni_is_paused", "Value is 1 if auto failover is disabled, 0 otherwise.", view.pause);
  page.gauge("patroni_postgres_state", "Numeric representation of Postgres state.",
             number_of_state(shown_state(view)));
  page.gauge("patroni_failover_priority",
             "Failover priority of this node, 0 if it may not become the leader.", failover_priority(view));
}

}  // namespace

int number_of_state(std::string_view state) {
  const auto found = std::find(states.begin(), states.end(), state);
  return found == states.end() ? -1 : static_cast<int>(found - states.begin());
}

std::string print_patroni_metrics(const RestView& view) {
  Page page{view};
  page.add("patroni_version", "Patroni semver without periods.", "gauge", padded_version());
  page.gauge("patroni_postgres_running", "Value is 1 if Postgres is running, 0 otherwise.",
             shown_state(view) == "running");
  page.add("patroni_postmaster_start_time", "Epoch seconds since Postgres started.", "gauge",
           epoch_seconds(view.server ? std::optional{view.server->started} : std::nullopt));
  page.gauge("patroni_postgres_server_version", "Version of Postgres (if running), 0 otherwise.",
             view.server ? view.server->server_version : 0);
  add_roles(page, view);
  add_positions(page, view);
  add_cluster(page, view);
  return page.take();
}

}  // namespace holdfast::agent::rest
