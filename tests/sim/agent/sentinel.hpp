#pragma once

#include "base/instant.hpp"

namespace holdfast::sim {

class World;
class Node;

// Design 2-ha, fence 3: kills a primary whose agent did not feed it a later deadline.
class Sentinel {
 public:
  void feed(World& world, Node& node, BootInstant deadline);
  void look(World& world, Node& node);  // at the deadline, and whenever a server may have become a primary

  bool is_off = false;  // mutant

 private:
  void wait(World& world, Node& node, BootInstant deadline);
  BootInstant deadline_{};
};

}  // namespace holdfast::sim
