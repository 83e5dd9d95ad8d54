#include "netlink/objects.hpp"

#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/route/nexthop.h>

#include <algorithm>

#include "base/check.hpp"

namespace holdfast::netlink {
namespace {

constexpr std::uint32_t for_ever = 0xffffffff;  // of IFA_CACHEINFO

int family_of(const IpAddress& address) {
  return address.is_ipv4() ? AF_INET : AF_INET6;
}

std::string text_of(const char* text) {
  return text == nullptr ? std::string{} : std::string{text};
}

Mac mac_of(nl_addr* address) {
  Mac mac{};
  if (address == nullptr || nl_addr_get_len(address) != mac.size()) return mac;
  std::copy_n(static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address)), mac.size(), mac.begin());
  return mac;
}

// Of a macvlan, the link below. A veth's peer is not below it, and an index of another namespace says
// nothing.
int parent_of(rtnl_link* link, std::string_view kind) {
  int other_namespace = 0;
  const bool is_elsewhere = rtnl_link_get_link_netnsid(link, &other_namespace) == 0;
  return is_elsewhere || kind == "veth" ? 0 : rtnl_link_get_link(link);
}

IpPrefix prefix_of(nl_addr* address, int length) {
  if (address == nullptr) return {};
  const auto* bytes = static_cast<const std::uint8_t*>(nl_addr_get_binary_addr(address));
  if (nl_addr_get_len(address) == 4)
    return {IpAddress::of(std::span<const std::uint8_t, 4>{bytes, 4}), length};
  return {IpAddress::of(std::span<const std::uint8_t, 16>{bytes, 16}), length};
}

// With a gateway the other end is anywhere; without one it is on the link itself, as `ip route` assumes.
Scope scope_of(const RouteSpec& spec) {
  if (spec.scope) return *spec.scope;
  const bool is_on_link = spec.destination.address.is_ipv4() && !spec.gateway;
  return is_on_link ? Scope::link : Scope::global;
}

rtnl_nexthop* nexthop_of(const RouteSpec& spec) {
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  if (hop == nullptr) throw std::bad_alloc{};
  if (spec.link != 0) rtnl_route_nh_set_ifindex(hop, spec.link);
  if (spec.gateway) rtnl_route_nh_set_gateway(hop, ip_of(*spec.gateway).get());
  return hop;
}

}  // namespace

Link link_of(rtnl_link* link) {
  const unsigned flags = rtnl_link_get_flags(link);
  Link result;
  result.index = rtnl_link_get_ifindex(link);
  result.name = text_of(rtnl_link_get_name(link));
  result.kind = text_of(rtnl_link_get_type(link));
  result.mac = mac_of(rtnl_link_get_addr(link));
  result.mtu = static_cast<int>(rtnl_link_get_mtu(link));
  result.is_up = (flags & IFF_UP) != 0;
  result.has_carrier = (flags & IFF_RUNNING) != 0;
  result.is_loopback = (flags & IFF_LOOPBACK) != 0;
  result.has_arp = (flags & IFF_NOARP) == 0;
  result.parent = parent_of(link, result.kind);
  return result;
}

HostAddress address_of(rtnl_addr* address) {
  const unsigned flags = rtnl_addr_get_flags(address);
  HostAddress result;
  result.link = rtnl_addr_get_ifindex(address);
  result.prefix = prefix_of(rtnl_addr_get_local(address), rtnl_addr_get_prefixlen(address));
  result.label = text_of(rtnl_addr_get_label(address));
  result.is_permanent = (flags & IFA_F_PERMANENT) != 0;
  if (!result.is_permanent) result.valid_left = seconds{rtnl_addr_get_valid_lifetime(address)};
  result.has_failed_dad = (flags & IFA_F_DADFAILED) != 0;
  result.is_tentative = (flags & IFA_F_TENTATIVE) != 0;
  return result;
}

OwnedIp ip_of(const IpPrefix& prefix) {
  const auto bytes = prefix.address.bytes();
  auto made = own<OwnedIp>(nl_addr_build(family_of(prefix.address), bytes.data(), bytes.size()));
  nl_addr_set_prefixlen(made.get(), prefix.length);
  return made;
}

OwnedIp ip_of(const IpAddress& address) {
  return ip_of(IpPrefix{address, address.bits()});
}

OwnedLink link_with(int index) {
  auto link = own<OwnedLink>(rtnl_link_alloc());
  rtnl_link_set_ifindex(link.get(), index);
  return link;
}

OwnedAddress address_to_remove(int link, const IpPrefix& prefix) {
  auto address = own<OwnedAddress>(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), link);
  CHECK(rtnl_addr_set_local(address.get(), ip_of(prefix).get()) == 0);
  return address;
}

OwnedAddress address_to_set(const AddressSpec& spec) {
  auto address = address_to_remove(spec.link, spec.prefix);
  rtnl_addr_set_scope(address.get(), static_cast<int>(spec.scope));
  if (!spec.label.empty()) rtnl_addr_set_label(address.get(), spec.label.c_str());
  if (spec.broadcast) rtnl_addr_set_broadcast(address.get(), ip_of(*spec.broadcast).get());
  // Who takes an address over wants it usable now, not after a second of duplicate detection.
  if (spec.prefix.address.is_ipv6()) rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  const auto lifetime = spec.valid_lft ? static_cast<std::uint32_t>(spec.valid_lft->count()) : for_ever;
  rtnl_addr_set_valid_lifetime(address.get(), lifetime);
  rtnl_addr_set_preferred_lifetime(address.get(), lifetime);
  return address;
}

OwnedRoute route_of(const RouteSpec& spec) {
  auto route = own<OwnedRoute>(rtnl_route_alloc());
  CHECK(rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(family_of(spec.destination.address))) ==
        0);
  CHECK(rtnl_route_set_dst(route.get(), ip_of(spec.destination).get()) == 0);
  CHECK(rtnl_route_set_type(route.get(), RTN_UNICAST) == 0);
  rtnl_route_set_protocol(route.get(), RTPROT_STATIC);
  rtnl_route_set_scope(route.get(), static_cast<std::uint8_t>(scope_of(spec)));
  rtnl_route_set_table(route.get(), spec.table == 0 ? RT_TABLE_MAIN : static_cast<std::uint32_t>(spec.table));
  if (spec.metric != 0) rtnl_route_set_priority(route.get(), static_cast<std::uint32_t>(spec.metric));
  if (spec.source) rtnl_route_set_pref_src(route.get(), ip_of(*spec.source).get());
  if (spec.onlink) rtnl_route_set_flags(route.get(), RTNH_F_ONLINK);
  rtnl_route_add_nexthop(route.get(), nexthop_of(spec));
  return route;
}

}  // namespace holdfast::netlink
