#pragma once

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
  void restart();  // a new process: it forgets the epochs that it has seen

  // Where a write may go now; nullopt: it is held.
  struct Target {
    int node = -1;
    Epoch epoch;
  };
  std::optional<Target> target_for_new();
  // May the answer of a server connection of this epoch still be passed on?
  bool keeps(Epoch epoch);

  Host host;

 private:
  BootInstant now() const;
  void ask();
  void look_after_watch();
  void check_epoch();

  World& world_;
  route::Gate gate_{route::GateOptions{}};
  BootInstant last_contact_{};
  Epoch highest_;
  int life_ = 0;
};

}  // namespace holdfast::sim
