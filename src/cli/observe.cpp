#include "cli/observe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/ask.hpp"
#include "cli/json_fields.hpp"
#include "cli/members.hpp"
#include "cli/text.hpp"
#include "cli/vip_observe.hpp"
#include "dcs/ha_mapping.hpp"

namespace holdfast::cli {
namespace {

namespace json = boost::json;

void add_configuration(const dcs::Cluster& cluster, ClusterHealth& health) {
  if (!cluster.config) return;
  const auto& config = cluster.config->value;
  health.maximum_lag = number_at(config, "maximum_lag_on_failover", health.maximum_lag);
  health.synchronous_node_count = static_cast<int>(number_at(config, "synchronous_node_count", 1));
  health.is_strict = truth_at(config, "synchronous_mode_strict");
  if (is_synchronous(cluster))
    health.synchronous_mode = text_at(config, "synchronous_mode") == "quorum" ? "quorum" : "on";
}

MemberHealth member_health(const MemberRow& row) {
  const auto tags = dcs::tags_of(row.member->tags);
  return {.name = row.name,
          .host = row.host.empty() ? "" : config::print_host_port({row.host, row.port}),
          .role = row.role,
          .state = row.state,
          .timeline = row.timeline,
          .lag_bytes = row.replay_lag,
          .runs = row.member->state == "running",
          .pending_restart = row.member->pending_restart,
          .nofailover = tags.nofailover || tags.failover_priority <= 0};
}

ListenerRoute listener_of(const json::object& object) {
  return {.name = text_at(object, "name"),
          .bind = text_at(object, "bind") + ":" + text_at(object, "port"),
          .target = text_at(object, "target"),
          .clients = number_at(object, "clients"),
          .waiting = number_at(object, "waiting"),
          .hold_timeouts = number_at(object, "hold_timeouts_total")};
}

ServerRoute server_of(const json::object& object) {
  return {.name = text_at(object, "name"),
          .role = text_at(object, "role"),
          .serving = truth_at(object, "serving"),
          .connections = number_at(object, "connections"),
          .why = text_at(object, "why")};
}

// `nodes` names them; the full form knows this host's own only.
std::vector<ProxyHealth> proxies_of(const config::Config& config) {
  std::vector<ProxyHealth> proxies;
  for (const auto& node : config.nodes) {
    if (node.has(config::Role::proxy))
      proxies.push_back({.name = node.name, .url = stats_url(node.host, node.ports.stats, "/status")});
  }
  const auto& own = config.proxy.stats.listen;
  if (config.nodes.empty() && config.has(config::Role::proxy) && own) {
    proxies.push_back({.name = config.name, .url = stats_url(own.host, own.port, "/status")});
  }
  return proxies;
}

StoreHealth observe_store(Session& session) {
  StoreHealth store;
  for (const auto& host : session.config().etcd.hosts)
    store.endpoints.push_back(config::print_host_port(host));
  const auto status = session.store_status();
  if (!status) {
    store.silence = to_string(status.error());
    return store;
  }
  store.answers = true;
  if (const auto* leader = status->leader()) store.leader = leader->name;
  store.alive = session.store_answers();
  return store;
}

// Members, proxies and VRRP routers are asked at the same time, so that one dead host costs one deadline
// only.
void ask_everyone(Session& session, const dcs::Cluster& cluster, ClusterHealth& health) {
  std::vector<std::string> urls;
  for (const auto& member : health.members) {
    const auto* record = cluster.member(member.name);
    auto url =
        record != nullptr ? http::parse_url(record->api_url) : Result<http::Url>{fail(Errc::not_found, "")};
    urls.push_back(url ? http::print_url(http::with_target(*url, "/patroni")) : "");
  }
  for (const auto& proxy : health.proxies) urls.push_back(proxy.url);
  for (const auto& host : health.vip.hosts) urls.push_back(host.url);
  const auto answers = session.get_all(std::move(urls));
  std::size_t next = 0;
  for (auto& member : health.members) add_answer(member, answers[next++]);
  for (auto& proxy : health.proxies) add_answer(proxy, answers[next++]);
  for (auto& host : health.vip.hosts) add_answer(host, answers[next++]);
  health.vip.asked_at = wall_now();
}

}  // namespace

void add_answer(MemberHealth& member, const Result<http::Response>& answer) {
  const auto document = document_of(answer, member.silence);
  if (!document) return;
  member.answers = true;
  member.runs = text_at(*document, "state") == "running";
  const std::string role = text_at(*document, "role");
  member.claims_primary = member.runs && (role == "primary" || role == "master");
  member.pending_restart = member.pending_restart || truth_at(*document, "pending_restart");
  member.failsafe = truth_at(*document, "failsafe_mode_is_active");
  if (!member.runs && document->contains("state")) member.state = text_at(*document, "state");
}

void add_answer(ProxyHealth& proxy, const Result<http::Response>& answer) {
  const auto document = document_of(answer, proxy.silence);
  if (!document) return;
  proxy.answers = true;
  if (const auto* gate = document->if_contains("gate"); gate != nullptr && gate->is_object()) {
    const auto& object = gate->as_object();
    proxy.gate = text_at(object, "state");
    proxy.primary = text_at(object, "primary");
    proxy.why = text_at(object, "why");
    proxy.epoch = Epoch{number_at(object, "epoch")};
    if (object.contains("proof_left_ms")) proxy.proof_left_ms = number_at(object, "proof_left_ms");
  }
  for (const auto& listener : objects_at(*document, "listeners"))
    proxy.listeners.push_back(listener_of(listener));
  for (const auto& server : objects_at(*document, "servers")) proxy.servers.push_back(server_of(server));
}

ClusterHealth health_of(const dcs::Cluster& cluster, const std::string& scope) {
  ClusterHealth health{.scope = scope, .is_initialized = cluster.initialize.has_value()};
  if (cluster.initialize) health.system_id = cluster.initialize->system_id;
  if (cluster.leader) {
    health.leader = cluster.leader->name;
    const auto* record = cluster.member(health.leader);
    const bool announces = record != nullptr && record->holdfast && record->holdfast->epoch;
    health.epoch = announces ? record->holdfast->epoch : dcs::epoch_of(*cluster.leader);
  }
  add_configuration(cluster, health);
  if (cluster.sync && cluster.sync->is_active()) health.sync_standbys = cluster.sync->standbys;
  health.is_paused = is_paused(cluster);
  health.is_standby_cluster = is_standby_cluster(cluster);
  if (cluster.failover && cluster.failover->scheduled_at) {
    health.scheduled = print_isoformat(*cluster.failover->scheduled_at);
    if (!cluster.failover->member.empty()) health.scheduled += " to " + cluster.failover->member;
  }
  for (const auto& row : member_rows(cluster)) health.members.push_back(member_health(row));
  health.malformed = cluster.problems;
  return health;
}

ClusterHealth observe(Session& session) {
  auto store = observe_store(session);
  ClusterHealth health{.scope = session.scope()};
  dcs::Cluster cluster;
  if (store.answers) {
    if (auto read = session.read()) {
      cluster = *std::move(read);
      health = health_of(cluster, session.scope());
    } else {
      store.answers = false;
      store.silence = to_string(read.error());
    }
  }
  health.store = std::move(store);
  for (const auto& node : session.config().nodes) {
    if (node.has(config::Role::agent)) health.expected.push_back(node.name);
  }
  health.proxies = proxies_of(session.config());
  health.vip.hosts = vip_hosts_of(session.config());
  ask_everyone(session, cluster, health);
  return health;
}

}  // namespace holdfast::cli
