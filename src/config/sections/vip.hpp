#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/ip_address.hpp"
#include "base/secret.hpp"
#include "config/values.hpp"

// `vip`: the address that floats between hosts. The keys of an instance are keepalived's (reference: its
// manual page keepalived.conf(5)); the short form's `address` becomes one instance.
namespace holdfast::config {

enum class VrrpState { backup, master };
enum class AuthType { none, pass };
enum class Ownership { vrrp, lease };
enum class AddressScope { global, site, link, host };

// "10.0.1.10/24 dev eth1 label eth1:vip scope global", as keepalived writes it. Without a length: the host.
struct VirtualAddress {
  IpPrefix prefix;
  std::string dev;  // empty: the instance's interface
  std::string label;
  std::optional<IpAddress> brd;  // "brd +" is resolved when read
  AddressScope scope = AddressScope::global;

  bool operator==(const VirtualAddress&) const = default;
};

// "192.168.100.0/24 via 10.0.1.1 dev eth0 src 10.0.1.10 metric 10 table 100 scope link onlink", "default via
// …".
struct VirtualRoute {
  IpPrefix destination;
  std::optional<IpAddress> via;
  std::string dev;
  std::optional<IpAddress> src;
  int metric = 0;
  int table = 0;  // 0: main
  std::optional<AddressScope> scope;
  bool onlink = false;

  bool operator==(const VirtualRoute&) const = default;
};

// "chk_disk weight -20 reverse": an entry of track_script, track_interface, track_file, track_process.
struct TrackEntry {
  std::string name;
  std::optional<int> weight;  // else that of the script, file or process itself
  bool reverse = false;

  bool operator==(const TrackEntry&) const = default;
};

// What is run at transitions; empty: nothing. Keepalived's arguments: INSTANCE|GROUP name STATE priority.
struct NotifyConfig {
  std::string notify_master;
  std::string notify_backup;
  std::string notify_fault;
  std::string notify_stop;
  std::string notify_master_rx_lower_pri;
  std::string notify;
  bool operator==(const NotifyConfig&) const = default;
};

struct VrrpAuthentication {
  AuthType auth_type = AuthType::none;
  Secret auth_pass;  // up to 8 characters

  bool operator==(const VrrpAuthentication&) const = default;
};

// One virtual router.
struct VrrpInstance {
  std::string name;  // its key
  VrrpState state = VrrpState::backup;
  std::string interface;  // empty: the one that has unicast_src_ip / mcast_src_ip
  int virtual_router_id = 0;
  int priority = 100;
  milliseconds advert_int = 1s;
  int version = 3;
  VrrpAuthentication authentication;
  std::vector<VirtualAddress> virtual_ipaddress;
  std::vector<VirtualAddress> virtual_ipaddress_excluded;  // set and removed, not advertised
  std::vector<VirtualRoute> virtual_routes;
  std::optional<IpAddress> mcast_src_ip;
  std::optional<IpAddress> unicast_src_ip;
  std::vector<IpAddress> unicast_peer;  // not empty: unicast
  bool check_unicast_src = true;        // adverts from strangers are dropped
  bool nopreempt = false;
  milliseconds preempt_delay{0};
  int down_timer_adverts = 3;
  std::optional<bool> lower_prio_no_advert;  // else vrrp_lower_prio_no_advert
  std::optional<bool> higher_prio_send_advert;
  std::optional<int> garp_master_repeat;  // else vrrp_garp_master_repeat, and so on
  std::optional<milliseconds> garp_master_delay;
  std::optional<milliseconds> garp_master_refresh;
  std::optional<int> garp_master_refresh_repeat;
  std::optional<int> garp_lower_prio_repeat;
  std::optional<milliseconds> garp_lower_prio_delay;
  std::vector<TrackEntry> track_interface;
  std::vector<TrackEntry> track_script;
  std::vector<TrackEntry> track_file;
  std::vector<TrackEntry> track_process;
  bool dont_track_primary = false;  // the instance's own interface
  bool track_proxy = false;         // ours: the proxy on this host; on where the host has that role
  bool use_vmac = false;
  std::string vmac_name;  // `use_vmac NAME`; empty: vrrp.<vrid>
  bool vmac_xmit_base = false;
  bool skip_check_adv_addr = false;
  bool v3_checksum_as_v2 = false;
  bool accept = true;  // with use_vmac: false drops packets to the address (not for a proxy)
  bool strict_mode = false;
  Ownership ownership = Ownership::vrrp;
  std::optional<milliseconds>
      valid_lft;  // ours: of the addresses in the kernel; else derived from advert_int
  NotifyConfig notify;

  bool operator==(const VrrpInstance&) const = default;
};

struct VrrpScript {
  std::string name;
  std::string script;
  milliseconds interval = 1s;
  std::optional<milliseconds> timeout;  // else the interval
  int weight = 0;
  bool reverse = false;
  int rise = 1;
  int fall = 1;
  std::string user;  // else vrrp's script_user
  bool init_fail = false;

  bool operator==(const VrrpScript&) const = default;
};

struct TrackFile {
  std::string name;
  std::string file;
  int weight = 1;

  bool operator==(const TrackFile&) const = default;
};

struct TrackProcess {
  std::string name;
  std::string process;  // name, as in /proc/PID/comm; with full_command: the whole command line
  bool full_command = false;
  int weight = 1;
  int quorum = 1;
  milliseconds delay{0};

  bool operator==(const TrackProcess&) const = default;
};

struct VrrpSyncGroup {
  std::string name;
  StringList group;
  NotifyConfig notify;

  bool operator==(const VrrpSyncGroup&) const = default;
};

// keepalived's global_defs, those that matter to VRRP.
struct VrrpGlobals {
  int vrrp_garp_master_repeat = 5;
  milliseconds vrrp_garp_master_delay = 5s;
  milliseconds vrrp_garp_master_refresh{0};
  int vrrp_garp_master_refresh_repeat = 1;
  int vrrp_garp_lower_prio_repeat = 5;
  milliseconds vrrp_garp_lower_prio_delay = 5s;
  milliseconds vrrp_garp_interval{0};  // between two of one interface
  milliseconds vrrp_gna_interval{0};
  bool vrrp_lower_prio_no_advert = false;
  // keepalived: false. Its last advert makes the winner of a healed dual master announce itself again
  // (EC-100).
  bool vrrp_higher_prio_send_advert = true;
  IpAddress vrrp_mcast_group4 = *IpAddress::parse("224.0.0.18");
  IpAddress vrrp_mcast_group6 = *IpAddress::parse("ff02::12");
  milliseconds vrrp_startup_delay{0};
  std::string script_user;  // empty: os_user when started as root
  std::string notify_fifo;
  int vrrp_rt_priority = 50;  // SCHED_RR, where allowed; 0: the ordinary scheduler
  bool vrrp_no_swap = true;
  bool vrrp_notify_priority_changes = false;

  bool operator==(const VrrpGlobals&) const = default;
};

struct VipStatsConfig {
  HostPort listen;  // /metrics (keepalived-exporter's names), /vip; not set: off

  bool operator==(const VipStatsConfig&) const = default;
};

struct VipConfig {
  // The short form. `address` makes an instance of the scope's name; what is not said is derived from
  // `nodes`.
  std::vector<VirtualAddress> address;
  Ownership ownership = Ownership::vrrp;
  milliseconds lease_ttl = 3s;  // ownership: lease

  VrrpGlobals global_defs;
  std::vector<VrrpInstance> vrrp_instance;  // maps by name in the file
  std::vector<VrrpSyncGroup> vrrp_sync_group;
  std::vector<VrrpScript> vrrp_script;
  std::vector<TrackFile> track_file;
  std::vector<TrackProcess> vrrp_track_process;
  VipStatsConfig stats;

  bool operator==(const VipConfig&) const = default;
};

}  // namespace holdfast::config
