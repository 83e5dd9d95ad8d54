#pragma once

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
struct Schema<VrrpGlobals> {
  using C = VrrpGlobals;
  static constexpr std::tuple entries{
      Field{.key = "vrrp_garp_master_repeat",
            .member = &C::vrrp_garp_master_repeat,
            .help = "Gratuitous ARPs in one burst.",
            .min = 1,
            .max = 100},
      Field{.key = "vrrp_garp_master_delay",
            .member = &C::vrrp_garp_master_delay,
            .help = "From becoming master to the second burst; 0: none.",
            .min = 0ms,
            .max = 1h},
      Field{.key = "vrrp_garp_master_refresh",
            .member = &C::vrrp_garp_master_refresh,
            .help = "Between further bursts; 0: none.",
            .min = 0ms,
            .max = 24h},
      Field{.key = "vrrp_garp_master_refresh_repeat",
            .member = &C::vrrp_garp_master_refresh_repeat,
            .help = "Gratuitous ARPs in each of these.",
            .min = 1,
            .max = 100},
      Field{.key = "vrrp_garp_lower_prio_repeat",
            .member = &C::vrrp_garp_lower_prio_repeat,
            .help = "Gratuitous ARPs after a master of lower priority was heard.",
            .min = 0,
            .max = 100},
      Field{.key = "vrrp_garp_lower_prio_delay",
            .member = &C::vrrp_garp_lower_prio_delay,
            .help = "From that advert to the second burst; 0: none.",
            .min = 0ms,
            .max = 1h},
      Field{.key = "vrrp_garp_interval",
            .member = &C::vrrp_garp_interval,
            .help = "Between two gratuitous ARPs of one interface.",
            .min = 0ms,
            .max = 10s},
      Field{.key = "vrrp_gna_interval",
            .member = &C::vrrp_gna_interval,
            .help = "Between two neighbour advertisements of one interface.",
            .min = 0ms,
            .max = 10s},
      Field{.key = "vrrp_lower_prio_no_advert",
            .member = &C::vrrp_lower_prio_no_advert,
            .help = "As master, do not answer an advert of lower priority."},
      Field{.key = "vrrp_higher_prio_send_advert",
            .member = &C::vrrp_higher_prio_send_advert,
            .help = "As master that yields, advertise once more."},
      Field{.key = "vrrp_mcast_group4",
            .member = &C::vrrp_mcast_group4,
            .help = "Multicast group of IPv4.",
            .apply = Apply::restart},
      Field{.key = "vrrp_mcast_group6",
            .member = &C::vrrp_mcast_group6,
            .help = "Multicast group of IPv6.",
            .apply = Apply::restart},
      Field{.key = "vrrp_startup_delay",
            .member = &C::vrrp_startup_delay,
            .help = "From start to the first advert heard or sent.",
            .min = 0ms,
            .max = 1h},
      Field{.key = "script_user",
            .member = &C::script_user,
            .help = "Operating system user of scripts.",
            .derived = "os_user when started as root"},
      Field{.key = "notify_fifo",
            .member = &C::notify_fifo,
            .help = "Pipe that gets a line at every transition.",
            .apply = Apply::restart,
            .aliases = "vrrp_notify_fifo"},
      Field{.key = "vrrp_rt_priority",
            .member = &C::vrrp_rt_priority,
            .help = "Real-time priority (SCHED_RR), where allowed; 0: the ordinary scheduler.",
            .min = 0,
            .max = 99,
            .apply = Apply::restart},
      Field{.key = "vrrp_no_swap",
            .member = &C::vrrp_no_swap,
            .help = "Lock the role's memory, where allowed.",
            .apply = Apply::restart},
      Field{.key = "vrrp_notify_priority_changes",
            .member = &C::vrrp_notify_priority_changes,
            .help = "Tell notify scripts and the pipe of changed priorities."},
      Note{"vrrp_version", "integer", "`version` of instances that say none.", Apply::restart},
      Note{"vrrp_strict", "boolean", "`strict_mode` of instances that do not say."},
      Note{"vrrp_skip_check_adv_addr", "boolean", "`skip_check_adv_addr` of instances that do not say."},
      Note{"vrrp_check_unicast_src", "boolean", "`check_unicast_src` of instances that do not say."},
      Note{"vrrp_down_timer_adverts", "integer", "`down_timer_adverts` of instances that do not say."},
      Note{"v3_checksum_as_v2", "boolean", "`v3_checksum_as_v2` of instances that do not say."},
      Note{"default_interface", "string", "`interface` of instances that do not say.", Apply::restart},
      Unused{"router_id", "keepalived: a name for mails."},
      Unused{"notification_email", "keepalived: mail at transitions."},
      Unused{"notification_email_from", "keepalived: mail at transitions."},
      Unused{"smtp_server", "keepalived: mail at transitions."},
      Unused{"smtp_helo_name", "keepalived: mail at transitions."},
      Unused{"smtp_connect_timeout", "keepalived: mail at transitions."},
      Unused{"smtp_alert", "keepalived: mail at transitions."},
      Unused{"smtp_alert_vrrp", "keepalived: mail at transitions."},
      Unused{"no_email_faults", "keepalived: mail at transitions."},
      Unused{"enable_script_security", "keepalived: scripts run as script_user."},
      Unused{"vrrp_garp_extra_if", "keepalived: gratuitous ARPs on further interfaces."},
      Unused{"vrrp_min_garp", "keepalived: only one ARP a burst; set vrrp_garp_master_repeat."},
      Unused{"vrrp_priority", "keepalived: nice value; see vrrp_rt_priority."},
      Unused{"vrrp_cpu_affinity", "keepalived: CPUs of the process."},
      Unused{"vrrp_rlimit_rttime", "keepalived: limit of real-time CPU."},
      Unused{"vrrp_iptables", "keepalived: packet filter of no_accept."},
      Unused{"vrrp_ipsets", "keepalived: packet filter of no_accept."},
      Unused{"nftables", "keepalived: packet filter of no_accept."},
      Unused{"snmp_socket", "keepalived: SNMP; see vip.stats."},
      Unused{"enable_snmp_vrrp", "keepalived: SNMP; see vip.stats."},
      Unused{"enable_traps", "keepalived: SNMP; see vip.stats."},
      Unused{"enable_dbus", "keepalived: D-Bus."},
      Unused{"dynamic_interfaces", "keepalived: interfaces may always come and go."},
      Unused{"log_unknown_vrids", "keepalived: adverts of strangers are counted."},
      Unused{"vrrp_delay_after_boot", "keepalived: see vrrp_startup_delay."},
      Unused{"disable_local_igmp", "keepalived: group membership of this host."},
      Refused{"max_auto_priority", "is not supported: see vrrp_rt_priority"},
      Refused{"vmac_prefix", "is not supported: write vmac_name"},
      Refused{"net_namespace", "start the role in the namespace instead"}};

  // Defaults of instances have gone to them (expand_vip.cpp).
  static std::vector<std::string> read_others(const Node& node, const std::vector<std::string>& keys,
                                              VrrpGlobals& out, const Spot& spot);
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
