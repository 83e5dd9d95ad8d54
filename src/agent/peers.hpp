#pragma once

#include <functional>
#include <map>
#include <string>

#include "dcs/cluster.hpp"
#include "ha/suspicion.hpp"
#include "ha/view.hpp"
#include "heartbeat/subscriber.hpp"

namespace holdfast::agent {

// What the other agents' heartbeat streams say, as the HA core looks at it.
class Peers {
 public:
  Peers(const asio::any_io_executor& executor, std::string self, heartbeat::SubscriberOptions options,
        std::function<void()> on_change);

  // Streams are kept to every member that has ever been seen with an address: a record that expired with its
  // lease is not a member that left (retained until `forget`).
  void follow(const dcs::Cluster& cluster);
  std::map<ha::Name, ha::Peer> all() const;
  std::uint64_t received() const { return received_; }
  std::uint64_t lost() const { return lost_; }
  awaitable<void> stop();

 private:
  struct Entry {
    explicit Entry(milliseconds interval) : suspicion{interval} {}
    ha::Suspicion suspicion;
    ha::Peer peer;
  };
  void on_heartbeat(const std::string& name, const heartbeat::Heartbeat& beat, BootInstant received_at);

  std::string self_;
  milliseconds interval_;
  std::function<void()> on_change_;
  std::map<std::string, std::string> urls_;
  std::map<std::string, Entry> entries_;
  std::uint64_t received_ = 0;
  std::uint64_t lost_ = 0;
  heartbeat::Subscriber subscriber_;
};

}  // namespace holdfast::agent
