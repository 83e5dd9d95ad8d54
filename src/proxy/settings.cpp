#include "proxy/settings.hpp"

#include <algorithm>
#include <thread>

namespace holdfast::proxy {
namespace {

route::Target target_of(config::TargetKind kind) {
  switch (kind) {
    case config::TargetKind::primary:
      return route::Target::primary;
    case config::TargetKind::replica:
      return route::Target::replica;
    case config::TargetKind::any:
      return route::Target::any;
    case config::TargetKind::sync:
      return route::Target::sync;
    case config::TargetKind::member:
      break;
  }
  return route::Target::named;
}

route::Balance balance_of(config::Balance balance) {
  switch (balance) {
    case config::Balance::leastconn:
      return route::Balance::leastconn;
    case config::Balance::roundrobin:
      return route::Balance::roundrobin;
    case config::Balance::random:
      break;
  }
  return route::Balance::random;
}

route::Policy policy_of(const config::ListenerConfig& listener) {
  route::Policy policy{.target = target_of(listener.target.kind), .server = listener.target.member};
  policy.balance = balance_of(listener.balance);
  policy.primary_as_fallback = listener.fallback == config::Fallback::primary;
  if (listener.max_lag.bytes) policy.lag_bytes_max = listener.max_lag.bytes->value;
  policy.lag_time_max = listener.max_lag.time;
  return policy;
}

bool has_address(const std::vector<config::VirtualAddress>& addresses, const std::string& host) {
  return std::ranges::any_of(addresses,
                             [&](const auto& each) { return to_string(each.prefix.address) == host; });
}

// Whether an address of this host is one that comes and goes.
bool floats(const config::VipConfig& vip, const std::string& host) {
  if (has_address(vip.address, host)) return true;
  return std::ranges::any_of(vip.vrrp_instance, [&](const auto& instance) {
    return has_address(instance.virtual_ipaddress, host) ||
           has_address(instance.virtual_ipaddress_excluded, host);
  });
}

}  // namespace

std::string ListenerSettings::target() const {
  return policy.target == route::Target::named ? policy.server : std::string{to_string(policy.target)};
}

Settings settings_of(const config::Config& config) {
  const auto& proxy = config.proxy;
  Settings settings{.maxconn = proxy.maxconn, .server_maxconn = proxy.server_maxconn};
  for (const auto& listener : proxy.listeners) {
    settings.listeners.push_back({.name = listener.name,
                                  .bind = listener.bind,
                                  .is_floating = floats(config.vip, listener.bind.host),
                                  .policy = policy_of(listener),
                                  .hold_timeout = listener.hold_timeout.value_or(proxy.hold_timeout),
                                  .maxconn = listener.maxconn});
  }
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  settings.threads = proxy.threads > 0 ? proxy.threads : cores;
  settings.connect_timeout = proxy.connect_timeout;
  settings.keepalive = proxy.tcp_keepalive;
  settings.user_timeout = proxy.tcp_user_timeout;
  return settings;
}

std::vector<ListenerSettings> place_listeners(std::vector<ListenerSettings> before,
                                              const std::vector<ListenerSettings>& wanted) {
  const auto known = before.size();
  std::vector<bool> is_taken(known);
  // A place goes to the listener of its name before it goes to another one that was renamed.
  const auto place_of = [&](const ListenerSettings& listener, bool by_name) {
    std::size_t place = 0;
    while (place < known && (is_taken[place] || before[place].bind != listener.bind ||
                             (by_name && before[place].name != listener.name))) {
      ++place;
    }
    return place;
  };
  for (auto& listener : before) listener.is_closed = true;
  std::vector<const ListenerSettings*> renamed;
  for (const auto& listener : wanted) {
    const auto place = place_of(listener, true);
    if (place == known) {
      renamed.push_back(&listener);
      continue;
    }
    is_taken[place] = true;
    before[place] = listener;
  }
  for (const auto* listener : renamed) {
    const auto place = place_of(*listener, false);
    if (place == known) {
      before.push_back(*listener);
      continue;
    }
    is_taken[place] = true;
    before[place] = *listener;
  }
  return before;
}

route::BuilderOptions builder_options_of(const config::Config& config) {
  return {.polled = config.proxy.discovery == config::Discovery::poll,
          .health = {.fall = config.proxy.fall, .rise = config.proxy.rise}};
}

}  // namespace holdfast::proxy
