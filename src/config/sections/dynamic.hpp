#pragma once

#include "base/instant.hpp"
#include "config/sections/postgresql.hpp"
#include "config/tree.hpp"
#include "config/values.hpp"

namespace holdfast::config {

enum class SynchronousMode { off, on, quorum };
enum class SlotType { physical, logical };

// `slots.<name>`: a permanent replication slot.
struct SlotConfig {
  std::string name;
  SlotType type = SlotType::physical;
  std::string database;      // logical only
  std::string plugin;        // logical only
  std::string cluster_type;  // "", "primary" or "standby": where it is kept

  bool operator==(const SlotConfig&) const = default;
};

// An entry of `ignore_slots`: every field that is set must match a slot for it to be left alone.
struct SlotMatcher {
  std::string name;
  std::string type;
  std::string database;
  std::string plugin;

  bool operator==(const SlotMatcher&) const = default;
};

// `standby_cluster`: this whole cluster follows another one.
struct StandbyClusterConfig {
  std::string host;
  std::string port;
  std::string primary_slot_name;
  StringList create_replica_methods;
  std::string restore_command;
  std::string archive_cleanup_command;
  std::string recovery_min_apply_delay;

  bool is_set() const { return !host.empty() || !port.empty() || !restore_command.empty(); }
  bool operator==(const StandbyClusterConfig&) const = default;
};

// The DCS key `config` (bootstrap.dcs when the cluster is new), the same for all members. Values that Patroni
// peers would adjust (loop_wait + 2 * retry_timeout > ttl) are already adjusted here.
struct DynamicConfig {
  milliseconds ttl = 30s;
  milliseconds loop_wait = 10s;
  milliseconds retry_timeout = 10s;
  ByteSize maximum_lag_on_failover{1048576};
  ByteSize maximum_lag_on_syncnode{-1};  // off when not positive
  int max_timelines_history = 0;         // 0: keep all
  bool check_timeline = false;
  milliseconds primary_start_timeout = 300s;
  milliseconds primary_stop_timeout = 0s;  // 0: never kill
  SynchronousMode synchronous_mode = SynchronousMode::off;
  bool synchronous_mode_strict = false;
  int synchronous_node_count = 1;
  bool failsafe_mode = false;
  bool pause = false;
  milliseconds member_slots_ttl = 30min;
  std::vector<SlotConfig> slots;
  std::vector<SlotMatcher> ignore_slots;
  StandbyClusterConfig standby_cluster;
  milliseconds primary_race_backoff = 0s;  // 0: off

  // Ours; Patroni peers ignore them.
  milliseconds leader_ttl = 4s;
  milliseconds heartbeat_interval = 100ms;
  milliseconds standby_drop_after = 400ms;
  milliseconds drain_timeout = 2s;
  bool proxy_only = false;  // the generated pg_hba lets only proxies and members in

  Node postgresql;  // the `postgresql` map, to be merged under the local one: effective_postgresql()
  Node tree;        // the whole document as received, unknown keys included: what a PATCH is applied to

  bool operator==(const DynamicConfig& other) const;  // by meaning: unknown keys and origins do not count
};

}  // namespace holdfast::config
