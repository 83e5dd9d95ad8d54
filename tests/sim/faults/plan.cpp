#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/faults/fault.hpp"

namespace holdfast::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(FaultKind::count_)> names{
    "kill_postmaster",   "kill_postgres",     "fail_starts",   "freeze_postgres", "crash_agent",
    "freeze_agent",      "stop_agent",        "crash_host",    "suspend_host",    "pause_vm",
    "isolate_host",      "cut_etcd",          "cut_one_way",   "cut_pair",        "cut_heartbeats",
    "cut_proxy",         "slow_link",         "lossy_link",    "etcd_outage",     "etcd_slow",
    "etcd_slow_replies", "etcd_lost_replies", "etcd_election", "etcd_wipe",       "switchover",
    "switchover_to",     "manual_failover",   "configure",     "cancel_waits"};

constexpr SimTime plan_length = 14s;

std::string host_text(int host) {
  return host == the_leader ? "the leader" : "pg" + std::to_string(host + 1);
}

// Long outages are rarer than short ones.
SimTime draw_length(Random& random) {
  if (random.chance(0.35)) return random.between(100ms, 1500ms);
  return random.between(1500ms, random.chance(0.3) ? SimTime{15s} : SimTime{6s});
}

Fault draw_fault(Random& random, int nodes, FaultKind kind) {
  Fault fault;
  fault.kind = kind;
  fault.at = random.between(0ms, plan_length);
  fault.lasts = draw_length(random);
  fault.host =
      random.chance(0.6) ? the_leader : static_cast<int>(random.below(static_cast<std::size_t>(nodes)));
  fault.other = static_cast<int>(random.below(static_cast<std::size_t>(nodes)));
  fault.number = static_cast<int>(random.below(6));
  return fault;
}

Plan draw_gentle_plan(Random& random, int nodes) {
  constexpr std::array kinds{FaultKind::etcd_slow, FaultKind::cut_heartbeats, FaultKind::crash_agent,
                             FaultKind::etcd_election};
  Plan plan;
  plan.is_gentle = true;
  Fault fault = draw_fault(random, nodes, kinds[random.below(kinds.size())]);
  // Restarted within the lease; a slow etcd still answers within the request's deadline.
  if (fault.kind == FaultKind::crash_agent) fault.lasts = random.between(20ms, 600ms);
  fault.number = 0;
  plan.faults.push_back(fault);
  return plan;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  return names[static_cast<std::size_t>(kind)];
}

std::string configuration(int number) {
  switch (number) {
    case 0:
      return R"({"synchronous_mode":false,"synchronous_mode_strict":false,"synchronous_node_count":1})";
    case 1:
      return R"({"synchronous_mode":true,"synchronous_mode_strict":true,"synchronous_node_count":1})";
    case 2:
      return R"({"synchronous_mode":true,"synchronous_mode_strict":false,"synchronous_node_count":2})";
    case 3:
      return R"({"synchronous_mode":"quorum","synchronous_mode_strict":false,"synchronous_node_count":1})";
    case 4:
      return R"({"synchronous_mode":"quorum","synchronous_mode_strict":true,"synchronous_node_count":2})";
    default:
      return R"({"synchronous_mode":true,"synchronous_mode_strict":false,"synchronous_node_count":1})";
  }
}

std::string Fault::text() const {
  const auto who = host_text(host);
  const auto seconds = fmt::format("{:.3f} s", std::chrono::duration<double>{lasts}.count());
  switch (kind) {
    case FaultKind::kill_postmaster:
      return fmt::format("kill the postmaster of {}; its backends linger", who);
    case FaultKind::kill_postgres:
      return fmt::format("kill all processes of PostgreSQL on {}", who);
    case FaultKind::fail_starts:
      return fmt::format("the next {} starts of PostgreSQL on {} fail, and it is killed", number + 1, who);
    case FaultKind::freeze_postgres:
      return fmt::format("stop PostgreSQL on {} with SIGSTOP for {}", who, seconds);
    case FaultKind::crash_agent:
      return fmt::format("kill the agent of {}; it is restarted after {}", who, seconds);
    case FaultKind::freeze_agent:
      return fmt::format("stop the agent of {} with SIGSTOP for {}", who, seconds);
    case FaultKind::stop_agent:
      return fmt::format("end the agent of {} with SIGTERM; it is started again {} later", who, seconds);
    case FaultKind::crash_host:
      return fmt::format("switch the host of {} off for {}", who, seconds);
    case FaultKind::suspend_host:
      return fmt::format("suspend the host of {} for {}", who, seconds);
    case FaultKind::pause_vm:
      return fmt::format("pause the virtual machine of {}, and its clock, for {}", who, seconds);
    case FaultKind::isolate_host:
      return fmt::format("cut {} off from everybody for {}", who, seconds);
    case FaultKind::cut_etcd:
      return fmt::format("cut {} off from etcd for {}", who, seconds);
    case FaultKind::cut_one_way:
      return fmt::format("lose everything from {} to {} for {}", who, host_text(other), seconds);
    case FaultKind::cut_pair:
      return fmt::format("cut the link between {} and {} for {}", who, host_text(other), seconds);
    case FaultKind::cut_heartbeats:
      return fmt::format("lose the heartbeats between {} and {} for {}", who, host_text(other), seconds);
    case FaultKind::cut_proxy:
      return fmt::format("cut a proxy off from etcd and all servers but {} for {}", who, seconds);
    case FaultKind::slow_link:
      return fmt::format("slow the link between {} and {} for {}", who, host_text(other), seconds);
    case FaultKind::lossy_link:
      return fmt::format("lose a third of all packets of {} for {}", who, seconds);
    case FaultKind::etcd_outage:
      return fmt::format("etcd does not answer for {}, then elects a leader", seconds);
    case FaultKind::etcd_slow:
      return fmt::format("etcd is slow for {}", seconds);
    case FaultKind::etcd_slow_replies:
      return fmt::format("etcd's replies are up to 0.9 s late for {}", seconds);
    case FaultKind::etcd_lost_replies:
      return fmt::format("every other reply of etcd is lost for {}", seconds);
    case FaultKind::etcd_election:
      return "etcd elects another leader: every lease starts again";
    case FaultKind::etcd_wipe:
      return "etcd's data is wiped";
    case FaultKind::switchover:
      return "the operator asks for a switchover, to anybody";
    case FaultKind::switchover_to:
      return fmt::format("the operator asks for a switchover to {}", host_text(other));
    case FaultKind::manual_failover:
      return fmt::format("the operator orders a failover to {}", host_text(other));
    case FaultKind::configure:
      return fmt::format("the operator writes the configuration {}", configuration(number));
    case FaultKind::cancel_waits:
      return fmt::format("every wait for a standby on {} is cancelled", who);
    case FaultKind::count_:
      break;
  }
  return {};
}

Plan draw_plan(Random& random, int nodes) {
  if (random.chance(0.06)) return draw_gentle_plan(random, nodes);
  Plan plan;
  const std::size_t count = 1 + random.below(random.chance(0.3) ? 7 : 4);
  for (std::size_t i = 0; i < count; ++i) {
    auto kind = static_cast<FaultKind>(random.below(static_cast<std::size_t>(FaultKind::count_)));
    if (kind == FaultKind::etcd_wipe && !random.chance(0.25)) kind = FaultKind::kill_postgres;
    plan.faults.push_back(draw_fault(random, nodes, kind));
  }
  // Half of the plans crowd their faults together: what hurts is the second fault before the first has
  // healed.
  if (random.chance(0.5)) {
    const auto first = plan.faults.front().at;
    for (auto& fault : plan.faults) fault.at = first + (fault.at - SimTime{}) / 5;
  }
  std::sort(plan.faults.begin(), plan.faults.end(),
            [](const Fault& a, const Fault& b) { return std::pair{a.at, a.kind} < std::pair{b.at, b.kind}; });
  return plan;
}

}  // namespace holdfast::sim
