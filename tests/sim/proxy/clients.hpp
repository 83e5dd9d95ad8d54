#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/event_queue.hpp"
#include "sim/postgres/postgres.hpp"

namespace holdfast::sim {

class World;
class Proxy;

// Writers: one behind each proxy, one that connects to the servers directly. Each sends its next write when
// the one before was answered, or given up.
class Clients {
 public:
  explicit Clients(World& world) : world_{world} {}
  void begin();

  // Writes acknowledged through each proxy so far.
  const std::vector<std::uint64_t>& acknowledged_by_proxy() const { return acknowledged_; }

 private:
  void next_through(std::size_t proxy);
  void next_direct(int node);
  void write(int from, int node, WriteId id, Committed answered);

  World& world_;
  std::vector<std::uint64_t> acknowledged_;
  WriteId next_id_ = 1;
};

}  // namespace holdfast::sim
