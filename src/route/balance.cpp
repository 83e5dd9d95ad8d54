#include "route/balance.hpp"

#include <algorithm>
#include <vector>

namespace holdfast::route {
namespace {

using Indexes = std::vector<std::size_t>;

// The server of the open gate, when it is in the table.
Indexes the_primary(const Table& table, BootInstant now) {
  if (!table.gate.takes_new(now)) return {};
  const auto* server = table.find(table.gate.primary);
  if (!server || !server->serving || server->role != Role::primary) return {};
  return {static_cast<std::size_t>(server - table.servers.data())};
}

Indexes the_replicas(const Table& table, const Policy& policy) {
  Indexes found;
  for (std::size_t i = 0; i < table.servers.size(); ++i) {
    if (why_not_replica(table, table.servers[i], policy).empty()) found.push_back(i);
  }
  return found;
}

Indexes candidates(const Table& table, const Policy& policy, BootInstant now) {
  if (policy.target == Target::primary) return the_primary(table, now);
  auto found = the_replicas(table, policy);
  const bool wants_all = policy.target == Target::any || policy.target == Target::named;
  if (wants_all || (found.empty() && policy.primary_as_fallback)) {
    std::ranges::copy(the_primary(table, now), std::back_inserter(found));
  }
  if (policy.target == Target::named) {
    std::erase_if(found, [&](std::size_t i) { return table.servers[i].name != policy.server; });
  }
  return found;
}

std::size_t least_used(const Indexes& from, const Load& load, std::size_t start) {
  auto best = from[start % from.size()];
  for (std::size_t step = 1; step < from.size(); ++step) {
    const auto other = from[(start + step) % from.size()];
    if (load.used[other] < load.used[best]) best = other;
  }
  return best;
}

std::size_t choose(const Indexes& from, Balance balance, const Load& load, Cursor& cursor,
                   std::uint64_t random) {
  const auto turn = static_cast<std::size_t>(cursor.next++);
  switch (balance) {
    case Balance::roundrobin:
      return from[turn % from.size()];
    case Balance::leastconn:
      return least_used(from, load, turn);  // ties go round
    case Balance::random:
      break;
  }
  // The better of two draws (Mitzenmacher): near the best balance, without a herd on the least loaded.
  const auto a = from[(random & 0xffffffff) % from.size()];
  const auto b = from[(random >> 32) % from.size()];
  return load.used[b] < load.used[a] ? b : a;
}

std::string why_nobody(const Table& table, const Policy& policy) {
  if (policy.target == Target::primary) return "no primary: " + table.gate.why;
  if (policy.target == Target::named) return "server " + policy.server + " can't serve";
  return "no replica can serve" + (policy.primary_as_fallback ? ", and no primary: " + table.gate.why : "");
}

}  // namespace

Pick pick(const Table& table, const Policy& policy, const Load& load, Cursor& cursor,
          std::span<const std::string> skip, std::uint64_t random, BootInstant now) {
  auto from = candidates(table, policy, now);
  if (from.empty()) return {.why = why_nobody(table, policy)};
  std::erase_if(from,
                [&](std::size_t i) { return std::ranges::find(skip, table.servers[i].name) != skip.end(); });
  if (from.empty()) return {.why = "every server that could serve refused the connection"};
  std::erase_if(
      from, [&](std::size_t i) { return load.server_maxconn > 0 && load.used[i] >= load.server_maxconn; });
  if (from.empty()) return {.is_full = true, .why = "every server that could serve is at its maxconn"};
  const auto index = choose(from, policy.balance, load, cursor, random);
  const auto& server = table.servers[index];
  const bool as_primary = server.role == Role::primary || server.name == table.gate.primary;
  route::Grant grant{.server = server.name, .as_primary = as_primary};
  if (as_primary) {
    grant.epoch = table.gate.epoch;
    grant.store = table.gate.store;
  }
  return {.server = index, .grant = std::move(grant)};
}

}  // namespace holdfast::route
