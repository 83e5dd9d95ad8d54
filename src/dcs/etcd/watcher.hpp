#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dcs/store.hpp"

namespace holdfast::dcs {

// Keeps a live copy of everything under one prefix: list, then watch; lists again after a loss. It is never
// stale silently: from the moment a watch fails until the next list is complete, is_healthy() is false.
class ClusterWatcher {
 public:
  struct Events {
    std::function<void()>
        on_change;  // the snapshot or is_healthy() has changed; runs on the executor, must not block
  };

  // `store` must outlive it. Starts at once.
  ClusterWatcher(const asio::any_io_executor& executor, Store* store, std::string prefix, Events events);
  ~ClusterWatcher();

  bool is_healthy() const;
  bool has_snapshot() const;         // listed at least once
  const Snapshot& snapshot() const;  // the last known; of any age when unhealthy
  BootInstant last_contact() const;  // the last sign of life from the store; BootInstant{} before the first
  std::optional<Error> last_error() const;  // why it is unhealthy

  void refresh();          // list again now, e.g. after a transaction told that our copy is behind
  awaitable<void> stop();  // call before destroying

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace holdfast::dcs
