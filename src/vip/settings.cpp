#include "vip/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::vip {
namespace {

vrrp::Version version_of(const config::VrrpInstance& instance) {
  return instance.version == 2 ? vrrp::Version::v2 : vrrp::Version::v3;
}

std::optional<vrrp::Password> password_of(const config::VrrpInstance& instance) {
  const auto& authentication = instance.authentication;
  if (instance.version != 2 || authentication.auth_type != config::AuthType::pass) return {};
  return vrrp::password_of(authentication.auth_pass.reveal());
}

}  // namespace

IpAddress::Family family_of(const config::VrrpInstance& instance) {
  return instance.virtual_ipaddress.empty() ? IpAddress::Family::ipv4
                                            : instance.virtual_ipaddress.front().prefix.address.family();
}

vrrp::RouterOptions router_options_of(const config::VrrpInstance& instance,
                                      const config::VrrpGlobals& globals, const IpAddress& source) {
  return {
      .name = instance.name,
      .version = version_of(instance),
      .primary = source,
      .starts_as_master = instance.state == config::VrrpState::master,
      .advert_int = instance.advert_int,
      .down_timer_adverts = instance.down_timer_adverts,
      .preempt = !instance.nopreempt,
      .preempt_delay = instance.preempt_delay,
      .lower_prio_no_advert = instance.lower_prio_no_advert.value_or(globals.vrrp_lower_prio_no_advert),
      .higher_prio_send_advert =
          instance.higher_prio_send_advert.value_or(globals.vrrp_higher_prio_send_advert),
      .garp_master_repeat = instance.garp_master_repeat.value_or(globals.vrrp_garp_master_repeat),
      .garp_master_delay = instance.garp_master_delay.value_or(globals.vrrp_garp_master_delay),
      .garp_master_refresh = instance.garp_master_refresh.value_or(globals.vrrp_garp_master_refresh),
      .garp_master_refresh_repeat =
          instance.garp_master_refresh_repeat.value_or(globals.vrrp_garp_master_refresh_repeat),
      .garp_lower_prio_repeat = instance.garp_lower_prio_repeat.value_or(globals.vrrp_garp_lower_prio_repeat),
      .garp_lower_prio_delay = instance.garp_lower_prio_delay.value_or(globals.vrrp_garp_lower_prio_delay),
      .address_lifetime = address_lifetime_of(instance),
      .needs_claim = instance.ownership == config::Ownership::lease,
  };
}

vrrp::Expectation expectation_of(const config::VrrpInstance& instance, const std::vector<IpAddress>& own) {
  vrrp::Expectation expected{.version = version_of(instance),
                             .password = password_of(instance),
                             .interval = instance.advert_int,
                             .checks_addresses = !instance.skip_check_adv_addr,
                             .own = own};
  for (const auto& address : instance.virtual_ipaddress) expected.addresses.push_back(address.prefix.address);
  if (instance.check_unicast_src) expected.peers = instance.unicast_peer;
  return expected;
}

vrrp::Advert advert_of(const config::VrrpInstance& instance) {
  vrrp::Advert advert{.version = version_of(instance),
                      .virtual_router_id = static_cast<std::uint8_t>(instance.virtual_router_id),
                      .interval = instance.advert_int,
                      .password = password_of(instance)};
  for (const auto& address : instance.virtual_ipaddress) advert.addresses.push_back(address.prefix.address);
  return advert;
}

vrrp::ChecksumRule checksum_rule_of(const config::VrrpInstance& instance) {
  return instance.v3_checksum_as_v2 ? vrrp::ChecksumRule::as_v2 : vrrp::ChecksumRule::standard;
}

seconds address_lifetime_of(const config::VrrpInstance& instance) {
  const auto wanted = instance.valid_lft.value_or(instance.advert_int * instance.down_timer_adverts);
  return std::max(1s, std::chrono::floor<seconds>(wanted));
}

std::vector<config::VirtualAddress> addresses_of(const config::VrrpInstance& instance) {
  auto all = instance.virtual_ipaddress;
  all.insert(all.end(), instance.virtual_ipaddress_excluded.begin(),
             instance.virtual_ipaddress_excluded.end());
  return all;
}

std::vector<vrrp::SyncGroup> sync_groups_of(const std::vector<config::VrrpSyncGroup>& groups,
                                            const std::vector<std::string>& instances) {
  std::vector<vrrp::SyncGroup> found;
  for (const auto& group : groups) {
    vrrp::SyncGroup& made = found.emplace_back(vrrp::SyncGroup{.name = group.name, .members = {}});
    for (const auto& member : group.group) {
      const auto at = std::ranges::find(instances, member);
      if (at != instances.end()) made.members.push_back(static_cast<std::size_t>(at - instances.begin()));
    }
  }
  return found;
}

std::string vmac_name_of(const config::VrrpInstance& instance) {
  if (!instance.vmac_name.empty()) return instance.vmac_name;
  const bool is_ipv6 = family_of(instance) == IpAddress::Family::ipv6;
  return fmt::format("vrrp{}.{}", is_ipv6 ? "6" : "", instance.virtual_router_id);
}

}  // namespace holdfast::vip
