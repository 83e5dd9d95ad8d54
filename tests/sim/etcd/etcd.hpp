#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dcs/cluster.hpp"
#include "dcs/memory/kv.hpp"
#include "ha/view.hpp"
#include "sim/core/event_queue.hpp"
#include "sim/core/host.hpp"
#include "sim/core/network.hpp"
#include "sim/core/random.hpp"

namespace holdfast::sim {

// The cluster's keys at one revision, read once for everybody.
struct Seen {
  std::uint64_t store = 0;  // which etcd, before or after a wipe
  dcs::Snapshot snapshot;
  dcs::Cluster cluster;
  ha::Cluster ha;
};
using SeenPtr = std::shared_ptr<const Seen>;

// An etcd cluster behind the network: answers late, loses requests and replies, elects leaders, expires
// leases by a scan. The data model is the production in-memory one.
class Etcd {
 public:
  static constexpr SimTime request_timeout = 1s;
  static constexpr SimTime expiry_scan = 500ms;
  static constexpr SimTime progress_interval = 250ms;

  Etcd(EventQueue& queue, Network& network, Random& random, const dcs::Keys& keys)
      : queue_{queue}, network_{network}, random_{random}, keys_{keys} {}
  void begin();

  // `reply` is called exactly once; nullopt: no answer in time, so the outcome is unknown.
  template <class R>
  void call(int from, std::function<R(dcs::Kv&, BootInstant)> op,
            std::function<void(std::optional<R>)> reply) {
    auto answered = std::make_shared<bool>(false);
    auto once = [answered, reply = std::move(reply)](std::optional<R> result) {
      if (!std::exchange(*answered, true)) reply(std::move(result));
    };
    queue_.after(request_timeout, [once] { once(std::nullopt); });
    network_.send(from, host.index, [this, from, op = std::move(op), once] {
      queue_.after(work_time() + late_time(), [this, from, op, once] {
        if (!answers) return;
        R result = op(kv, now());
        publish();
        if (lost_replies > 0 && random_.chance(lost_replies)) return;
        queue_.after(reply_time(), [this, from, result, once] {
          network_.send(host.index, from, [result, once] { once(result); });
        });
      });
    });
  }

  // Every change, and a sign of life now and then, in order; what is lost on the way is made up for by the
  // next one.
  void watch(int from, std::function<void(SeenPtr)> on_seen) {
    watchers_.push_back({from, std::move(on_seen)});
  }

  // What the store holds now; for checkers, and for the answer to a read.
  SeenPtr seen();
  void publish();  // after any change
  void elect();
  void wipe();

  Host host;
  dcs::Kv kv;
  bool answers = true;
  double lost_replies = 0;
  nanoseconds slower{};        // of the request
  nanoseconds slower_reply{};  // after it took effect
  std::function<void(const Seen&)> on_change;

 private:
  struct Watcher {
    int host;
    std::function<void(SeenPtr)> on_seen;
  };
  BootInstant now() const { return host.now(queue_.now()); }
  nanoseconds work_time();
  nanoseconds late_time();
  nanoseconds reply_time();
  void scan();
  void send_progress();
  void send(const Watcher& watcher);

  EventQueue& queue_;
  Network& network_;
  Random& random_;
  const dcs::Keys& keys_;
  std::vector<Watcher> watchers_;
  SeenPtr seen_;
  std::uint64_t seen_cluster_ = 0;
};

}  // namespace holdfast::sim
