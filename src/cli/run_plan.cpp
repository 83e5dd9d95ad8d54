#include "cli/run_plan.hpp"

#include <algorithm>

namespace holdfast::cli {
namespace {

bool needs_root(const config::Config& config, config::Role role) {
  if (role == config::Role::vip) return true;  // raw sockets, addresses, real-time priority
  if (role != config::Role::proxy) return false;
  const auto is_low = [](int port) { return port > 0 && port < 1024; };
  return is_low(config.proxy.stats.listen.port) ||
         std::ranges::any_of(config.proxy.listeners,
                             [&](const auto& listener) { return is_low(listener.bind.port); });
}

milliseconds stop_limit(const config::Config& config, config::Role role) {
  // PostgreSQL may need a long shutdown checkpoint, and then the hand-over.
  if (role == config::Role::agent) return 2 * config.postgresql.pg_ctl_timeout + 60s;
  return 30s;
}

RolePlan plan_role(const config::Config& config, const RunFacts& facts, config::Role role, int stop_turn) {
  RolePlan plan{.name = role_name(role),
                .argv = {facts.program, role_name(role)},
                .env = {},
                .user = facts.os_user,
                .stop_turn = stop_turn,
                .stop_limit = stop_limit(config, role)};
  if (!facts.config_file.empty()) plan.argv.insert(plan.argv.end(), {"-c", facts.config_file});
  if (!facts.node.empty()) plan.argv.insert(plan.argv.end(), {"--node", facts.node});
  for (const auto& [name, value] : facts.environment) {
    if (name.starts_with("PATRONI_") || name.starts_with("HOLDFAST_")) plan.env[name] = value;
  }
  plan.env["HOLDFAST_SUPERVISED"] = "1";
  if (needs_root(config, role)) plan.user.reset();
  return plan;
}

}  // namespace

const char* role_name(config::Role role) {
  switch (role) {
    case config::Role::agent:
      return "agent";
    case config::Role::proxy:
      return "proxy";
    case config::Role::vip:
      return "vip";
    case config::Role::etcd:
      return "etcd";
  }
  return "";
}

std::vector<RolePlan> plan_roles(const config::Config& config, const RunFacts& facts) {
  std::vector<RolePlan> plans;
  int stop_turn = stop_turns - 1;
  for (const auto role : {config::Role::etcd, config::Role::agent, config::Role::proxy, config::Role::vip}) {
    if (config.has(role)) plans.push_back(plan_role(config, facts, role, stop_turn));
    --stop_turn;
  }
  return plans;
}

}  // namespace holdfast::cli
