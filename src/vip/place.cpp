#include "vip/place.hpp"

#include <algorithm>

#include "vip/settings.hpp"

namespace holdfast::vip {
namespace {

std::optional<IpAddress> configured_source(const config::VrrpInstance& instance) {
  return instance.unicast_src_ip ? instance.unicast_src_ip : instance.mcast_src_ip;
}

const netlink::HostAddress* find_address(const Host& host, const IpAddress& address) {
  const auto at = std::ranges::find(host.addresses, address,
                                    [](const netlink::HostAddress& each) { return each.prefix.address; });
  return at == host.addresses.end() ? nullptr : &*at;
}

// The instance's own, or the one with the address that adverts shall come from.
Result<netlink::Link> find_link(const config::VrrpInstance& instance, const Host& host) {
  if (!instance.interface.empty()) {
    const auto* link = host.link(instance.interface);
    if (link == nullptr) return fail(Errc::not_found, instance.interface + " is not there");
    return *link;
  }
  const auto source = configured_source(instance);
  if (!source) return fail(Errc::invalid_argument, "neither interface nor unicast_src_ip is configured");
  const auto* address = find_address(host, *source);
  const auto* link = address == nullptr ? nullptr : host.link(address->link);
  if (link == nullptr) return fail(Errc::not_found, "no interface has " + to_string(*source));
  return *link;
}

bool is_virtual(const config::VrrpInstance& instance, const IpAddress& address) {
  return std::ranges::any_of(addresses_of(instance),
                             [&](const auto& each) { return each.prefix.address == address; });
}

// VRRPv3 over IPv6 speaks from a link-local address (RFC 5798 5.1.2.1).
Result<IpAddress> find_source(const config::VrrpInstance& instance, const Host& host,
                              const netlink::Link& link) {
  if (const auto source = configured_source(instance)) {
    if (find_address(host, *source) != nullptr) return *source;
    return fail(Errc::not_found, to_string(*source) + " is not set on this host");
  }
  const auto family = family_of(instance);
  for (const auto& each : host.addresses) {
    const auto& address = each.prefix.address;
    if (each.link != link.index || address.family() != family || is_virtual(instance, address)) continue;
    if (each.has_failed_dad || each.is_tentative) continue;  // the kernel sends nothing from it
    if (family == IpAddress::Family::ipv6 && !address.is_link_local()) continue;
    return address;
  }
  return fail(Errc::not_found, link.name + (family == IpAddress::Family::ipv6
                                                ? " has no link-local IPv6 address to send from yet"
                                                : " has no IPv4 address to send from"));
}

std::vector<std::string> devices_of(const config::VrrpInstance& instance) {
  std::vector<std::string> names;
  for (const auto& address : addresses_of(instance)) names.push_back(address.dev);
  for (const auto& route : instance.virtual_routes) names.push_back(route.dev);
  std::erase(names, "");
  return names;
}

}  // namespace

const netlink::Link* Host::link(const std::string& name) const {
  const auto at = std::ranges::find(links, name, &netlink::Link::name);
  return at == links.end() ? nullptr : &*at;
}

const netlink::Link* Host::link(int index) const {
  const auto at = std::ranges::find(links, index, &netlink::Link::index);
  return at == links.end() ? nullptr : &*at;
}

std::vector<IpAddress> Host::own_addresses() const {
  std::vector<IpAddress> own;
  for (const auto& each : addresses) own.push_back(each.prefix.address);
  return own;
}

std::optional<std::string> fault_of_link(const std::string& name, const Host& host) {
  const auto* link = host.link(name);
  if (link == nullptr) return name + " is not there";
  if (!link->is_up) return name + " is down";
  if (!link->has_carrier) return name + " has no carrier";
  return {};
}

Result<Place> find_place(const config::VrrpInstance& instance, const Host& host) {
  auto link = find_link(instance, host);
  if (!link) return tl::unexpected(link.error());
  if (!instance.dont_track_primary) {
    if (auto fault = fault_of_link(link->name, host)) return fail(Errc::unavailable, *std::move(fault));
  }
  auto source = find_source(instance, host, *link);
  if (!source) return tl::unexpected(source.error());
  Place place{.link = *std::move(link), .source = *source, .others = {}};
  for (const auto& name : devices_of(instance)) {
    if (auto fault = fault_of_link(name, host)) return fail(Errc::unavailable, *std::move(fault));
    place.others.emplace(name, *host.link(name));
  }
  return place;
}

}  // namespace holdfast::vip
