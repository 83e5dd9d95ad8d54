#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "vrrp/router.hpp"
#include "vrrp/sync_group.hpp"

// What the state machine and the codec need of the configuration. Pure.
namespace holdfast::vip {

IpAddress::Family family_of(const config::VrrpInstance& instance);

// `source`: what our adverts come from, once it is known.
vrrp::RouterOptions router_options_of(const config::VrrpInstance& instance,
                                      const config::VrrpGlobals& globals, const IpAddress& source);
vrrp::Expectation expectation_of(const config::VrrpInstance& instance, const std::vector<IpAddress>& own);
// An advert of it, but for the priority.
vrrp::Advert advert_of(const config::VrrpInstance& instance);
vrrp::ChecksumRule checksum_rule_of(const config::VrrpInstance& instance);

// Whole seconds that an address stays without being renewed: as long as the other routers wait before they
// take it, so that a hung holder has lost it about when another has it (EC-125), but at least the kernel's
// least, 1 s.
seconds address_lifetime_of(const config::VrrpInstance& instance);

// Every address of an instance, advertised or not.
std::vector<config::VirtualAddress> addresses_of(const config::VrrpInstance& instance);

// Members by their places in `instances`; names that are not there are left out.
std::vector<vrrp::SyncGroup> sync_groups_of(const std::vector<config::VrrpSyncGroup>& groups,
                                            const std::vector<std::string>& instances);

// "vrrp.51", keepalived's name for the interface of a virtual MAC, or the one that is configured.
std::string vmac_name_of(const config::VrrpInstance& instance);

}  // namespace holdfast::vip
