#pragma once

#include <string>
#include <vector>

#include "sim/agent/agent.hpp"
#include "sim/agent/sentinel.hpp"
#include "sim/core/host.hpp"
#include "sim/postgres/postgres.hpp"

namespace holdfast::sim {

// A database host: a disk, PostgreSQL, the agent and its sentinel.
class Node {
 public:
  Node(World& world, int index)
      : postgres_process{host}, agent_process{host}, postgres{world, *this}, agent{world, *this} {
    host.index = index;
    host.name = "pg" + std::to_string(index + 1);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Host host;
  ha::Tags tags;
  DataDirectory data;
  std::vector<DataDirectory> set_aside;
  ha::SynchronousNames saved_names;  // synchronous_standby_names in the configuration file
  Process postgres_process;
  Process agent_process;
  Postgres postgres;
  Agent agent;
  Sentinel sentinel;
  int failing_starts = 0;
  int interrupted_jobs = 0;
  SimTime postgres_stopped_at{};
};

}  // namespace holdfast::sim
