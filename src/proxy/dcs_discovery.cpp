#include "proxy/dcs_discovery.hpp"

#include "base/log.hpp"
#include "config/values.hpp"

namespace holdfast::proxy {
namespace {

// "postgres://10.0.1.11:5432/postgres" to its authority.
std::string_view authority_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?"));
  if (const auto user = url.rfind('@'); user != url.npos) url.remove_prefix(user + 1);
  return url;
}

bool has_tag(const dcs::Member& member, std::string_view name) {
  const auto* tag = member.tags.if_contains(name);
  return tag && tag->is_bool() && tag->as_bool();
}

std::vector<heartbeat::Peer> peers_of(const dcs::Cluster& cluster) {
  std::vector<heartbeat::Peer> peers;
  for (const auto& member : cluster.members) {
    const bool is_ours = member.holdfast && !member.holdfast->heartbeat_url.empty();
    const auto& url = is_ours ? member.holdfast->heartbeat_url : member.api_url;
    if (!url.empty()) peers.push_back({member.name, url});
  }
  return peers;
}

route::Role role_of(heartbeat::Role role) {
  switch (role) {
    case heartbeat::Role::primary:
      return route::Role::primary;
    case heartbeat::Role::replica:
    case heartbeat::Role::standby_leader:
      return route::Role::replica;
    case heartbeat::Role::unknown:
    case heartbeat::Role::uninitialized:
    case heartbeat::Role::demoted:
    case heartbeat::Role::promoted:
      break;
  }
  return route::Role::unknown;
}

}  // namespace

std::optional<route::Member> route_member_of(const dcs::Member& member) {
  const auto address = config::parse_host_port(authority_of(member.conn_url));
  if (!address || address->host.empty()) return std::nullopt;
  return route::Member{.name = member.name,
                       .host = address->host,
                       .port = static_cast<std::uint16_t>(address->port),
                       .noloadbalance = has_tag(member, "noloadbalance")};
}

route::ClusterSeen cluster_seen_of(const dcs::Cluster& cluster) {
  route::ClusterSeen seen;
  for (const auto& member : cluster.members) {
    if (auto known = route_member_of(member)) seen.members.push_back(*std::move(known));
  }
  if (cluster.leader) {
    seen.leader = route::LeaderKey{.name = cluster.leader->name,
                                   .epoch_min = {cluster.leader->create_revision},
                                   .epoch_max = {cluster.leader->mod_revision}};
  }
  if (cluster.sync && cluster.sync->is_active()) seen.synchronous = cluster.sync->standbys;
  return seen;
}

route::HeartbeatSeen heartbeat_seen_of(const heartbeat::Heartbeat& heartbeat, BootInstant sent_at,
                                       BootInstant received_at) {
  const auto role = role_of(heartbeat.role);
  return {.server = heartbeat.member,
          .sent_at = sent_at,
          .received_at = received_at,
          .role = role,
          .epoch = heartbeat.epoch,
          .lease_remaining = heartbeat.lease_remaining,
          .running = heartbeat.running,
          .draining = heartbeat.draining,
          .timeline = heartbeat.timeline,
          .position = role == route::Role::primary ? heartbeat.write_lsn : heartbeat.replay_lsn,
          .replay_age = heartbeat.replay_lag,
          .why = heartbeat.why};
}

DcsDiscovery::DcsDiscovery(asio::any_io_executor executor, std::unique_ptr<dcs::Store> store, dcs::Keys keys,
                           heartbeat::SubscriberOptions options)
    : executor_{std::move(executor)}, store_{std::move(store)}, keys_{std::move(keys)} {
  heartbeat::SubscriberHandlers handlers;
  handlers.on_heartbeat = [this](const std::string& peer, const heartbeat::Heartbeat& heartbeat,
                                 BootInstant sent_at, BootInstant received_at) {
    if (peer == heartbeat.member) on_heartbeat(heartbeat, sent_at, received_at);
  };
  handlers.on_lost = [this](const std::string& peer, const Error& error) {
    if (sink_) sink_(route::HeartbeatLost{.server = peer, .why = to_string(error)});
  };
  subscriber_ = std::make_unique<heartbeat::Subscriber>(executor_, std::move(options), std::move(handlers));
}

void DcsDiscovery::start(EventSink sink) {
  sink_ = std::move(sink);
  dcs::ClusterWatcher::Events events{.on_change = [this] { on_cluster(); }};
  watcher_ =
      std::make_unique<dcs::ClusterWatcher>(executor_, store_.get(), keys_.prefix(), std::move(events));
}

awaitable<void> DcsDiscovery::stop() {
  sink_ = nullptr;
  if (watcher_) co_await watcher_->stop();
  co_await subscriber_->stop();
}

void DcsDiscovery::on_cluster() {
  if (!sink_) return;
  if (!watcher_ || !watcher_->is_healthy()) {
    sink_(route::WatchLost{});
    return;
  }
  const auto& snapshot = watcher_->snapshot();
  const auto cluster = dcs::parse_cluster(keys_, snapshot);
  subscriber_->set_peers(peers_of(cluster));
  auto seen = cluster_seen_of(cluster);
  seen.store = {.id = snapshot.cluster_id, .revision = snapshot.revision};
  sink_(std::move(seen));
}

void DcsDiscovery::on_heartbeat(const heartbeat::Heartbeat& heartbeat, BootInstant sent_at,
                                BootInstant received_at) {
  if (sink_) sink_(heartbeat_seen_of(heartbeat, sent_at, received_at));
}

}  // namespace holdfast::proxy
