#include "agent/rest_health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/duration.hpp"

namespace holdfast::agent::rest {

namespace {

constexpr int ok = 200;
constexpr int unavailable = 503;

int status_if(bool healthy) {
  return healthy ? ok : unavailable;
}

bool has(std::string_view path, std::string_view word) {
  return path.find(word) != std::string_view::npos;
}

// A missing, empty or unreadable value counts as not given, as in Patroni.
std::optional<std::string> value_of(const Query& query, const std::string& key) {
  const auto found = query.find(key);
  if (found == query.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> bytes_of(const Query& query, const std::string& key) {
  const auto text = value_of(query, key);
  if (!text) return std::nullopt;
  auto bytes = parse_size(*text);
  if (!bytes) return std::nullopt;
  return *bytes;
}

// How far the primary is known to be: what it wrote to the DCS, or what our own WAL receiver was told.
Lsn leader_position(const RestView& view) {
  Lsn position = view.latest_end;
  if (view.cluster && view.cluster->status && view.cluster->status->optime) {
    position = std::max(position, *view.cluster->status->optime);
  }
  return position;
}

bool is_lagging(const RestView& view, const Query& query) {
  const auto lag_max = bytes_of(query, "lag");
  return lag_max && bytes_between(replayed_location(view), leader_position(view)) > *lag_max;
}

bool is_replica(const RestView& view, const Query& query) {
  const auto wanted = value_of(query, "replication_state");
  return !view.noloadbalance && !is_lagging(view, query) && shown_role(view) == "replica" &&
         shown_state(view) == "running" && (!wanted || *wanted == view.replication_state);
}

struct Leadership {
  bool leader = false;
  bool primary = false;
  bool standby_leader = false;

  bool is_any_primary() const { return primary || standby_leader; }
};

Leadership leadership_of(const RestView& view) {
  const std::string role = shown_role(view);
  if (!view.cluster && view.pause) {  // nobody can hold a lock, nobody will demote: the role alone decides
    const bool primary = role == "primary";
    const bool standby_leader = role == "standby_leader";
    return {.leader = primary || standby_leader, .primary = primary, .standby_leader = standby_leader};
  }
  if (!view.holds_leader_lock) return {};
  if (!view.is_standby_cluster) return {.leader = true, .primary = true};
  return {.leader = true, .standby_leader = role == "replica" || role == "standby_leader"};
}

// The checks that need a readable DCS: what is synchronous is said there.
bool is_synchronous_check_healthy(const RestView& view, std::string_view path, bool primary, bool replica) {
  if (!view.cluster) return false;
  const bool sync = is_sync_standby(view);
  const bool quorum = is_quorum_standby(view);
  if (path == "/sync" || path == "/synchronous") return sync && replica;
  if (path == "/quorum") return quorum && replica;
  if (path == "/async" || path == "/asynchronous") return !sync && !quorum && replica;
  if (path == "/read-only-quorum") return primary || (quorum && replica);
  if (path == "/read-only-sync" || path == "/read-only-synchronous") return primary || (sync && replica);
  return false;
}

std::string tag_text(const boost::json::value& value) {
  if (value.is_string()) return std::string{value.get_string()};
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  return dcs::print_json(value);
}

bool matches_tags(const RestView& view, const Query& query) {
  constexpr std::string_view prefix = "tag_";
  return std::all_of(query.begin(), query.end(), [&](const auto& parameter) {
    const auto& [key, wanted] = parameter;
    if (!key.starts_with(prefix) || wanted.empty()) return true;
    const boost::json::value* tag = view.tags.if_contains(std::string_view{key}.substr(prefix.size()));
    return tag && !tag->is_null() && tag_text(*tag) == wanted;
  });
}

bool is_listed_in_sync(const RestView& view) {
  if (!view.cluster || !view.cluster->sync || shown_role(view) != "replica" || !view.server) return false;
  const auto& standbys = view.cluster->sync->standbys;
  return std::find(standbys.begin(), standbys.end(), view.name) != standbys.end();
}

}  // namespace

bool is_sync_standby(const RestView& view) {
  return view.synchronous_mode == SynchronousMode::on && is_listed_in_sync(view);
}

bool is_quorum_standby(const RestView& view) {
  return view.synchronous_mode == SynchronousMode::quorum && is_listed_in_sync(view);
}

std::string shown_role(const RestView& view) {
  if (!view.server) return view.role;
  if (!view.server->in_recovery) return "primary";
  return view.is_standby_cluster ? view.role : "replica";
}

std::string shown_state(const RestView& view) {
  return view.is_running() && !view.server ? "unknown" : view.state;
}

Lsn received_location(const RestView& view) {
  if (!view.server || !view.server->in_recovery) return Lsn{};
  return view.server->receive ? view.server->receive : view.server->replay;
}

Lsn replayed_location(const RestView& view) {
  return view.server && view.server->in_recovery ? view.server->replay : Lsn{};
}

int health_status(const RestView& view, std::string_view path, const Query& query) {
  if (path == "/") path = "/primary";
  const Leadership leadership = leadership_of(view);
  // The leader of a standby cluster is in recovery, but it is not a replica of this cluster.
  const bool leads_standby_cluster = view.holds_leader_lock && view.is_standby_cluster;
  const bool replica = !leads_standby_cluster && is_replica(view, query);
  if (has(path, "standby_leader") || has(path, "standby-leader")) return status_if(leadership.standby_leader);
  if (has(path, "leader")) return status_if(leadership.leader);
  if (has(path, "master") || has(path, "primary") || has(path, "read-write"))
    return status_if(leadership.primary);

  bool healthy = false;
  if (has(path, "replica")) {
    healthy = replica;
  } else if (has(path, "read-only") && !has(path, "sync") && !has(path, "quorum")) {
    healthy = leadership.is_any_primary() || replica;
  } else if (has(path, "health")) {
    healthy = shown_state(view) == "running";
  } else {
    healthy = is_synchronous_check_healthy(view, path, leadership.is_any_primary(), replica);
  }
  return status_if(healthy && matches_tags(view, query));
}

int liveness_status(const RestView& view) {
  const bool is_primary = view.role == "primary" && view.is_running();
  const milliseconds limit = is_primary ? view.ttl : 2 * view.ttl;
  return status_if(view.pause || view.loop_age < limit);
}

std::string obstacle_to_readiness(const RestView& view, const Query& query) {
  if (view.holds_leader_lock) return {};
  if (!view.is_running()) return "PostgreSQL is not running";
  if (view.replication_state != "streaming") return "PostgreSQL replication state is not streaming";
  if (!view.cluster && !view.latest_end) return view.failsafe_active ? "" : "DCS is not accessible";
  const bool by_write = value_of(query, "mode").value_or("apply") == "write";
  const Lsn here = by_write ? received_location(view) : replayed_location(view);
  const std::int64_t lag = bytes_between(here, leader_position(view));
  const std::int64_t lag_max = bytes_of(query, "lag").value_or(view.maximum_lag_on_failover);
  if (lag <= lag_max) return {};
  return fmt::format("Replication {} lag {} exceeds maximum allowable {}", by_write ? "write" : "apply", lag,
                     lag_max);
}

}  // namespace holdfast::agent::rest
