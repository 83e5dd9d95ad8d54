#include "drill/plan.hpp"

#include <algorithm>

namespace holdfast::drill {

const std::vector<Plan>& plans() {
  static const std::vector<Plan> all{
      {.name = "kill-postgres", .summary = "kill -9 of the primary's postmaster", .victim = Victim::postgres},
      {.name = "kill-node",
       .summary = "kill -9 of every process of the primary's node: agent, etcd member and PostgreSQL",
       .victim = Victim::node,
       .returns_alone = false},
      {.name = "freeze-agent",
       .summary = "SIGSTOP of the primary's agent, PostgreSQL left running; woken later",
       .victim = Victim::agent,
       .deed = Deed::freeze,
       .undo = Deed::thaw},
      {.name = "freeze-postgres",
       .summary = "SIGSTOP of the primary's PostgreSQL, agent left running; woken later",
       .victim = Victim::postgres,
       .deed = Deed::freeze,
       .undo = Deed::thaw},
      {.name = "freeze-node",
       .summary = "SIGSTOP of everything on the primary's node, as a paused virtual machine; woken later",
       .victim = Victim::node,
       .deed = Deed::freeze,
       .undo = Deed::thaw},
      {.name = "isolate",
       .summary = "the primary's host is cut off from the network, and joined again later",
       .victim = Victim::node,
       .deed = Deed::isolate,
       .undo = Deed::rejoin,
       .needs_command = true},
      {.name = "cut-etcd",
       .summary = "the etcd member on the primary's host hangs; woken later",
       .whom = Whom::primary_host_etcd,
       .victim = Victim::etcd,
       .deed = Deed::freeze,
       .undo = Deed::thaw},
      {.name = "kill-etcd",
       .summary = "kill -9 of the etcd member on the primary's host",
       .whom = Whom::primary_host_etcd,
       .victim = Victim::etcd},
      {.name = "switchover", .summary = "a planned switchover, asked for through the REST API"},
      {.name = "kill-proxy",
       .summary = "kill -9 of the proxy that clients use; they go on at the other",
       .whom = Whom::proxy,
       .victim = Victim::proxy},
      {.name = "kill-proxy-host",
       .summary = "the host that has the floating address is lost: every process killed, its network gone",
       .whom = Whom::vip_holder,
       .victim = Victim::node,
       .returns_alone = false},
      {.name = "stop-vip",
       .summary = "an orderly stop of the role vip that has the floating address; it is started again",
       .whom = Whom::vip_holder,
       .victim = Victim::vip,
       .deed = Deed::stop},
      {.name = "freeze-vip",
       .summary = "SIGSTOP of the role vip that has the floating address; woken later",
       .whom = Whom::vip_holder,
       .victim = Victim::vip,
       .deed = Deed::freeze,
       .undo = Deed::thaw},
      {.name = "restart-agent",
       .summary = "kill -9 of the primary's agent; it is started again, and nobody should notice",
       .victim = Victim::agent}};
  return all;
}

const Plan* find_plan(std::string_view name) {
  const auto found =
      std::find_if(plans().begin(), plans().end(), [&](const Plan& p) { return p.name == name; });
  return found == plans().end() ? nullptr : &*found;
}

std::optional<std::string> victim_of(const Plan& plan, const Observation& seen) {
  if (plan.whom == Whom::vip_holder || plan.whom == Whom::proxy) {
    if (const auto* holder = seen.vip_holder()) return holder->name;
    if (plan.whom == Whom::vip_holder) return {};
    for (const auto& proxy : seen.proxies) {
      if (proxy.answers) return proxy.name;
    }
    return {};
  }
  const auto* primary = seen.primary();
  if (primary == nullptr) return {};
  return primary->name;
}

}  // namespace holdfast::drill
