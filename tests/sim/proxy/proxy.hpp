#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "route/gate.hpp"
#include "sim/core/host.hpp"
#include "sim/etcd/etcd.hpp"

namespace holdfast::sim {

class World;
class Node;

// The proxy's shell around the production gate: the DCS watch, and questions to every agent.
class Proxy {
 public:
  Proxy(World& world, int host_index, int number);

  void begin();
  void on_seen(const Seen& seen);

  // Epochs compare within one store; a wiped one begins again.
  struct Era {
    std::uint64_t store = 0;
    Epoch epoch;
    auto operator<=>(const Era&) const = default;
  };
  // Where a write may go now; nullopt: it is held.
  struct Target {
    int node = -1;
    Era era;
  };
  std::optional<Target> target_for_new();
  // May the answer of a server connection of this era still be passed on?
  bool keeps(const Era& era);

  Host host;

 private:
  BootInstant now() const;
  void ask();
  void look_after_watch();
  void check_epoch();
  Era era() const { return {store_, gate_.view().epoch}; }

  World& world_;
  route::Gate gate_{route::GateOptions{}};
  BootInstant last_contact_{};
  std::uint64_t store_ = 0;  // the one that the gate was last told of; what is open was opened under it
  Era highest_;
};

}  // namespace holdfast::sim
