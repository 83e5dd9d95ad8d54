#include "cli/health_text.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/duration.hpp"
#include "cli/members.hpp"
#include "cli/text.hpp"
#include "cli/vip_text.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

std::string headline(const ClusterHealth& cluster, int code) {
  const std::string_view words[] = {"healthy", "degraded", "NO PRIMARY"};
  std::string id = cluster.system_id.empty() ? "" : " (" + cluster.system_id + ")";
  if (!cluster.is_initialized && cluster.store.answers) id = " (uninitialized)";
  return fmt::format("Cluster {}{}: {}{}", cluster.scope, id, words[code],
                     cluster.is_paused ? ", paused" : "");
}

std::string primary_line(const ClusterHealth& cluster) {
  if (cluster.leader.empty()) return "Primary   none";
  const auto* leader = cluster.member(cluster.leader);
  std::string line = "Primary   " + cluster.leader;
  if (leader != nullptr && !leader->host.empty()) line += " at " + leader->host;
  line += fmt::format(", epoch {}", cluster.epoch.value);
  if (leader != nullptr && leader->timeline != 0) line += fmt::format(", timeline {}", leader->timeline);
  for (const auto& proxy : cluster.proxies) {
    // The lease as a proxy proved it a moment ago: nobody else counts it on a clock of their own.
    if (!proxy.proof_left_ms || proxy.primary != cluster.leader) continue;
    line += fmt::format(", lease proven for another {} ms", *proxy.proof_left_ms);
    break;
  }
  return line;
}

std::string synchronous_line(const ClusterHealth& cluster) {
  if (cluster.synchronous_mode == "off")
    return "Commits   asynchronous: the last ones can be lost with the primary";
  const std::string standbys = cluster.sync_standbys.empty() ? "nobody" : join(cluster.sync_standbys, ", ");
  return fmt::format("Commits   synchronous ({}{}), confirmed by {}", cluster.synchronous_mode,
                     cluster.is_strict ? ", strict" : "", standbys);
}

std::string store_line(const ClusterHealth& cluster) {
  const auto& store = cluster.store;
  if (!store.answers) return "Store     etcd doesn't answer";
  const auto alive = std::count(store.alive.begin(), store.alive.end(), true);
  return fmt::format("Store     etcd: {} of {} up{}", alive, store.alive.size(),
                     store.leader.empty() ? "" : ", led by " + store.leader);
}

Table members_of(const ClusterHealth& cluster) {
  Table table;
  table.columns = {{.name = "Member"},
                   {.name = "Host"},
                   {.name = "Role"},
                   {.name = "State"},
                   {.name = "TL", .is_right = true},
                   {.name = "Lag", .is_right = true},
                   {.name = "Agent"}};
  for (const auto& member : cluster.members) {
    const std::string lag = member.is_leader() ? ""
                            : member.lag_bytes ? print_size(*member.lag_bytes)
                                               : "unknown";
    table.rows.push_back({json::value(member.name), json::value(member.host),
                          json::value(role_title(member.role)), json::value(member.state), member.timeline,
                          json::value(lag), json::value(member.answers ? "up" : "silent")});
  }
  return table;
}

std::string serving_of(const ProxyHealth& proxy, const std::string& role) {
  std::vector<std::string> names;
  for (const auto& server : proxy.servers) {
    if (server.serving && server.role == role)
      names.push_back(fmt::format("{} ({})", server.name, server.connections));
  }
  return names.empty() ? "nobody" : join(names, ", ");
}

void add_proxy(const ProxyHealth& proxy, std::string& out) {
  if (!proxy.answers) {
    out += fmt::format("Proxy     {} silent ({})\n", proxy.name, proxy.url);
    return;
  }
  out += fmt::format("Proxy     {} gate {}: writes to {}, replicas serving: {}\n", proxy.name, proxy.gate,
                     proxy.gate == "held" ? "nobody" : proxy.primary, serving_of(proxy, "replica"));
  for (const auto& listener : proxy.listeners) {
    out += fmt::format(
        "          {:<14} {:<21} -> {:<8} {} clients, {} waiting{}\n", listener.name, listener.bind,
        listener.target, listener.clients, listener.waiting,
        listener.hold_timeouts > 0 ? fmt::format(", {} gave up so far", listener.hold_timeouts) : "");
  }
}

json::object member_json(const MemberHealth& member) {
  json::object object{{"name", member.name},   {"host", member.host},         {"role", member.role},
                      {"state", member.state}, {"timeline", member.timeline}, {"answers", member.answers}};
  if (member.lag_bytes) object["lag"] = *member.lag_bytes;
  if (!member.answers) object["why"] = member.silence;
  return object;
}

json::object proxy_json(const ProxyHealth& proxy) {
  json::object object{{"name", proxy.name}, {"url", proxy.url}, {"answers", proxy.answers}};
  if (!proxy.answers) {
    object["why"] = proxy.silence;
    return object;
  }
  object["gate"] = proxy.gate;
  object["primary"] = proxy.primary;
  object["epoch"] = proxy.epoch.value;
  auto& listeners = object["listeners"].emplace_array();
  for (const auto& listener : proxy.listeners) {
    listeners.push_back({{"name", listener.name},
                         {"bind", listener.bind},
                         {"target", listener.target},
                         {"clients", listener.clients},
                         {"waiting", listener.waiting}});
  }
  auto& servers = object["servers"].emplace_array();
  for (const auto& server : proxy.servers) {
    servers.push_back({{"name", server.name},
                       {"role", server.role},
                       {"serving", server.serving},
                       {"connections", server.connections}});
  }
  return object;
}

}  // namespace

std::string print_health(const ClusterHealth& cluster, bool colored) {
  const auto findings = findings_of(cluster);
  const int code = exit_code_of(findings);
  std::string out = painted(headline(cluster, code), code, colored) + "\n\n";
  out += primary_line(cluster) + "\n" + synchronous_line(cluster) + "\n" + store_line(cluster) + "\n";
  for (const auto& proxy : cluster.proxies) add_proxy(proxy, out);
  for (const auto& line : address_lines(cluster.vip)) out += line + "\n";
  if (!cluster.members.empty()) out += "\n" + print_table(members_of(cluster), Format::pretty);
  return out + print_findings(findings, colored);
}

json::object health_json(const ClusterHealth& cluster) {
  const auto findings = findings_of(cluster);
  constexpr const char* words[] = {"healthy", "degraded", "no primary"};
  json::object object{{"cluster", cluster.scope},       {"state", words[exit_code_of(findings)]},
                      {"system_id", cluster.system_id}, {"primary", cluster.leader},
                      {"epoch", cluster.epoch.value},   {"synchronous_mode", cluster.synchronous_mode},
                      {"paused", cluster.is_paused}};
  json::array standbys(cluster.sync_standbys.begin(), cluster.sync_standbys.end());
  object["sync_standbys"] = std::move(standbys);
  auto& members = object["members"].emplace_array();
  for (const auto& member : cluster.members) members.push_back(member_json(member));
  auto& proxies = object["proxies"].emplace_array();
  for (const auto& proxy : cluster.proxies) proxies.push_back(proxy_json(proxy));
  if (!cluster.vip.hosts.empty()) object["vip"] = vip_json(cluster.vip);
  json::object store{{"answers", cluster.store.answers}, {"leader", cluster.store.leader}};
  for (std::size_t i = 0; i < cluster.store.alive.size(); ++i)
    store[cluster.store.endpoints[i]] = bool{cluster.store.alive[i]};
  object["store"] = std::move(store);
  object["findings"] = findings_json(findings);
  return object;
}

}  // namespace holdfast::cli
