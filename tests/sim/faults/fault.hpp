#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/core/event_queue.hpp"
#include "sim/core/random.hpp"

namespace holdfast::sim {

class World;

enum class FaultKind {
  kill_postmaster,
  kill_postgres,
  fail_starts,
  freeze_postgres,
  crash_agent,
  freeze_agent,
  stop_agent,
  crash_host,
  suspend_host,
  pause_vm,
  isolate_host,
  cut_etcd,
  cut_one_way,
  cut_pair,
  cut_heartbeats,
  cut_proxy,
  slow_link,
  lossy_link,
  etcd_outage,
  etcd_slow,
  etcd_slow_replies,
  etcd_lost_replies,
  etcd_election,
  etcd_wipe,
  switchover,
  switchover_to,
  manual_failover,
  configure,
  cancel_waits,
  count_,
};
std::string_view to_string(FaultKind kind);

inline constexpr int the_leader = -1;  // whoever leads when it happens

struct Fault {
  FaultKind kind{};
  SimTime at{};
  SimTime lasts{};
  int host = 0;    // a node's index, or the_leader
  int other = 0;   // a second node
  int number = 0;  // fail_starts: how many; configure: which settings; cut_proxy: which

  std::string text() const;  // "crash the leader's host for 4.2 s"
};

struct Plan {
  std::vector<Fault> faults;
  bool is_gentle = false;  // nothing that may move the primary
};

Plan draw_plan(Random& random, int nodes);

// Lets a fault happen at its time and end after its duration.
void schedule(World& world, const Fault& fault);

// The settings that `configure` number n writes.
std::string configuration(int number);

}  // namespace holdfast::sim
