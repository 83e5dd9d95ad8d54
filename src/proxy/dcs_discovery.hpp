#pragma once

#include <memory>
#include <string>

#include "dcs/cluster.hpp"
#include "dcs/etcd/watcher.hpp"
#include "heartbeat/subscriber.hpp"
#include "proxy/discovery.hpp"

namespace holdfast::proxy {

// The DCS watch for who leads and who is there, and every agent's heartbeat stream for proofs and states.
class DcsDiscovery : public Discovery {
 public:
  DcsDiscovery(asio::any_io_executor executor, std::unique_ptr<dcs::Store> store, dcs::Keys keys,
               heartbeat::SubscriberOptions options);

  void start(EventSink sink) override;
  awaitable<void> stop() override;

 private:
  void on_cluster();
  void on_heartbeat(const heartbeat::Heartbeat& heartbeat, BootInstant sent_at, BootInstant received_at);

  asio::any_io_executor executor_;
  std::unique_ptr<dcs::Store> store_;
  dcs::Keys keys_;
  EventSink sink_;
  std::unique_ptr<heartbeat::Subscriber> subscriber_;
  std::unique_ptr<dcs::ClusterWatcher> watcher_;
};

// A member's record as the routing table wants it; nullopt: it does not say where PostgreSQL listens.
std::optional<route::Member> route_member_of(const dcs::Member& member);
route::ClusterSeen cluster_seen_of(const dcs::Cluster& cluster);
route::HeartbeatSeen heartbeat_seen_of(const heartbeat::Heartbeat& heartbeat, BootInstant sent_at,
                                       BootInstant received_at);

}  // namespace holdfast::proxy
