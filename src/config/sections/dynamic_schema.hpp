#pragma once

#include "config/sections/dynamic.hpp"
#include "config/sections/postgresql_schema.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

// As YAML reads it, `on` is true; JSON in the DCS holds true, false or "quorum".
template <>
struct Words<SynchronousMode> {
  static constexpr std::array table{
      std::pair{"off", SynchronousMode::off},       std::pair{"on", SynchronousMode::on},
      std::pair{"quorum", SynchronousMode::quorum}, std::pair{"false", SynchronousMode::off},
      std::pair{"no", SynchronousMode::off},        std::pair{"true", SynchronousMode::on},
      std::pair{"yes", SynchronousMode::on},        std::pair{"False", SynchronousMode::off},
      std::pair{"True", SynchronousMode::on}};
};
template <>
struct Words<SlotType> {
  static constexpr std::array table{std::pair{"physical", SlotType::physical},
                                    std::pair{"logical", SlotType::logical}};
};

template <>
struct Schema<SlotConfig> {
  static constexpr std::tuple entries{
      Field{.key = "type", .member = &SlotConfig::type, .help = "Kind of the slot."},
      Field{.key = "database", .member = &SlotConfig::database, .help = "Database of a logical slot."},
      Field{.key = "plugin", .member = &SlotConfig::plugin, .help = "Output plugin of a logical slot."},
      Field{.key = "cluster_type",
            .member = &SlotConfig::cluster_type,
            .help = "`primary` or `standby`: the kind of cluster it is kept in; empty: both."},
      Unused{"failover", "PostgreSQL 17: synchronised by the server itself."},
      Unused{"two_phase", "Decoding of prepared transactions."}};
  static void finish(const Node& node, SlotConfig& out, const Spot& spot);
};
template <>
struct Codec<std::vector<SlotConfig>> {
  static TypeInfo type() {
    return {.name = "map of slots",
            .json_type = "object",
            .kind = FieldInfo::Kind::map_of_sections,
            .section = &describe<SlotConfig>()};
  }
  static void read(const Node& node, std::vector<SlotConfig>& out, const Spot& spot);
  static Node print(const std::vector<SlotConfig>& value);
};

template <>
struct Schema<SlotMatcher> {
  static constexpr std::tuple entries{
      Field{.key = "name", .member = &SlotMatcher::name, .help = "Name of the slot."},
      Field{.key = "type", .member = &SlotMatcher::type, .help = "`physical` or `logical`."},
      Field{.key = "database", .member = &SlotMatcher::database, .help = "Its database."},
      Field{.key = "plugin", .member = &SlotMatcher::plugin, .help = "Its output plugin."}};
};

template <>
struct Schema<StandbyClusterConfig> {
  using C = StandbyClusterConfig;
  static constexpr std::tuple entries{
      Field{.key = "host",
            .member = &C::host,
            .help = "Host, or comma list of hosts, of the cluster that is followed."},
      Field{.key = "port", .member = &C::port, .help = "Its port."},
      Field{.key = "primary_slot_name", .member = &C::primary_slot_name, .help = "Slot used there."},
      Field{.key = "create_replica_methods",
            .member = &C::create_replica_methods,
            .help = "Ways to make the standby leader.",
            .splits_commas = true},
      Field{.key = "restore_command", .member = &C::restore_command, .help = "Fetches WAL from an archive."},
      Field{.key = "archive_cleanup_command",
            .member = &C::archive_cleanup_command,
            .help = "Cleans the archive."},
      Field{.key = "recovery_min_apply_delay",
            .member = &C::recovery_min_apply_delay,
            .help = "Delays replay."}};
};

template <>
struct Schema<DynamicConfig> {
  using C = DynamicConfig;
  static constexpr std::tuple entries{
      Field{.key = "ttl",
            .member = &C::ttl,
            .help = "Lease of a member's record.",
            .min = 20s,
            .max = 24h,
            .apply = Apply::cluster},
      Field{.key = "loop_wait",
            .member = &C::loop_wait,
            .help = "Longest pause between two looks at the cluster.",
            .min = 1s,
            .max = 1h,
            .apply = Apply::cluster},
      Field{.key = "retry_timeout",
            .member = &C::retry_timeout,
            .help = "How long the DCS and PostgreSQL are tried again.",
            .min = 3s,
            .max = 1h,
            .apply = Apply::cluster},
      Field{.key = "maximum_lag_on_failover",
            .member = &C::maximum_lag_on_failover,
            .help = "A member further behind than this many bytes does not become the primary.",
            .min = ByteSize{0},
            .apply = Apply::cluster},
      Field{.key = "maximum_lag_on_syncnode",
            .member = &C::maximum_lag_on_syncnode,
            .help =
                "A synchronous standby that is further behind is replaced, if there is another; off when not "
                "positive.",
            .apply = Apply::cluster},
      Field{.key = "max_timelines_history",
            .member = &C::max_timelines_history,
            .help = "Timelines kept in the history; 0: all.",
            .min = 0,
            .apply = Apply::cluster},
      Field{.key = "check_timeline",
            .member = &C::check_timeline,
            .help = "A member of an older timeline does not become the primary.",
            .apply = Apply::cluster,
            .without_effect = true},
      Field{.key = "primary_start_timeout",
            .member = &C::primary_start_timeout,
            .help = "How long a crashed primary may recover before another takes over; 0: at once.",
            .min = 0s,
            .max = 24h,
            .apply = Apply::cluster,
            .aliases = "master_start_timeout"},
      Field{.key = "primary_stop_timeout",
            .member = &C::primary_stop_timeout,
            .help = "In synchronous modes, a stopping primary is killed after this time; 0: never.",
            .min = 0s,
            .max = 24h,
            .apply = Apply::cluster,
            .aliases = "master_stop_timeout",
            .without_effect = true},
      Field{
          .key = "synchronous_mode",
          .member = &C::synchronous_mode,
          .help =
              "Whether a commit waits for standbys: for `synchronous_node_count` named ones (on), or for as "
              "many of all (quorum). A new cluster made with `nodes` has quorum, if it is not set.",
          .apply = Apply::cluster},
      Field{.key = "synchronous_mode_strict",
            .member = &C::synchronous_mode_strict,
            .help = "Commits wait even when there is no standby.",
            .apply = Apply::cluster},
      Field{.key = "synchronous_node_count",
            .member = &C::synchronous_node_count,
            .help = "Standbys that a commit waits for, as far as there are so many.",
            .min = 1,
            .max = 100,
            .apply = Apply::cluster},
      Field{.key = "failsafe_mode",
            .member = &C::failsafe_mode,
            .help = "A primary that reaches all members stays when the DCS is down.",
            .apply = Apply::cluster,
            .without_effect = true},
      Field{.key = "pause",
            .member = &C::pause,
            .help = "Automatic failover is off (set by `pause`).",
            .apply = Apply::cluster},
      Field{.key = "member_slots_ttl",
            .member = &C::member_slots_ttl,
            .help = "How long the slot of a vanished member is kept.",
            .min = 0s,
            .apply = Apply::cluster},
      Field{.key = "slots",
            .member = &C::slots,
            .help = "Permanent replication slots.",
            .apply = Apply::cluster,
            .aliases = "permanent_slots permanent_replication_slots",
            .without_effect = true},
      Field{.key = "ignore_slots",
            .member = &C::ignore_slots,
            .help = "Slots that are left alone.",
            .apply = Apply::cluster},
      Field{.key = "standby_cluster",
            .member = &C::standby_cluster,
            .help = "Another cluster that this one follows.",
            .apply = Apply::cluster,
            .without_effect = true},
      Field{.key = "primary_race_backoff",
            .member = &C::primary_race_backoff,
            .help = "Standbys wait while WAL of the old primary still arrives; 0: off.",
            .min = 0s,
            .max = 1h,
            .apply = Apply::cluster,
            .without_effect = true},
      Field{.key = "leader_ttl",
            .member = &C::leader_ttl,
            .help = "Lease of the leader lock.",
            .min = 2s,
            .max = 1h,
            .apply = Apply::cluster},
      Field{.key = "heartbeat_interval",
            .member = &C::heartbeat_interval,
            .help = "Between two heartbeats of agents.",
            .min = 10ms,
            .max = 5s,
            .apply = Apply::cluster},
      Field{.key = "standby_drop_after",
            .member = &C::standby_drop_after,
            .help = "Silence after which a synchronous standby is replaced.",
            .min = 50ms,
            .max = 1min,
            .apply = Apply::cluster},
      Field{.key = "drain_timeout",
            .member = &C::drain_timeout,
            .help = "How long a switchover waits for running transactions.",
            .min = 0s,
            .max = 1h,
            .apply = Apply::cluster,
            .without_effect = true},
      Field{.key = "proxy_only",
            .member = &C::proxy_only,
            .help = "PostgreSQL lets no one in but proxies and members.",
            .apply = Apply::cluster,
            .without_effect = true},
      Field{.key = "postgresql",
            .member = &C::postgresql,
            .help = "Settings of PostgreSQL, the same on all members.",
            .apply = Apply::cluster,
            .shown_as = &describe<PostgresqlConfig>}};

  static void finish(const Node& node, C& out, const Spot& spot);
};

}  // namespace holdfast::config
