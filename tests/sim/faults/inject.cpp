#include <algorithm>

#include "dcs/transactions.hpp"
#include "sim/core/world.hpp"
#include "sim/faults/fault.hpp"

// How each fault is done to the world, and undone.
namespace holdfast::sim {
namespace {

constexpr nanoseconds slow_link_delay = 250ms;
constexpr nanoseconds etcd_slow_delay = 350ms;
constexpr nanoseconds etcd_late_reply = 900ms;
constexpr double loss_share = 0.33;

void end_later(World& world, SimTime lasts, Task undo) {
  world.queue.after(lasts, std::move(undo));
}

void resume_processes(World& world, Node& node) {
  node.sentinel.look(world, node);
  node.agent_process.run_waiting();
  node.postgres_process.run_waiting();
  world.wake_agent(node);
}

void crash_host(World& world, Node& node, SimTime lasts) {
  if (!node.host.is_up) return;
  node.agent.crash();
  node.host.is_up = false;
  node.postgres.kill_everything();
  end_later(world, lasts, [&world, &node] {
    node.host.is_up = true;
    node.host.is_paused = false;
    world.trace.say(world.now(), node.host.name, "the host is on again");
    node.agent.start();
  });
}

void pause_host(World& world, Node& node, SimTime lasts, bool clock_stops) {
  if (node.host.is_paused || !node.host.is_up) return;
  node.host.pause(world.now(), clock_stops);
  end_later(world, lasts, [&world, &node] {
    if (!node.host.is_paused) return;
    node.host.resume(world.now());
    world.trace.say(world.now(), node.host.name, "the host goes on");
    resume_processes(world, node);
  });
}

void crash_agent(World& world, Node& node, SimTime lasts) {
  if (node.agent_process.is_alive()) node.agent.crash();
  end_later(world, lasts, [&node] { node.agent.start(); });
}

// Starts the agent again when it has ended, as an init system would; a host's crash may have done that
// already.
void restart_agent(World& world, Node& node, int life) {
  if (!node.agent_process.is_alive()) return node.agent.start();
  if (life != node.agent_process.life()) return;
  if (!node.agent
           .was_told_to_stop()) {  // its host is suspended: the signal waits, and so does the init system
    return end_later(world, 500ms, [&world, &node, life] { restart_agent(world, node, life); });
  }
  node.agent.crash();
  world.queue.after(100ms, [&node] { node.agent.start(); });
}

void stop_agent(World& world, Node& node, SimTime lasts) {
  const int life = node.agent_process.life();
  node.agent.terminate();
  end_later(world, lasts, [&world, &node, life] { restart_agent(world, node, life); });
}

void freeze(World& world, Node& node, Process& process, SimTime lasts) {
  if (!process.is_alive()) return;
  process.pause();
  if (&process == &node.postgres_process) node.postgres_stopped_at = world.now();
  const int life = process.life();
  world.queue.after(1100ms, [&world, &node] { world.wake_agent(node); });  // the probes fail by now
  end_later(world, lasts, [&world, &node, &process, life] {
    if (process.life() != life) return;
    process.resume();
    process.run_waiting();
    world.wake_agent(node);
  });
}

void cut(World& world, int a, int b, bool both, SimTime lasts) {
  if (a == b) return;
  world.network.cut(a, b, 1);
  if (both) world.network.cut(b, a, 1);
  end_later(world, lasts, [&world, a, b, both] {
    world.network.cut(a, b, -1);
    if (both) world.network.cut(b, a, -1);
  });
}

void cut_heartbeats(World& world, int a, int b, SimTime lasts) {
  if (a == b) return;
  ++world.heartbeat_cut(a, b);
  ++world.heartbeat_cut(b, a);
  end_later(world, lasts, [&world, a, b] {
    --world.heartbeat_cut(a, b);
    --world.heartbeat_cut(b, a);
  });
}

void isolate(World& world, int host, SimTime lasts) {
  const int hosts = world.node_count() + 2 + static_cast<int>(world.proxies.size());
  for (int other = 0; other < hosts; ++other) cut(world, host, other, true, lasts);
}

void cut_proxy(World& world, int number, int but, SimTime lasts) {
  const auto place = static_cast<std::size_t>(number) % world.proxies.size();
  const int proxy = world.proxies[place]->host.index;
  cut(world, proxy, world.etcd_host(), true, lasts);
  for (int other = 0; other < world.node_count(); ++other) {
    if (other != but) cut(world, proxy, other, true, lasts);
  }
}

void lose_packets(World& world, int host, SimTime lasts) {
  const int hosts = world.node_count() + 2 + static_cast<int>(world.proxies.size());
  const auto change = [&world, host, hosts](double by) {
    for (int other = 0; other < hosts; ++other) {
      if (other == host) continue;
      world.network.lose(host, other, by);
      world.network.lose(other, host, by);
    }
  };
  change(loss_share);
  end_later(world, lasts, [change] { change(-loss_share); });
}

void slow_link(World& world, int a, int b, SimTime lasts) {
  const auto change = [&world, a, b](nanoseconds by) {
    world.network.slow(a, b, by);
    world.network.slow(b, a, by);
  };
  change(slow_link_delay);
  end_later(world, lasts, [change] { change(-slow_link_delay); });
}

void etcd_outage(World& world, SimTime lasts) {
  world.etcd.answers = false;
  end_later(world, lasts, [&world] {
    if (world.etcd.answers) return;
    world.etcd.answers = true;
    world.etcd.elect();
  });
}

void order_failover(World& world, const std::string& leader, const std::string& candidate) {
  const auto text = dcs::print_failover(dcs::Failover{.leader = leader, .member = candidate});
  static_cast<void>(
      world.etcd.kv.apply(dcs::put_failover(world.keys, text), world.etcd.host.now(world.now())));
  world.etcd.publish();
}

void configure(World& world, int number) {
  const auto txn = dcs::put_config(world.keys, configuration(number));
  static_cast<void>(world.etcd.kv.apply(txn, world.etcd.host.now(world.now())));
  world.etcd.publish();
}

void wipe(World& world) {
  world.etcd.wipe();
  world.checkers.on_wipe();
}

template <class T>
void change_for(World& world, T& value, T by, SimTime lasts) {
  value += by;
  end_later(world, lasts, [&value, by] { value -= by; });
}

void inject(World& world, const Fault& fault, int host) {
  auto& node = world.node(host);
  const int other = fault.other;
  switch (fault.kind) {
    case FaultKind::kill_postmaster:
      return node.postgres.kill_postmaster();
    case FaultKind::kill_postgres:
      return node.postgres.kill_everything();
    case FaultKind::fail_starts:
      node.failing_starts = fault.number + 1;
      return node.postgres.kill_everything();
    case FaultKind::freeze_postgres:
      return freeze(world, node, node.postgres_process, fault.lasts);
    case FaultKind::crash_agent:
      return crash_agent(world, node, fault.lasts);
    case FaultKind::freeze_agent:
      return freeze(world, node, node.agent_process, fault.lasts);
    case FaultKind::stop_agent:
      return stop_agent(world, node, fault.lasts);
    case FaultKind::crash_host:
      return crash_host(world, node, fault.lasts);
    case FaultKind::suspend_host:
      return pause_host(world, node, fault.lasts, false);
    case FaultKind::pause_vm:
      return pause_host(world, node, fault.lasts, true);
    case FaultKind::isolate_host:
      return isolate(world, host, fault.lasts);
    case FaultKind::cut_etcd:
      return cut(world, host, world.etcd_host(), true, fault.lasts);
    case FaultKind::cut_one_way:
      return cut(world, host, other, false, fault.lasts);
    case FaultKind::cut_pair:
      return cut(world, host, other, true, fault.lasts);
    case FaultKind::cut_heartbeats:
      return cut_heartbeats(world, host, other, fault.lasts);
    case FaultKind::cut_proxy:
      return cut_proxy(world, fault.number, host, fault.lasts);
    case FaultKind::slow_link:
      return slow_link(world, host, other, fault.lasts);
    case FaultKind::lossy_link:
      return lose_packets(world, host, fault.lasts);
    case FaultKind::etcd_outage:
      return etcd_outage(world, fault.lasts);
    case FaultKind::etcd_slow:
      return change_for<nanoseconds>(world, world.etcd.slower, etcd_slow_delay, fault.lasts);
    case FaultKind::etcd_slow_replies:
      return change_for<nanoseconds>(world, world.etcd.slower_reply, etcd_late_reply, fault.lasts);
    case FaultKind::etcd_lost_replies:
      return change_for(world, world.etcd.lost_replies, 0.5, fault.lasts);
    case FaultKind::etcd_election:
      return world.etcd.elect();
    case FaultKind::etcd_wipe:
      return wipe(world);
    case FaultKind::switchover:
      return order_failover(world, node.host.name, "");
    case FaultKind::switchover_to:
      return order_failover(world, node.host.name, world.name_of(other));
    case FaultKind::manual_failover:
      return order_failover(world, "", world.name_of(other));
    case FaultKind::configure:
      return configure(world, fault.number);
    case FaultKind::cancel_waits:
      return node.postgres.cancel_waits();
    case FaultKind::count_:
      return;
  }
}

}  // namespace

void schedule(World& world, const Fault& fault) {
  world.queue.at(fault.at, [&world, fault] {
    int host = fault.host;
    if (host == the_leader) host = std::max(world.leader(), 0);
    world.trace.say(world.now(), "FAULT", "{}", fault.text());
    world.trace.mix(static_cast<std::uint64_t>(fault.kind));
    inject(world, fault, host);
  });
}

}  // namespace holdfast::sim
