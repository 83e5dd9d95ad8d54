#pragma once

#include "config/sections/vrrp_globals_schema.hpp"
#include "config/sections/vrrp_instance_schema.hpp"

// `vip`.
namespace holdfast::config {

template <>
struct Schema<VrrpScript> {
  using C = VrrpScript;
  static constexpr std::string_view named_in_words = "map of scripts";
  static constexpr std::tuple entries{
      Field{.key = "script", .member = &C::script, .help = "Command; it exits 0 when all is well."},
      Field{.key = "interval",
            .member = &C::interval,
            .help = "Between two starts of it.",
            .min = 10ms,
            .max = 24h},
      Field{.key = "timeout",
            .member = &C::timeout,
            .help = "After which it has failed, and is killed.",
            .min = 10ms,
            .max = 24h,
            .derived = "interval"},
      Field{
          .key = "weight",
          .member = &C::weight,
          .help = "Added to the priority while it fails (below 0) or succeeds (above); 0: failing is FAULT.",
          .min = -253,
          .max = 253},
      Field{.key = "reverse", .member = &C::reverse, .help = "The weight counts the other way round."},
      Field{.key = "rise",
            .member = &C::rise,
            .help = "Successes after which it is up.",
            .min = 1,
            .max = 1000},
      Field{.key = "fall",
            .member = &C::fall,
            .help = "Failures after which it is down.",
            .min = 1,
            .max = 1000},
      Field{.key = "user",
            .member = &C::user,
            .help = "Operating system user that it runs as.",
            .derived = "global_defs.script_user"},
      Field{.key = "init_fail",
            .member = &C::init_fail,
            .help = "It counts as failed until it has succeeded."}};
};

template <>
struct Schema<TrackFile> {
  static constexpr std::string_view named_in_words = "map of files";
  static constexpr std::tuple entries{
      Field{.key = "file", .member = &TrackFile::file, .help = "File with a number in it."},
      Field{.key = "weight",
            .member = &TrackFile::weight,
            .help = "Times the number is added to the priority; 0: a number other than 0 is FAULT.",
            .min = -254,
            .max = 254},
      Unused{"init_file", "keepalived: makes the file; a missing file is a 0."}};
};

template <>
struct Schema<TrackProcess> {
  using C = TrackProcess;
  static constexpr std::string_view named_in_words = "map of processes";
  static constexpr std::tuple entries{
      Field{.key = "process", .member = &C::process, .help = "Name of the process."},
      Field{.key = "full_command",
            .member = &C::full_command,
            .help = "`process` is the whole command line, not the name alone."},
      Field{.key = "weight",
            .member = &C::weight,
            .help =
                "Added to the priority while it is missing (below 0) or there (above); 0: missing is FAULT.",
            .min = -253,
            .max = 253},
      Field{
          .key = "quorum", .member = &C::quorum, .help = "So many of them must run.", .min = 1, .max = 65535},
      Field{.key = "delay",
            .member = &C::delay,
            .help = "A change counts after so long.",
            .min = 0ms,
            .max = 1h},
      Refused{"param_match", "is not supported: write the whole command line with full_command"},
      Refused{"quorum_max", "is not supported: more than enough processes count as enough"},
      Refused{"fork_delay", "is not supported: use delay"},
      Refused{"terminate_delay", "is not supported: use delay"}};
};

inline constexpr std::string_view tracks_in_instances = "is not supported: name it in the group's instances";

template <>
struct Schema<VrrpSyncGroup> {
  static constexpr std::string_view named_in_words = "map of groups";
  static constexpr std::tuple entries{
      Field{.key = "group",
            .member = &VrrpSyncGroup::group,
            .help = "Names of vrrp_instance that move together.",
            .splits_commas = true},
      Note{"notify", script_type, notify_help},
      Note{"notify_master", script_type, "Run when all have become MASTER."},
      Note{"notify_backup", script_type, "Run when it becomes BACKUP."},
      Note{"notify_fault", script_type, "Run when one comes into FAULT."},
      Note{"notify_stop", script_type, "Run when the role ends."},
      Note{"notify_master_rx_lower_pri", script_type, "Run when a master of it hears a lower priority."},
      Unused{"smtp_alert", "keepalived: mail at transitions."},
      Unused{"global_tracking", "keepalived: a fault of one is always everybody's."},
      Unused{"sync_group_tracking_weight",
             "keepalived: the priorities of instances follow their own tracking."},
      Unused{"notify_priority_changes", "keepalived: use global_defs.vrrp_notify_priority_changes."},
      Refused{"track_interface", tracks_in_instances},
      Refused{"track_script", tracks_in_instances},
      Refused{"track_file", tracks_in_instances},
      Refused{"track_process", tracks_in_instances},
      Refused{"track_bfd", tracks_in_instances}};

  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              VrrpSyncGroup& out, const Spot& spot) {
    return read_notify(node, keys, out.notify, spot);
  }
  static void print_others(const VrrpSyncGroup& group, Node& out) { print_notify(group.notify, out); }
};

template <>
struct Schema<VipStatsConfig> {
  static constexpr std::tuple entries{
      Field{.key = "listen",
            .member = &VipStatsConfig::listen,
            .help = "Address of /metrics (keepalived-exporter's names) and /vip.",
            .apply = Apply::restart}};
};

inline constexpr std::string_view of_short_form = "Of the instance that `address` makes; see vrrp_instance.";

template <>
struct Schema<VipConfig> {
  using C = VipConfig;
  static constexpr std::tuple entries{
      Field{.key = "address",
            .member = &C::address,
            .help =
                "The short form: makes an instance of the scope's name, with what is not said derived from "
                "`nodes`. Any key of vrrp_instance may stand beside it."},
      Field{.key = "ownership", .member = &C::ownership, .help = "`ownership` of instances that do not say."},
      Field{.key = "lease_ttl",
            .member = &C::lease_ttl,
            .help = "For `ownership: lease`: after which a silent master's lease is gone.",
            .min = 2s,
            .max = 1h,
            .apply = Apply::restart},
      Field{.key = "global_defs", .member = &C::global_defs, .help = "What holds for all instances."},
      Field{.key = "vrrp_instance", .member = &C::vrrp_instance, .help = "The virtual routers, by name."},
      Field{.key = "vrrp_sync_group",
            .member = &C::vrrp_sync_group,
            .help = "Instances that move together, by name of the group."},
      Field{.key = "vrrp_script", .member = &C::vrrp_script, .help = "Checks that instances track, by name."},
      Field{.key = "track_file",
            .member = &C::track_file,
            .help = "Files that instances track, by name.",
            .aliases = "vrrp_track_file"},
      Field{.key = "vrrp_track_process",
            .member = &C::vrrp_track_process,
            .help = "Processes that instances track, by name."},
      Field{.key = "stats", .member = &C::stats, .help = "State and metrics over HTTP."},
      Note{"interface", "string", of_short_form, Apply::restart},
      Note{"virtual_router_id", "integer", of_short_form, Apply::restart},
      Note{"priority", "integer", of_short_form},
      Note{"advert_int", "time", of_short_form},
      Note{"version", "integer", of_short_form, Apply::restart},
      Note{"nopreempt", "boolean", of_short_form},
      Note{"preempt_delay", "time", of_short_form},
      Note{"track_script", "list: name with weight", of_short_form},
      Note{"track_interface", "list: name with weight", of_short_form},
      Note{"notify", script_type, of_short_form},
      Unused{"garp_group", "keepalived: intervals by interface; see global_defs.vrrp_garp_interval."},
      Unused{"interface_up_down_delays", "keepalived: an interface counts as down at once."},
      Refused{"bfd_instance", "BFD is not spoken by this version: use vrrp_script"},
      Refused{"static_ipaddress", "is not supported: set it with the operating system"},
      Refused{"static_routes", "are not supported: set them with the operating system"},
      Refused{"static_rules", "are not supported: set them with the operating system"},
      Refused{"track_group", "is not supported: use vrrp_sync_group"},
      Refused{"virtual_server", "IPVS is not used: the proxy leads clients to servers"},
      Refused{"virtual_server_group", "IPVS is not used: the proxy leads clients to servers"}};

  // Keys of the short form have gone to its instance; without `address` they belong to none.
  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              VipConfig& out, const Spot& spot);
};

}  // namespace holdfast::config
