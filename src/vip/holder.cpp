#include "vip/holder.hpp"

#include "vip/settings.hpp"

namespace holdfast::vip {
namespace {

netlink::Scope scope_of(config::AddressScope scope) {
  switch (scope) {
    case config::AddressScope::global:
      return netlink::Scope::global;
    case config::AddressScope::site:
      return netlink::Scope::site;
    case config::AddressScope::link:
      return netlink::Scope::link;
    case config::AddressScope::host:
      return netlink::Scope::host;
  }
  return netlink::Scope::global;
}

int link_of(const std::string& dev, const Place& place, const netlink::Link& link) {
  const auto at = place.others.find(dev);
  return at == place.others.end() ? link.index : at->second.index;
}

netlink::RouteSpec route_of(const config::VirtualRoute& route, const Place& place,
                            const netlink::Link& link) {
  netlink::RouteSpec spec{.destination = route.destination,
                          .gateway = route.via,
                          .link = route.dev.empty() && route.via ? 0 : link_of(route.dev, place, link),
                          .source = route.src,
                          .metric = route.metric,
                          .table = route.table,
                          .scope = {},
                          .onlink = route.onlink};
  if (route.scope) spec.scope = scope_of(*route.scope);
  return spec;
}

}  // namespace

Holder::Held Holder::hold(const config::VrrpInstance& instance, const Place& place, const netlink::Link& link,
                          milliseconds lifetime) {
  // Rounded down: the addresses must not outlive what they were meant for.
  const auto valid = std::max<seconds>(1s, std::chrono::floor<seconds>(lifetime));
  Held held;
  for (const auto& address : addresses_of(instance)) {
    const auto set = kernel_->set_address({.link = link_of(address.dev, place, link),
                                           .prefix = address.prefix,
                                           .label = address.label,
                                           .broadcast = address.brd,
                                           .scope = scope_of(address.scope),
                                           .valid_lft = valid});
    if (!set) {
      held.failures.push_back({set.error().code, to_string(address.prefix) + ": " + set.error().context});
    } else if (*set) {
      held.added.push_back(address.prefix.address);
    }
  }
  has_all_ = held.failures.empty();
  // Routes through an address go with it, so they are set whenever one came.
  if (!held.added.empty() || !has_routes_) {
    for (const auto& route : instance.virtual_routes) {
      const auto set = kernel_->set_route(route_of(route, place, link));
      if (!set) held.failures.push_back({set.error().code, "route: " + set.error().context});
    }
  }
  is_holding_ = has_routes_ = true;
  return held;
}

std::vector<Error> Holder::drop(const config::VrrpInstance& instance, const Place& place,
                                const netlink::Link& link) {
  auto mine = instance;
  if (!is_holding_) mine.virtual_routes.clear();  // those may be the administrator's
  is_holding_ = has_routes_ = false;
  return remove(mine, place, link);
}

std::vector<Error> Holder::remove(const config::VrrpInstance& gone, const Place& place,
                                  const netlink::Link& link) {
  std::vector<Error> failures;
  const auto note = [&](const Result<void>& removed) {
    if (!removed && removed.error().code != Errc::not_found) failures.push_back(removed.error());
  };
  for (const auto& route : gone.virtual_routes) note(kernel_->remove_route(route_of(route, place, link)));
  for (const auto& address : addresses_of(gone))
    note(kernel_->remove_address(link_of(address.dev, place, link), address.prefix));
  return failures;
}

}  // namespace holdfast::vip
