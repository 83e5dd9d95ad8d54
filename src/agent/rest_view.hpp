#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/epoch.hpp"
#include "base/instant.hpp"
#include "base/lsn.hpp"
#include "dcs/cluster.hpp"
#include "postgres/monitor.hpp"

// Everything that a REST answer may tell, filled afresh for each request from what the agent holds in memory:
// no answer waits for PostgreSQL or the DCS.
namespace holdfast::agent::rest {

enum class SynchronousMode { off, on, quorum };

struct ScheduledRestart {
  WallInstant at{};
  boost::json::object filters;  // role, postgres_version, timeout, restart_pending: as they were asked for
};

struct RestView {
  WallInstant now{};
  std::string name;
  std::string scope;

  // PostgreSQL. `role` and `state` are Patroni's words: "primary", "running", …
  std::string role = "uninitialized";
  std::string state = "stopped";
  std::optional<postgres::Status> server;  // its last answer; nullopt: it does not answer
  Lsn latest_end;                 // standby: how far its upstream has told to be (wal receiver); 0: unknown
  std::string replication_state;  // standby: "streaming", "in archive recovery"; empty: neither
  std::string system_id;
  boost::json::object tags;  // the effective ones, false ones left out as Patroni does
  bool noloadbalance = false;
  std::map<std::string, postgres::PendingRestart>
      pending_restart;  // by setting; not empty: a restart is pending
  std::optional<ScheduledRestart> scheduled_restart;
  bool watchdog_failed = false;

  // Leadership. The lock is held only while the local lease deadline lies ahead (EC-44).
  bool holds_leader_lock = false;
  bool is_standby_cluster = false;
  bool failsafe_enabled = false;
  bool failsafe_active = false;

  Epoch epoch;                      // of the lock that we hold; none: we hold none
  milliseconds lease_remaining{0};  // to our own deadline
  std::string reason;               // the HA core's last decision, in words

  // The DCS. `cluster` is its last read state, null while the DCS can't be reached; `remembered` outlives an
  // outage.
  std::shared_ptr<const dcs::Cluster> cluster;
  std::shared_ptr<const dcs::Cluster> remembered;
  std::optional<WallInstant> dcs_last_seen;

  // Dynamic configuration in force.
  bool pause = false;
  SynchronousMode synchronous_mode = SynchronousMode::off;
  std::int64_t maximum_lag_on_failover = 1'048'576;
  milliseconds ttl = 30s;

  milliseconds loop_age{0};  // since the HA loop last made a decision

  bool is_running() const { return state == "running"; }
};

}  // namespace holdfast::agent::rest
