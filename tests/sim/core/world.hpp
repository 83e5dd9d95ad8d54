#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/checkers/checkers.hpp"
#include "sim/core/event_queue.hpp"
#include "sim/core/network.hpp"
#include "sim/core/node.hpp"
#include "sim/core/random.hpp"
#include "sim/core/trace.hpp"
#include "sim/etcd/etcd.hpp"
#include "sim/mutants/mutant.hpp"
#include "sim/proxy/clients.hpp"
#include "sim/proxy/proxy.hpp"

namespace holdfast::sim {

struct Shape {
  int nodes = 3;
  ha::Settings settings;
  std::vector<ha::Tags> tags;  // by node; short: defaults
  std::vector<double> rates;   // of the hosts' clocks; short: 1
  bool has_clients = true;
};

struct Counts {
  std::uint64_t decisions = 0;
  std::uint64_t writes_acknowledged = 0;
  std::uint64_t promotions = 0;
  std::uint64_t sentinel_kills = 0;
  std::uint64_t clones = 0;
  std::uint64_t rewinds = 0;
  std::map<std::string_view, std::uint64_t> rules;
};

struct Violation {
  std::string checker;
  std::string what;
};

std::string join(const std::vector<std::string>& names);

// A whole cluster with its clients, in virtual time. Everything that happens follows from the shape, the seed
// and the faults.
class World {
 public:
  World(std::uint64_t seed, const Shape& shape, const Mutant& mutant);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Runs until `until`, or until something that must hold does not.
  void run_until(SimTime until);
  SimTime now() const { return queue.now(); }

  Node& node(int index) { return *nodes_[static_cast<std::size_t>(index)]; }
  const Node& node(int index) const { return *nodes_[static_cast<std::size_t>(index)]; }
  int node_count() const { return static_cast<int>(nodes_.size()); }
  const ha::Name& name_of(int index) const { return names_[static_cast<std::size_t>(index)]; }
  int index_of(const ha::Name& name) const { return find_index(name).value_or(-1); }
  std::optional<int> find_index(const ha::Name& name) const;
  const std::vector<ha::Name>& member_names() const { return names_; }
  int etcd_host() const { return etcd.host.index; }

  // A step of a node's agent, unless that dies first.
  void after(Node& node, SimTime delay, Task task);
  void wake_agent(Node& node) {
    if (node.agent_process.is_alive()) node.agent.wake();
  }
  bool can_copy_from(int source, const Node& to) const;
  bool heartbeats_pass(int from, int to) const { return heartbeat_cuts[slot(from, to)] == 0; }
  int& heartbeat_cut(int from, int to) { return heartbeat_cuts[slot(from, to)]; }
  WriteId next_server_record() { return next_server_record_++; }
  int next_connection() { return ++connections_; }

  // Dynamic configuration, in the `config` key.
  ha::Settings settings_from(const dcs::Cluster& cluster, const ha::Settings& known) const;
  std::string config_text(const ha::Settings& settings_now) const;

  // Which node leads by the DCS and runs as primary; -1: none.
  int leader() const;

  void fail(std::string checker, std::string what);

  EventQueue queue;
  Random random;
  Trace trace;
  Mutant mutant;
  dcs::Keys keys{"service", "sim"};
  Network network;
  Etcd etcd;
  ha::Settings settings;
  Checkers checkers;
  std::vector<std::unique_ptr<Proxy>> proxies;
  Host app;  // clients that connect directly
  Clients clients;
  Counts counts;
  std::optional<Violation> violation;

 private:
  static std::size_t slot(int from, int to) {
    return static_cast<std::size_t>(from * Network::hosts_max + to);
  }
  void tick_streams();

  std::array<int, Network::hosts_max * Network::hosts_max> heartbeat_cuts{};
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<ha::Name> names_;
  WriteId next_server_record_ = first_record_of_a_server;
  int connections_ = 0;
};

}  // namespace holdfast::sim
