#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/lsn.hpp"
#include "route/table.hpp"

// What a discovery tells the routing table. Every instant is this machine's.
namespace holdfast::route {

struct Member {
  std::string name;
  std::string host;
  std::uint16_t port = 0;
  bool noloadbalance = false;

  bool operator==(const Member&) const = default;
};

// The leader key as the DCS shows it. The epoch lies between its creation and its last modification (a
// takeover modifies it, so does a holder who moves it to another lease, keeping the epoch).
struct LeaderKey {
  std::string name;
  Epoch epoch_min;
  Epoch epoch_max;

  bool operator==(const LeaderKey&) const = default;
};

// Which store the DCS is, and how far its history had got. Told in the order in which it was read: of one
// store the revision never goes back (etcd: a linearizable read sees everything that was seen before it).
struct StoreSeen {
  std::uint64_t id = 0;       // of the etcd cluster; 0: not known
  std::int64_t revision = 0;  // 0: not known

  bool operator==(const StoreSeen&) const = default;
};

// The DCS watch is alive and shows this.
struct ClusterSeen {
  std::vector<Member> members;
  std::optional<LeaderKey> leader;
  std::vector<std::string> synchronous;  // members of /sync besides the leader
  StoreSeen store;
};

// The DCS watch is dead: what it showed may no longer be so.
struct WatchLost {};

// An agent's answer on its heartbeat stream.
struct HeartbeatSeen {
  std::string server;
  BootInstant sent_at{};  // when the nonce that it answers left us; the epoch of BootInstant: it answers none
  BootInstant received_at{};
  Role role = Role::unknown;
  Epoch epoch;  // of its lock, when it is primary
  nanoseconds lease_remaining{};
  bool running = false;  // PostgreSQL accepts connections
  bool draining = false;
  Timeline timeline = 0;
  Lsn position;  // written, on a primary; replayed, on a replica
  std::optional<milliseconds> replay_age;
  std::string why;  // when not running
};

// The stream from this agent broke.
struct HeartbeatLost {
  std::string server;
  std::string why;
};

// One round of health checks of a Patroni member (discovery by polling).
struct CheckSeen {
  Member server;
  bool primary_ok = false;
  bool replica_ok = false;
  bool synchronous = false;
  Timeline timeline = 0;
  Lsn position;
  std::string check;  // "L7OK/200", "L4CON", …
  std::string why;    // of a failure
};

using Event = std::variant<ClusterSeen, WatchLost, HeartbeatSeen, HeartbeatLost, CheckSeen>;

}  // namespace holdfast::route
