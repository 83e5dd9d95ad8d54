#include "sim/mutants/provoke.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim::provoke {
namespace {

void begin(Scenario& scenario, ha::SyncMode mode, milliseconds leader_ttl) {
  scenario.shape.nodes = 3;
  scenario.shape.tags.assign(3, ha::Tags{});
  scenario.shape.rates.resize(3, 1.0);
  auto& settings = scenario.shape.settings;
  settings.synchronous_mode = mode;
  settings.synchronous_mode_strict = false;
  settings.synchronous_node_count = 1;
  settings.leader_ttl = leader_ttl;
  scenario.plan = {};
  scenario.starts_early = false;
}

void add(Scenario& scenario, FaultKind kind, SimTime at, SimTime lasts, int host = the_leader,
         int other = 0) {
  auto& faults = scenario.plan.faults;
  const Fault fault{.kind = kind, .at = at, .lasts = lasts, .host = host, .other = other, .number = 0};
  const auto later = [](const Fault& a, const Fault& b) { return a.at < b.at; };
  faults.insert(std::upper_bound(faults.begin(), faults.end(), fault, later), fault);
}

// Between the leader and everybody else; whoever leads, one of the links is to itself and does nothing.
void cut_all(Scenario& scenario, SimTime at, SimTime lasts) {
  for (int other = 0; other < scenario.shape.nodes; ++other)
    add(scenario, FaultKind::cut_pair, at, lasts, the_leader, other);
}

int any_node(Random& random) {
  return static_cast<int>(random.below(3));
}

}  // namespace

void a_leader_cut_from_etcd(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  add(scenario, FaultKind::cut_etcd, random.between(1s, 3s), random.between(6s, 10s));
}

// A renewal is answered late, no other one arrives, and the agent hangs before it can do anything about it:
// the last word is the sentinel's, which was told of a deadline that began when the answer came.
void late_replies_and_a_frozen_agent(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  const auto at = random.between(2s, 4s);
  const int etcd = scenario.shape.nodes;
  add(scenario, FaultKind::etcd_slow_replies, at - 1s, 1800ms);
  add(scenario, FaultKind::cut_one_way, at, 10s, the_leader, etcd);
  add(scenario, FaultKind::freeze_agent, at + random.between(600ms, 950ms), 8s);
}

void a_frozen_agent(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  add(scenario, FaultKind::freeze_agent, random.between(1s, 3s), random.between(6s, 10s));
}

void a_dead_host_with_one_synchronous_standby(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::on, 2s);
  const auto at = random.between(2s, 4s);
  const int slow = any_node(random);
  add(scenario, FaultKind::slow_link, at - 1500ms, 2s, the_leader, slow);
  add(scenario, FaultKind::freeze_agent, at - 500ms, 8s, any_node(random));
  add(scenario, FaultKind::crash_host, at, 12s);
}

// It drops its standbys at once, in PostgreSQL too, but can't tell etcd: they may still lead.
void a_leader_cut_from_standbys_and_etcd(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::on, 4s);
  const auto at = random.between(1s, 3s);
  add(scenario, FaultKind::cut_etcd, at, 8s);
  cut_all(scenario, at, 8s);
}

// The standbys lag when they come back, and the primary dies before they have caught up.
void a_primary_that_dies_while_a_standby_catches_up(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::on, 2s);
  const auto length = random.between(4s, 6s);
  cut_all(scenario, 1s, length);
  for (int other = 0; other < 3; ++other) add(scenario, FaultKind::slow_link, length, 4s, the_leader, other);
  add(scenario, FaultKind::crash_host, 1s + length + random.between(100ms, 1500ms), 12s);
}

// A candidate hangs between its election and its write; another one leads meanwhile, alone, and ends.
void two_leaders_in_a_row_beside_a_frozen_candidate(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::on, 4s);
  scenario.shape.settings.synchronous_node_count = 2;
  scenario.shape.settings.loop_wait = 2s;
  add(scenario, FaultKind::etcd_slow, 1s, 2s);
  add(scenario, FaultKind::stop_agent, 1s, 20s);
  const auto frozen = random.between(1600ms, 3200ms);
  add(scenario, FaultKind::freeze_agent, frozen, random.between(2500ms, 3500ms), any_node(random));
  add(scenario, FaultKind::stop_agent, frozen + random.between(1500ms, 2500ms), 20s);
}

// A candidate whose server hangs is heard, and does not have what was acknowledged meanwhile.
void a_failover_order_to_a_frozen_server(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::on, 4s);
  const int candidate = any_node(random);
  add(scenario, FaultKind::manual_failover, 2s, {}, the_leader, candidate);
  add(scenario, FaultKind::freeze_postgres, random.between(1500ms, 2100ms), random.between(6s, 9s),
      candidate);
}

void candidates_that_do_not_hear_each_other(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  const int a = any_node(random);
  add(scenario, FaultKind::crash_host, 2s, 12s);
  add(scenario, FaultKind::cut_pair, 2s, 8s, a, (a + 1) % 3);
}

// Nobody waits for the old primary's server: the lock is let go at once.
void backends_that_outlive_their_postmaster(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 4s);
  scenario.shape.settings.primary_start_timeout = 0s;
  add(scenario, FaultKind::kill_postmaster, random.between(1s, 3s), {});
}

void a_wipe_while_the_primary_is_down(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 4s);
  const auto at = random.between(1s, 3s);
  add(scenario, FaultKind::crash_host, at, random.between(500ms, 2s));
  add(scenario, FaultKind::etcd_wipe, at + random.between(0ms, 1s), {});
}

// A write waits in the paused machine, and is answered when others have written on the next primary.
void a_paused_primary_and_a_proxy_that_sees_nobody_else(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  const auto at = random.between(1s, 3s);
  add(scenario, FaultKind::cut_proxy, at, 12s);
  add(scenario, FaultKind::pause_vm, at + random.between(100ms, 500ms), random.between(4s, 6s));
}

// Two hosts are left that reach etcd but not each other: one leads and dies, then the other one.
void a_second_failover_that_never_saw_the_first(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  scenario.shape.settings.ttl = 4s;
  const auto at = random.between(1s, 3s);
  add(scenario, FaultKind::crash_host, at, 30s);
  for (int node = 0; node < 3; ++node) add(scenario, FaultKind::cut_pair, at, 30s, node, (node + 1) % 3);
  add(scenario, FaultKind::crash_host, at + random.between(6s, 8s), 20s);
}

namespace {

void come_and_go(Scenario& scenario, Random& random) {
  for (int i = 0; i < 6; ++i) {
    const auto at = random.between(1s, 9s);
    add(scenario, FaultKind::kill_postgres, at, {}, any_node(random));
    add(scenario, FaultKind::cut_pair, random.between(1s, 9s), random.between(200ms, 1500ms),
        any_node(random), any_node(random));
  }
}

}  // namespace

void standbys_that_come_and_go_beside_a_slow_etcd(Scenario& scenario, Random& random) {
  begin(scenario, random.chance(0.5) ? ha::SyncMode::on : ha::SyncMode::quorum, 4s);
  add(scenario, FaultKind::etcd_slow, 1s, 10s);
  come_and_go(scenario, random);
}

void standbys_that_come_and_go_beside_lost_replies(Scenario& scenario, Random& random) {
  begin(scenario, random.chance(0.5) ? ha::SyncMode::on : ha::SyncMode::quorum, 4s);
  add(scenario, FaultKind::etcd_lost_replies, 1s, 10s);
  come_and_go(scenario, random);
}

// Its lease runs out while etcd does not answer, and is there still when it does again.
void a_leader_that_demotes_and_comes_back(Scenario& scenario, Random& random) {
  begin(scenario, random.chance(0.5) ? ha::SyncMode::on : ha::SyncMode::quorum, 2s);
  add(scenario, FaultKind::etcd_outage, random.between(1s, 3s), random.between(1500ms, 3s));
}

// One voter acknowledges, the other one is behind; then the primary ends, and the lock is free at once.
void a_voter_that_lags_in_quorum_mode(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::quorum, 2s);
  const auto at = random.between(2s, 4s);
  const int slow = any_node(random);
  add(scenario, FaultKind::slow_link, at - 1500ms, 3s, the_leader, slow);
  if (random.chance(0.5)) add(scenario, FaultKind::freeze_agent, at - 100ms, 3s, any_node(random));
  add(scenario, random.chance(0.5) ? FaultKind::kill_postgres : FaultKind::crash_host, at, 12s);
}

void voters_that_lag_in_quorum_mode(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::quorum, 2s);
  scenario.shape.nodes = 5;
  scenario.shape.tags.assign(5, ha::Tags{});
  scenario.shape.rates.resize(5, 1.0);
  const auto at = random.between(2s, 4s);
  const int quick = static_cast<int>(random.below(5));
  for (int node = 0; node < 5; ++node) {
    if (node != quick) add(scenario, FaultKind::slow_link, at - 1500ms, 3s, the_leader, node);
  }
  add(scenario, FaultKind::freeze_agent, at - 500ms, 6s, quick);
  add(scenario, FaultKind::crash_host, at, 12s);
}

void lost_replies_in_an_election(Scenario& scenario, Random& random) {
  begin(scenario, ha::SyncMode::off, 2s);
  const auto at = random.between(1s, 3s);
  add(scenario, FaultKind::crash_host, at, 12s);
  add(scenario, FaultKind::etcd_lost_replies, at + 1s, 5s);
}

}  // namespace holdfast::sim::provoke
