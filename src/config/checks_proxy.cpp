#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/checks.hpp"
#include "config/schema.hpp"

namespace holdfast::config {
namespace {

void check_target(const Config& config, const ListenerConfig& listener, const std::string& path,
                  Complaints& complaints) {
  if (listener.target.kind != TargetKind::member) return;
  std::vector<std::string> known;
  for (const NodeConfig& node : config.nodes) known.push_back(node.name);
  for (const PolledServer& server : config.proxy.servers) known.push_back(server.name);
  const std::string& name = listener.target.member;
  if (std::ranges::find(known, name) != known.end()) return;
  std::vector<std::string> allowed{"primary", "replica", "any", "sync"};
  allowed.insert(allowed.end(), known.begin(), known.end());
  const std::string guess = nearest(name, allowed);
  const std::string hint = guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess);
  // Without a list of members any name may be one: only a likely slip is worth a word.
  if (!known.empty()) {
    complaints.error(path, fmt::format("'{}' is no member{} (allowed: {})", name, hint, join(allowed)));
  } else if (!guess.empty()) {
    complaints.warn(path, fmt::format("'{}' is taken as the name of a member{}", name, hint));
  }
}

void check_listeners(const Config& config, Complaints& complaints) {
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < config.proxy.listeners.size(); ++i) {
    const ListenerConfig& listener = config.proxy.listeners[i];
    const std::string path = fmt::format("proxy.listeners[{}]", i);
    if (!listener.bind)
      complaints.error(path + ".bind", "is not set: say where clients connect, as in *:5000");
    check_target(config, listener, path + ".target", complaints);
    const auto [first, is_new] = names.emplace(listener.name, i);
    if (!is_new && listener.bind) {
      complaints.error(path + ".name",
                       fmt::format("'{}' is the name of listeners[{}] too", listener.name, first->second));
    }
  }
}

struct Listening {
  std::string path;
  HostPort address;
};

bool overlap(const HostPort& a, const HostPort& b) {
  return a.port == b.port && (a.host == b.host || is_wildcard(a) || is_wildcard(b));
}

std::vector<Listening> listening(const Config& config) {
  std::vector<Listening> all;
  if (config.has(Role::agent)) {
    all.push_back({"postgresql.listen", config.postgresql.listen});
    all.push_back({"restapi.listen", config.restapi.listen});
  }
  if (config.has(Role::proxy)) {
    for (std::size_t i = 0; i < config.proxy.listeners.size(); ++i) {
      all.push_back({fmt::format("proxy.listeners[{}].bind", i), config.proxy.listeners[i].bind});
    }
    all.push_back({"proxy.stats.listen", config.proxy.stats.listen});
  }
  if (config.has(Role::vip)) all.push_back({"vip.stats.listen", config.vip.stats.listen});
  return all;
}

}  // namespace

void check_proxy(const Config& config, Complaints& complaints) {
  if (!config.has(Role::proxy)) return;
  const ProxyConfig& proxy = config.proxy;
  if (proxy.listeners.empty())
    complaints.error("proxy.listeners", "is empty: a proxy needs an address for clients");
  check_listeners(config, complaints);
  if (proxy.discovery == Discovery::poll && proxy.servers.empty()) {
    complaints.error("proxy.servers", "is empty, and discovery: poll needs to know whom to ask");
  }
  if (proxy.discovery == Discovery::dcs && !proxy.servers.empty()) {
    complaints.warn("proxy.servers", "has no effect while discovery is dcs");
  }
  for (std::size_t i = 0; i < proxy.servers.size(); ++i) {
    const std::string path = fmt::format("proxy.servers[{}]", i);
    if (proxy.servers[i].name.empty()) complaints.error(path + ".name", "is not set");
    if (proxy.servers[i].host.empty()) complaints.error(path + ".host", "is not set");
  }
}

void check_addresses(const Config& config, Complaints& complaints) {
  const auto all = listening(config);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!all[i].address || !overlap(all[i].address, all[j].address)) continue;
      complaints.error(all[i].path, fmt::format("'{}' is taken by {} ('{}')", print_host_port(all[i].address),
                                                all[j].path, print_host_port(all[j].address)));
    }
  }
}

}  // namespace holdfast::config
