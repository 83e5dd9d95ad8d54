#pragma once

#include "netlink/link.hpp"
#include "netlink/owned.hpp"

// Between our plain values and libnl's objects. No socket here.
namespace holdfast::netlink {

Link link_of(rtnl_link* link);
HostAddress address_of(rtnl_addr* address);

OwnedIp ip_of(const IpPrefix& prefix);
OwnedIp ip_of(const IpAddress& address);
OwnedLink link_with(int index);
OwnedAddress address_to_set(const AddressSpec& spec);
OwnedAddress address_to_remove(int link, const IpPrefix& prefix);
OwnedRoute route_of(const RouteSpec& spec);

}  // namespace holdfast::netlink
