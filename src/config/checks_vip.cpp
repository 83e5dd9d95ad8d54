#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <map>

#include "base/duration.hpp"
#include "config/checks.hpp"
#include "config/schema.hpp"

namespace holdfast::config {
namespace {

constexpr std::size_t interface_bytes_max = IFNAMSIZ - 1;

// Says what is wrong with one instance.
class InstanceCheck {
 public:
  InstanceCheck(const Config& config, const VrrpInstance& instance, Complaints& complaints)
      : config_{config}, instance_{instance}, complaints_{complaints} {}

  void run() {
    check_router();
    check_addresses();
    check_peers();
    check_interval();
    check_authentication();
    check_preemption();
    check_vmac();
    check_tracking();
    check_ownership();
  }

 private:
  void check_router();
  void check_addresses();
  void check_peers();
  void check_interval();
  void check_authentication();
  void check_preemption();
  void check_vmac();
  void check_tracking();
  void check_ownership();
  template <class Section>
  void check_tracked(const char* key, const std::vector<TrackEntry>& entries,
                     const std::vector<Section>& known);
  void check_name(const char* key, const std::string& name);

  std::string path(std::string_view key) const {
    return fmt::format("vip.vrrp_instance.{}.{}", instance_.name, key);
  }
  void error(std::string_view key, std::string text) { complaints_.error(path(key), std::move(text)); }
  void warn(std::string_view key, std::string text) { complaints_.warn(path(key), std::move(text)); }

  const Config& config_;
  const VrrpInstance& instance_;
  Complaints& complaints_;
};

void InstanceCheck::check_router() {
  if (instance_.virtual_router_id == 0)
    error("virtual_router_id",
          "is not set: a number of 1 to 255, the same on all hosts that share the address");
  check_name("interface", instance_.interface);
  if (!instance_.interface.empty() || instance_.unicast_src_ip || instance_.mcast_src_ip) return;
  const std::string text = "is not set, and neither is unicast_src_ip, which would tell";
  // Of another host it can't be known: there it can.
  const Node* section = config_.tree.at_path("vip.vrrp_instance." + instance_.name);
  if (section != nullptr && section->origin.kind == Origin::Kind::derived && !config_.nodes.empty()) {
    warn("interface", text);
  } else {
    error("interface", text);
  }
}

// keepalived cuts such a name off, and then finds no interface of it.
void InstanceCheck::check_name(const char* key, const std::string& name) {
  if (name.size() > interface_bytes_max)
    error(key, fmt::format("'{}' is longer than {} characters", name, interface_bytes_max));
}

void InstanceCheck::check_addresses() {
  const auto& addresses = instance_.virtual_ipaddress;
  if (addresses.empty()) return error("virtual_ipaddress", "is empty: a virtual router needs an address");
  const auto family = addresses.front().prefix.address.family();
  const bool is_mixed = std::ranges::any_of(
      addresses, [&](const VirtualAddress& each) { return each.prefix.address.family() != family; });
  if (is_mixed) {
    error("virtual_ipaddress",
          "has addresses of IPv4 and IPv6: put those of one into virtual_ipaddress_excluded, or into an "
          "instance of their own in the same vrrp_sync_group");
  }
  if (instance_.version == 2 && family == IpAddress::Family::ipv6)
    error("version", "2 is of IPv4 only: IPv6 needs version 3");
  for (const auto* list : {&instance_.virtual_ipaddress, &instance_.virtual_ipaddress_excluded}) {
    for (const VirtualAddress& each : *list) {
      check_name("virtual_ipaddress", each.dev);
      check_name("virtual_ipaddress", each.label);
    }
  }
}

void InstanceCheck::check_peers() {
  if (instance_.virtual_ipaddress.empty()) return;
  const auto family = instance_.virtual_ipaddress.front().prefix.address.family();
  const auto is_other = [&](const IpAddress& address) { return address.family() != family; };
  const std::string text = "is not of the family of virtual_ipaddress";
  if (std::ranges::any_of(instance_.unicast_peer, is_other)) error("unicast_peer", text);
  if (instance_.unicast_src_ip && is_other(*instance_.unicast_src_ip)) error("unicast_src_ip", text);
  if (instance_.mcast_src_ip && is_other(*instance_.mcast_src_ip)) error("mcast_src_ip", text);
  if (instance_.strict_mode && !instance_.unicast_peer.empty())
    error("strict_mode", "has no unicast_peer: RFC 5798 knows multicast only");
}

void InstanceCheck::check_interval() {
  const milliseconds interval = instance_.advert_int;
  if (instance_.version == 2 && interval % 1s != 0ms)
    return error("advert_int",
                 fmt::format("'{}': version 2 counts in whole seconds", print_duration(interval)));
  constexpr milliseconds step = 10ms;
  constexpr milliseconds interval_max = 4095 * step;  // 12 bits (RFC 5798 5.2.7)
  if (instance_.version == 3 && (interval % step != 0ms || interval > interval_max))
    error("advert_int",
          fmt::format("'{}': version 3 counts in steps of 10ms, up to 40.95s", print_duration(interval)));
}

void InstanceCheck::check_authentication() {
  const VrrpAuthentication& authentication = instance_.authentication;
  const bool is_on = authentication.auth_type == AuthType::pass;
  if (is_on && authentication.auth_pass.empty()) error("authentication.auth_pass", "is not set");
}

void InstanceCheck::check_preemption() {
  if (instance_.nopreempt && instance_.priority == 255)
    warn("nopreempt", "has no effect with priority 255: the owner of the address always takes it");
  if (instance_.nopreempt && instance_.state == VrrpState::master)
    warn("nopreempt", "has no effect at start with state MASTER: write state BACKUP");
  if (instance_.nopreempt && instance_.preempt_delay > 0ms)
    warn("preempt_delay", "has no effect with nopreempt");
}

void InstanceCheck::check_vmac() {
  check_name("vmac_name", instance_.vmac_name);
  if (instance_.use_vmac) return;
  if (instance_.vmac_xmit_base) warn("vmac_xmit_base", "has no effect without use_vmac");
  if (!instance_.accept) warn("accept", "has no effect without use_vmac");
}

template <class Section>
void InstanceCheck::check_tracked(const char* key, const std::vector<TrackEntry>& entries,
                                  const std::vector<Section>& known) {
  std::vector<std::string> names;
  for (const Section& section : known) names.push_back(section.name);
  for (const TrackEntry& entry : entries) {
    if (std::ranges::find(names, entry.name) != names.end()) continue;
    const std::string guess = nearest(entry.name, names);
    error(key, fmt::format("there is no '{}'{} (known: {})", entry.name,
                           guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess),
                           names.empty() ? "none" : join(names)));
  }
}

void InstanceCheck::check_tracking() {
  check_tracked("track_script", instance_.track_script, config_.vip.vrrp_script);
  check_tracked("track_file", instance_.track_file, config_.vip.track_file);
  check_tracked("track_process", instance_.track_process, config_.vip.vrrp_track_process);
  for (const TrackEntry& entry : instance_.track_interface) check_name("track_interface", entry.name);
  if (instance_.track_proxy && !config_.has(Role::proxy)) error("track_proxy", "this host has no role proxy");
}

void InstanceCheck::check_ownership() {
  if (instance_.ownership == Ownership::lease && config_.etcd.hosts.empty() && config_.etcd.srv.empty())
    error("ownership", "lease needs a consensus store: set etcd3.hosts");
}

void check_clashes(const VipConfig& vip, Complaints& complaints) {
  std::map<std::string, std::string> routers;
  std::map<IpAddress, std::string> addresses;
  for (const VrrpInstance& instance : vip.vrrp_instance) {
    const std::string path = "vip.vrrp_instance." + instance.name;
    if (instance.virtual_ipaddress.empty()) continue;
    const bool is_ipv4 = instance.virtual_ipaddress.front().prefix.address.is_ipv4();
    const auto [other, is_new] = routers.emplace(
        fmt::format("{} {} {}", instance.interface, is_ipv4, instance.virtual_router_id), instance.name);
    if (!is_new) {
      complaints.error(path + ".virtual_router_id",
                       fmt::format("'{}' is that of {} too, on the same interface",
                                   instance.virtual_router_id, other->second));
    }
    for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded}) {
      for (const VirtualAddress& each : *list) {
        const auto [holder, is_first] = addresses.emplace(each.prefix.address, instance.name);
        if (is_first) continue;
        complaints.error(
            path + ".virtual_ipaddress",
            fmt::format("'{}' is given twice, first in {}", to_string(each.prefix.address), holder->second));
      }
    }
  }
}

void check_groups(const VipConfig& vip, Complaints& complaints) {
  std::vector<std::string> names;
  for (const VrrpInstance& instance : vip.vrrp_instance) names.push_back(instance.name);
  std::map<std::string, std::string> groups;
  for (const VrrpSyncGroup& group : vip.vrrp_sync_group) {
    const std::string path = fmt::format("vip.vrrp_sync_group.{}.group", group.name);
    if (group.group.size() < 2) complaints.warn(path, "a group of less than two instances has no effect");
    for (const std::string& member : group.group) {
      if (std::ranges::find(names, member) == names.end())
        complaints.error(path, fmt::format("there is no instance '{}' (known: {})", member, join(names)));
      const auto [first, is_new] = groups.emplace(member, group.name);
      if (!is_new) complaints.error(path, fmt::format("'{}' is in group {} already", member, first->second));
    }
  }
}

void check_tracked_things(const VipConfig& vip, Complaints& complaints) {
  for (const VrrpScript& each : vip.vrrp_script) {
    if (each.script.empty())
      complaints.error(fmt::format("vip.vrrp_script.{}.script", each.name), "is not set");
  }
  for (const TrackFile& each : vip.track_file) {
    if (each.file.empty()) complaints.error(fmt::format("vip.track_file.{}.file", each.name), "is not set");
  }
  for (const TrackProcess& each : vip.vrrp_track_process) {
    if (each.process.empty())
      complaints.error(fmt::format("vip.vrrp_track_process.{}.process", each.name), "is not set");
  }
  if (!vip.global_defs.vrrp_mcast_group4.is_ipv4() || !vip.global_defs.vrrp_mcast_group4.is_multicast())
    complaints.error("vip.global_defs.vrrp_mcast_group4", "is no multicast group of IPv4");
  if (!vip.global_defs.vrrp_mcast_group6.is_ipv6() || !vip.global_defs.vrrp_mcast_group6.is_multicast())
    complaints.error("vip.global_defs.vrrp_mcast_group6", "is no multicast group of IPv6");
}

}  // namespace

void check_vip(const Config& config, Complaints& complaints) {
  if (!config.has(Role::vip)) {
    if (config.nodes.empty() && config.tree.find("vip") != nullptr)
      complaints.warn("vip", "has no effect: this host has not the role vip");
    return;
  }
  if (config.vip.vrrp_instance.empty())
    complaints.error("vip",
                     "has no address, and this host has the role vip: write 'vip: {address: 10.0.1.10/24}'");
  for (const VrrpInstance& instance : config.vip.vrrp_instance)
    InstanceCheck{config, instance, complaints}.run();
  check_clashes(config.vip, complaints);
  check_groups(config.vip, complaints);
  check_tracked_things(config.vip, complaints);
}

}  // namespace holdfast::config
