#pragma once

#include <memory>

#include "agent/rest_view.hpp"
#include "base/duration.hpp"

// Members of a healthy three-node cluster, as their REST API sees them.
namespace holdfast::agent::rest {

inline WallInstant noon() {
  return *parse_iso("2026-01-14T12:00:00+00:00");
}

inline dcs::Member a_member(const std::string& name, const std::string& host, const std::string& role) {
  dcs::Member member;
  member.name = name;
  member.conn_url = "postgres://" + host + ":5432/postgres";
  member.api_url = "http://" + host + ":8008/patroni";
  member.state = "running";
  member.role = role;
  member.timeline = 3;
  member.xlog_location = Lsn{5000};
  return member;
}

inline dcs::Cluster a_cluster() {
  dcs::Cluster cluster;
  cluster.leader = dcs::LeaderLock{.name = "pg1", .create_revision = 7, .mod_revision = 7};
  cluster.members = {a_member("pg1", "10.0.1.11", "primary"), a_member("pg2", "10.0.1.12", "replica"),
                     a_member("pg3", "10.0.1.13", "replica")};
  for (auto* member : {&cluster.members[1], &cluster.members[2]}) {
    member->replication_state = "streaming";
    member->receive_lsn = Lsn{5000};
    member->replay_lsn = Lsn{4000};
  }
  cluster.status = dcs::Status{.optime = Lsn{5000}};
  return cluster;
}

inline void set_cluster(RestView& view, dcs::Cluster cluster) {
  view.cluster = std::make_shared<const dcs::Cluster>(std::move(cluster));
  view.remembered = view.cluster;
}

inline RestView a_view(const std::string& name, bool in_recovery) {
  RestView view;
  view.now = noon();
  view.name = name;
  view.scope = "payments";
  view.state = "running";
  view.role = in_recovery ? "replica" : "primary";
  view.system_id = "7587";
  view.server = postgres::Status{};
  view.server->in_recovery = in_recovery;
  view.server->server_version = 150006;
  view.server->timeline = 3;
  view.server->started = noon() - 1h;
  view.dcs_last_seen = noon();
  set_cluster(view, a_cluster());
  return view;
}

inline RestView the_primary() {
  RestView view = a_view("pg1", false);
  view.holds_leader_lock = true;
  view.server->flush = Lsn{5000};
  return view;
}

inline RestView a_replica() {
  RestView view = a_view("pg2", true);
  view.server->receive = Lsn{5000};
  view.server->replay = Lsn{4000};
  view.replication_state = "streaming";
  return view;
}

inline void make_synchronous(RestView& view, SynchronousMode mode, std::vector<std::string> standbys) {
  view.synchronous_mode = mode;
  dcs::Cluster cluster = *view.cluster;
  cluster.sync = dcs::SyncState{.leader = "pg1", .quorum = 0, .standbys = std::move(standbys)};
  set_cluster(view, std::move(cluster));
}

inline RestView a_sync_standby() {
  RestView view = a_replica();
  make_synchronous(view, SynchronousMode::on, {"pg2"});
  return view;
}

inline RestView a_quorum_standby() {
  RestView view = a_replica();
  make_synchronous(view, SynchronousMode::quorum, {"pg2", "pg3"});
  return view;
}

inline RestView a_standby_leader() {
  RestView view = a_view("pg1", true);
  view.role = "standby_leader";
  view.holds_leader_lock = true;
  view.is_standby_cluster = true;
  view.replication_state = "streaming";
  return view;
}

inline RestView a_stopped_member() {
  RestView view = a_view("pg3", true);
  view.state = "stopped";
  view.server.reset();
  return view;
}

inline RestView without_dcs(RestView view) {
  view.cluster.reset();
  return view;
}

inline RestView without_lock(RestView view) {
  view.holds_leader_lock = false;
  return view;
}

inline RestView paused(RestView view) {
  view.pause = true;
  return view;
}

}  // namespace holdfast::agent::rest
