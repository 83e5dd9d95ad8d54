#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/epoch.hpp"
#include "base/timeline.hpp"
#include "cli/finding.hpp"
#include "cli/vip_health.hpp"

// What `holdfast status` found, and what follows from it. Plain values, pure functions.
namespace holdfast::cli {

struct MemberHealth {
  std::string name;
  std::string host;  // host:port
  std::string role;  // "leader", "sync_standby", …
  std::string state;
  Timeline timeline = 0;
  std::optional<std::int64_t> lag_bytes;  // of replay; a replica that tells none: nullopt
  bool answers = false;                   // its REST API, just now
  std::string silence;                    // why it does not
  bool runs = false;                      // PostgreSQL accepts connections, by its own word
  bool claims_primary = false;            // "primary", by its own word
  bool pending_restart = false;
  bool nofailover = false;
  bool failsafe = false;  // leads without the DCS

  bool is_leader() const { return role.ends_with("leader"); }
  bool operator==(const MemberHealth&) const = default;
};

struct ServerRoute {
  std::string name;
  std::string role;
  bool serving = false;
  std::int64_t connections = 0;
  std::string why;

  bool operator==(const ServerRoute&) const = default;
};

struct ListenerRoute {
  std::string name, bind, target;
  std::int64_t clients = 0;
  std::int64_t waiting = 0;
  std::int64_t hold_timeouts = 0;

  bool operator==(const ListenerRoute&) const = default;
};

struct ProxyHealth {
  std::string name;
  std::string url;
  bool answers = false;
  std::string silence;
  std::string gate;     // "open", "held" or "draining"
  std::string primary;  // whom it routes writes to
  std::string why;      // of a gate that is not open
  Epoch epoch;
  std::optional<std::int64_t> proof_left_ms;
  std::vector<ListenerRoute> listeners;
  std::vector<ServerRoute> servers;

  bool operator==(const ProxyHealth&) const = default;
};

struct StoreHealth {
  bool answers = false;
  std::string silence;
  std::string leader;                  // name of etcd's leading member
  std::vector<std::string> endpoints;  // as configured
  std::vector<bool> alive;             // in that order

  bool operator==(const StoreHealth&) const = default;
};

struct ClusterHealth {
  std::string scope;
  std::string system_id;  // empty: bootstrap in progress or never begun
  bool is_initialized = false;
  std::string leader;  // holder of the leader lock; empty: nobody
  Epoch epoch;
  std::string synchronous_mode = "off";
  bool is_strict = false;
  int synchronous_node_count = 1;
  std::vector<std::string> sync_standbys;
  bool is_paused = false;
  bool is_standby_cluster = false;
  std::string scheduled;  // "2026-01-14T10:09:57+00:00 from pg1 to pg2"
  std::int64_t maximum_lag = 1048576;
  std::vector<MemberHealth> members;
  std::vector<std::string> expected;  // `nodes` with the role agent, when the configuration lists them
  std::vector<ProxyHealth> proxies;
  VipHealth vip;
  StoreHealth store;
  std::vector<std::string> malformed;  // keys that do not parse

  const MemberHealth* member(const std::string& name) const;
  bool operator==(const ClusterHealth&) const = default;
};

// In order of urgency; empty: all is well.
std::vector<Finding> findings_of(const ClusterHealth& cluster);

}  // namespace holdfast::cli
