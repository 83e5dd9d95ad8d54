#pragma once

#include <optional>
#include <span>
#include <string>

#include "route/policy.hpp"

namespace holdfast::route {

// What the balancer needs besides the table. `used[i]` is how many connections table.servers[i] has.
struct Load {
  std::span<const std::int64_t> used;
  std::int64_t server_maxconn = 0;  // 0: no limit
};

// One listener's memory in one worker.
struct Cursor {
  std::uint64_t next = 0;  // round robin's position; start workers at different places
};

struct Pick {
  std::optional<std::size_t> server;  // index into table.servers
  Grant grant;                        // when there is a server
  bool is_full = false;               // without a server: some could serve, but each is at its maxconn
  std::string why;                    // without a server, in words
};

// Chooses the server for one new client. `skip` (names) are servers that just refused this client; `random`
// is any number from the caller's generator.
Pick pick(const Table& table, const Policy& policy, const Load& load, Cursor& cursor,
          std::span<const std::string> skip, std::uint64_t random, BootInstant now);

}  // namespace holdfast::route
