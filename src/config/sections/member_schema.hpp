#pragma once

#include "config/sections/tags.hpp"
#include "config/sections/watchdog.hpp"
#include "config/walk.hpp"

namespace holdfast::config {

template <>
struct Words<WatchdogMode> {
  static constexpr std::array table{
      std::pair{"off", WatchdogMode::off}, std::pair{"automatic", WatchdogMode::automatic},
      std::pair{"required", WatchdogMode::required}, std::pair{"false", WatchdogMode::off}};
};

template <>
struct Schema<WatchdogConfig> {
  static constexpr std::tuple entries{
      Field{.key = "mode",
            .member = &WatchdogConfig::mode,
            .help = "Off, used where there is one, or no promotion without it."},
      Field{.key = "device", .member = &WatchdogConfig::device, .help = "Watchdog device."},
      Field{
          .key = "safety_margin",
          .member = &WatchdogConfig::safety_margin,
          .help = "Time kept between the watchdog's expiry and the end of the leader lock; -1: half of ttl.",
          .min = -1s,
          .max = 1h},
      Unused{"driver", "Patroni: how the device is spoken to."}};
};

template <>
struct Schema<TagsConfig> {
  static constexpr bool is_open = true;
  static constexpr std::tuple entries{
      Field{.key = "nofailover", .member = &TagsConfig::nofailover, .help = "Never becomes the primary."},
      Field{.key = "noloadbalance",
            .member = &TagsConfig::noloadbalance,
            .help = "Gets no reads: GET /replica answers 503."},
      Field{.key = "clonefrom",
            .member = &TagsConfig::clonefrom,
            .help = "New members prefer to be cloned from it.",
            .without_effect = true},
      Field{.key = "nosync", .member = &TagsConfig::nosync, .help = "Never becomes a synchronous standby."},
      Field{.key = "replicatefrom",
            .member = &TagsConfig::replicatefrom,
            .help = "Member that it streams from, for cascading replication."},
      Field{.key = "nostream",
            .member = &TagsConfig::nostream,
            .help = "Replicates from the WAL archive only.",
            .without_effect = true},
      Field{.key = "failover_priority",
            .member = &TagsConfig::failover_priority,
            .help = "Among candidates with equal WAL the highest wins; 0 or less: as nofailover."},
      Field{.key = "sync_priority",
            .member = &TagsConfig::sync_priority,
            .help = "The highest become synchronous standbys; 0 or less: as nosync."}};

  // Any other key is the user's own.
  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              TagsConfig& out, const Spot& spot);
  static void print_others(const TagsConfig& tags, Node& out);
};

}  // namespace holdfast::config
