#include "agent/rest_status.hpp"

#include "agent/rest_health.hpp"
#include "base/duration.hpp"
#include "base/version.hpp"
#include "http/url.hpp"

namespace holdfast::agent::rest {

namespace json = boost::json;

namespace {

json::object xlog_of(const postgres::Status& server, const RestView& view) {
  if (!server.in_recovery) return {{"location", server.flush.value}};
  json::object xlog{{"received_location", received_location(view).value},
                    {"replayed_location", server.replay.value},
                    {"replayed_timestamp", nullptr},
                    {"paused", server.replay_paused}};
  if (server.last_replay) xlog["replayed_timestamp"] = print_python_time(*server.last_replay);
  return xlog;
}

json::array replication_of(const postgres::Status& server) {
  json::array rows;
  for (const auto& row : server.replication) {
    json::value address = nullptr;  // NULL over a Unix socket
    if (!row.client_addr.empty()) address = row.client_addr;
    rows.push_back(json::object{{"usename", row.usename},
                                {"application_name", row.application_name},
                                {"client_addr", address},
                                {"state", row.state},
                                {"sync_state", row.sync_state},
                                {"sync_priority", row.sync_priority}});
  }
  return rows;
}

void add_server(json::object& out, const RestView& view) {
  const postgres::Status& server = *view.server;
  out["postmaster_start_time"] = print_python_time(server.started);
  out["role"] = shown_role(view);
  out["server_version"] = server.server_version;
  out["xlog"] = xlog_of(server, view);
  if (is_sync_standby(view)) out["sync_standby"] = true;
  if (is_quorum_standby(view)) out["quorum_standby"] = true;
  out["timeline"] = server.timeline;
  if (!view.replication_state.empty()) out["replication_state"] = view.replication_state;
  if (!server.replication.empty()) out["replication"] = replication_of(server);
}

json::object pending_restart_of(const RestView& view) {
  json::object reasons;
  for (const auto& [name, setting] : view.pending_restart) {
    reasons[name] = json::object{{"old_value", setting.running}, {"new_value", setting.configured}};
  }
  return reasons;
}

json::object scheduled_restart_of(const ScheduledRestart& restart) {
  json::object out = restart.filters;
  out["schedule"] = print_iso(restart.at);
  return out;
}

void add_member_facts(json::object& out, const RestView& view) {
  if (!view.tags.empty()) out["tags"] = view.tags;
  if (!view.system_id.empty()) out["database_system_identifier"] = view.system_id;
  if (!view.pending_restart.empty()) {
    out["pending_restart"] = true;
    out["pending_restart_reason"] = pending_restart_of(view);
  }
  out["patroni"] = json::object{{"version", patroni_version}, {"scope", view.scope}, {"name", view.name}};
  out["holdfast"] = json::object{{"version", version},
                                 {"reason", view.reason},
                                 {"epoch", view.epoch.value},
                                 {"lease_remaining_ms", view.lease_remaining.count()}};
  if (view.scheduled_restart) out["scheduled_restart"] = scheduled_restart_of(*view.scheduled_restart);
  if (view.watchdog_failed) out["watchdog_failed"] = true;
}

std::string role_in_cluster(const dcs::Cluster& cluster, const dcs::Member& member, const RestView& view) {
  if (cluster.leader && cluster.leader->name == member.name)
    return view.is_standby_cluster ? "standby_leader" : "leader";
  if (view.synchronous_mode == SynchronousMode::off || !cluster.sync) return "replica";
  for (const auto& standby : cluster.sync->standbys) {
    if (standby != member.name) continue;
    return view.synchronous_mode == SynchronousMode::quorum ? "quorum_standby" : "sync_standby";
  }
  return "replica";
}

// "postgres://10.0.1.11:5432/postgres" -> host and port.
void add_address(json::object& out, const std::string& conn_url) {
  const auto scheme = conn_url.find("://");
  if (scheme == std::string::npos) return;
  std::string address = conn_url.substr(scheme + 3);
  address.resize(std::min(address.size(), address.find_first_of("/?")));
  const auto user = address.rfind('@');
  if (user != std::string::npos) address.erase(0, user + 1);
  auto endpoint = http::parse_endpoint(address);
  if (!endpoint) endpoint = http::parse_endpoint(address + ":5432");
  if (!endpoint) return;
  out["host"] = endpoint->host;
  out["port"] = endpoint->port;
}

void add_lag(json::object& out, const std::string& kind, std::optional<Lsn> lsn, Lsn leader) {
  const std::string lsn_key = kind + "lsn";
  const std::string lag_key = kind + "lag";
  if (!lsn || !*lsn) {
    out[lsn_key] = "unknown";
    out[lag_key] = "unknown";
    return;
  }
  out[lag_key] = std::max<std::int64_t>(0, bytes_between(*lsn, leader));
  out[lsn_key] = print_lsn(*lsn);
}

void add_optional(json::object& out, const dcs::Member& member) {
  if (member.timeline != 0) out["timeline"] = member.timeline;
  if (member.pending_restart) out["pending_restart"] = true;
  if (!member.pending_restart_reason.empty()) out["pending_restart_reason"] = member.pending_restart_reason;
  if (!member.scheduled_restart.empty()) out["scheduled_restart"] = member.scheduled_restart;
  if (!member.tags.empty()) out["tags"] = member.tags;
}

json::object member_document(const dcs::Cluster& cluster, const dcs::Member& member, const RestView& view) {
  const std::string role = role_in_cluster(cluster, member, view);
  const bool shows_replication = role != "leader" && !member.replication_state.empty();
  json::object out{{"name", member.name},
                   {"role", role},
                   {"state", shows_replication ? member.replication_state : member.state},
                   {"api_url", member.api_url}};
  add_address(out, member.conn_url);
  add_optional(out, member);
  if (cluster.leader && cluster.leader->name == member.name) return out;
  const Lsn leader = cluster.status && cluster.status->optime ? *cluster.status->optime : Lsn{};
  add_lag(out, "receive_", member.receive_lsn, leader);
  add_lag(out, "replay_", member.replay_lsn, leader);
  add_lag(out, "", member.xlog_location, leader);
  return out;
}

json::object scheduled_switchover_of(const dcs::Failover& failover) {
  json::object out{{"at", print_iso(*failover.scheduled_at)}};
  if (!failover.leader.empty()) out["from"] = failover.leader;
  if (!failover.member.empty()) out["to"] = failover.member;
  return out;
}

void print_spaced(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    out += '{';
    for (const auto& [key, inner] : *object) {
      if (out.back() != '{') out += ", ";
      out += dcs::print_json(json::string{key}) + ": ";
      print_spaced(inner, out);
    }
    out += '}';
    return;
  }
  if (const auto* array = value.if_array()) {
    out += '[';
    bool is_first = true;
    for (const auto& inner : *array) {
      if (!std::exchange(is_first, false)) out += ", ";
      print_spaced(inner, out);
    }
    out += ']';
    return;
  }
  out += dcs::print_json(value);
}

}  // namespace

std::string print_python_time(WallInstant when) {
  std::string text = print_iso(when);  // 2026-01-14T10:09:57.123+00:00
  if (text.size() > 10) text[10] = ' ';
  const auto point = text.find('.');
  if (point != std::string::npos) text.insert(point + 4, "000");
  return text;
}

std::string print_document(const json::value& value) {
  std::string out;
  print_spaced(value, out);
  return out;
}

json::object status_document(const RestView& view) {
  json::object out{{"state", shown_state(view)}, {"role", view.role}};
  if (view.server) add_server(out, view);
  if (view.pause) out["pause"] = true;
  if (!view.cluster || !view.cluster->leader) out["cluster_unlocked"] = true;
  if (view.failsafe_active) out["failsafe_mode_is_active"] = true;
  const auto seen = view.dcs_last_seen.value_or(WallInstant{});
  out["dcs_last_seen"] = std::chrono::duration_cast<seconds>(seen.time_since_epoch()).count();
  add_member_facts(out, view);
  return out;
}

json::object cluster_document(const RestView& view) {
  const auto& cluster = view.cluster ? view.cluster : view.remembered;
  json::array members;
  json::object out;
  if (cluster) {
    for (const auto& member : cluster->members) members.push_back(member_document(*cluster, member, view));
  }
  out["members"] = std::move(members);
  if (view.pause) out["pause"] = true;
  if (cluster && cluster->failover && cluster->failover->scheduled_at) {
    out["scheduled_switchover"] = scheduled_switchover_of(*cluster->failover);
  }
  out["scope"] = view.scope;
  return out;
}

json::array history_document(const RestView& view) {
  const auto& cluster = view.cluster ? view.cluster : view.remembered;
  json::array lines;
  if (!cluster || !cluster->history) return lines;
  for (const auto& entry : cluster->history->entries) {
    json::array line{entry.timeline, entry.at.value, entry.reason};
    if (entry.when) line.emplace_back(*entry.when);
    if (entry.when && entry.leader) line.emplace_back(*entry.leader);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace holdfast::agent::rest
