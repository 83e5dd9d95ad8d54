#include "route/policy.hpp"

#include <fmt/format.h>

namespace holdfast::route {
namespace {

// A server on a later timeline than the primary's belongs to another history.
bool has_diverged(const Table& table, const Server& server) {
  if (table.gate.state == GateState::held) return false;
  const auto* primary = table.find(table.gate.primary);
  return primary && primary->timeline != 0 && server.timeline > primary->timeline;
}

}  // namespace

std::optional<CutCause> must_cut(const Table& table, const Grant& grant, BootInstant now) {
  const auto& gate = table.gate;
  if (grant.as_primary) {
    const bool is_its_epoch = grant.epoch == gate.epoch && grant.store == gate.store;
    if (!is_its_epoch || grant.server != gate.primary) return CutCause::epoch_passed;
    if (gate.state == GateState::held) return gate.closed_by;
    if (now >= gate.until) return CutCause::proof_expired;
    return std::nullopt;
  }
  const auto* server = table.find(grant.server);
  if (!server) return std::nullopt;  // its agent is gone; its PostgreSQL need not be
  if (server->role == Role::primary) return CutCause::role_lost;
  if (has_diverged(table, *server)) return CutCause::diverged;
  return std::nullopt;
}

std::string why_not_replica(const Table& table, const Server& server, const Policy& policy) {
  if (server.role != Role::replica) return fmt::format("it is {}", to_string(server.role));
  if (!server.serving) return server.why.empty() ? "not serving" : server.why;
  if (server.draining) return "draining";
  if (has_diverged(table, server)) return "it is on another timeline than the primary";
  if (policy.target == Target::sync && !server.synchronous) return "not synchronous";
  if (policy.target == Target::replica && server.noloadbalance) return "noloadbalance";
  // An unknown lag is not "no lag" once a bound is set.
  if (policy.lag_bytes_max && (!server.lag_bytes || *server.lag_bytes > *policy.lag_bytes_max)) return "lag";
  if (policy.lag_time_max && (!server.lag_time || *server.lag_time > *policy.lag_time_max)) return "lag";
  return {};
}

std::string_view to_string(Target target) noexcept {
  switch (target) {
    case Target::primary:
      return "primary";
    case Target::replica:
      return "replica";
    case Target::any:
      return "any";
    case Target::sync:
      return "sync";
    case Target::named:
      return "named";
  }
  return "";
}

std::string_view to_string(Balance balance) noexcept {
  switch (balance) {
    case Balance::leastconn:
      return "leastconn";
    case Balance::roundrobin:
      return "roundrobin";
    case Balance::random:
      return "random(2)";
  }
  return "";
}

}  // namespace holdfast::route
