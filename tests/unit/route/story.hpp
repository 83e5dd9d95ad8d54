#pragma once

#include "route/build.hpp"

// Small words for tests of routing: a cluster of pg1..pgN told by heartbeats.
namespace holdfast::route::testing {

inline BootInstant at(nanoseconds since_start) {
  return BootInstant{} + 1h + since_start;
}

inline LeaderKey leader(std::string name, std::int64_t epoch) {
  return {.name = std::move(name), .epoch_min = {epoch}, .epoch_max = {epoch}};
}

inline ClusterSeen cluster(std::optional<LeaderKey> key,
                           std::vector<std::string> names = {"pg1", "pg2", "pg3"}) {
  ClusterSeen seen{.leader = std::move(key)};
  for (const auto& name : names) seen.members.push_back({.name = name, .host = "127.0.0.1", .port = 5432});
  return seen;
}

// The etcd cluster `id`, read at `revision`.
inline StoreSeen store(std::uint64_t id, std::int64_t revision) {
  return {.id = id, .revision = revision};
}

inline HeartbeatSeen primary(std::string name, std::int64_t epoch, nanoseconds sent, nanoseconds lease = 4s) {
  return {.server = std::move(name),
          .sent_at = at(sent),
          .received_at = at(sent),
          .role = Role::primary,
          .epoch = {epoch},
          .lease_remaining = lease,
          .running = true,
          .timeline = 1,
          .position = Lsn{5000}};
}

inline HeartbeatSeen replica(std::string name, nanoseconds sent, Lsn replayed = Lsn{5000}) {
  return {.server = std::move(name),
          .sent_at = at(sent),
          .received_at = at(sent),
          .role = Role::replica,
          .running = true,
          .timeline = 1,
          .position = replayed};
}

}  // namespace holdfast::route::testing
