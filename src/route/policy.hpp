#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "route/table.hpp"

namespace holdfast::route {

enum class Target { primary, replica, any, sync, named };
enum class Balance { leastconn, roundrobin, random };
std::string_view to_string(Target target) noexcept;
std::string_view to_string(Balance balance) noexcept;

// Which servers a listener's clients may get.
struct Policy {
  Target target = Target::primary;
  std::string server;  // for Target::named
  Balance balance = Balance::leastconn;
  bool primary_as_fallback = true;  // replica and sync: the primary, when no replica can serve (EC-99)
  std::optional<std::int64_t> lag_bytes_max;
  std::optional<milliseconds> lag_time_max;
};

// What a connection was given: enough to say later whether it must end.
struct Grant {
  std::string server;
  bool as_primary = false;
  Epoch epoch;    // when as_primary, with
  int store = 0;  // whose epoch it is (GateView)
};

// nullopt: it may go on. Lag never cuts (EC-122); the end of a proof, another epoch and another role do
// (EC-92).
std::optional<CutCause> must_cut(const Table& table, const Grant& grant, BootInstant now);

// Why `server` gets no new client of this policy as a replica; empty: it may.
std::string why_not_replica(const Table& table, const Server& server, const Policy& policy);

}  // namespace holdfast::route
