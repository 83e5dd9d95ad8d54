#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/epoch.hpp"
#include "base/instant.hpp"
#include "base/lsn.hpp"
#include "base/result.hpp"
#include "base/timeline.hpp"

// What an agent tells its peers and the proxies about itself, many times a second, past the DCS.
// One line of JSON each; fields that the reader doesn't know are ignored, absent
// ones have the defaults below, so that versions can be mixed.
namespace holdfast::heartbeat {

// Patroni's words for the role of a member; "master" is read as primary.
enum class Role { unknown, uninitialized, replica, primary, standby_leader, demoted, promoted };
std::string_view to_string(Role role);
Role role_of(std::string_view word);

struct Tags {
  bool noloadbalance = false;
  bool nofailover = false;
  bool nosync = false;
  bool clonefrom = false;
  int failover_priority = 1;
  int sync_priority = 1;
  std::string replicatefrom;

  bool operator==(const Tags&) const = default;
};

struct Heartbeat {
  std::string member;
  std::string scope;
  std::string system_id;       // database system identifier; empty: not known yet
  std::string version;         // of Holdfast
  std::uint64_t sequence = 0;  // counts this agent's heartbeats since it started, over all subscribers
  std::uint64_t nonce = 0;     // of the question that this answers; 0: pushed unasked, proves nothing

  Role role = Role::unknown;
  std::string state;     // Patroni's words: "running", "starting", "crashed", …
  bool running = false;  // PostgreSQL accepts connections
  std::string why;       // when not running: the cause, for people
  std::string host;      // where clients connect (postgresql.connect_address)
  std::uint16_t port = 0;

  Epoch epoch;                      // of the lock that this member holds; none: it holds none
  milliseconds lease_remaining{0};  // to the holder's own deadline at the moment of sending; 0: no valid lock
  std::string leader_hint;          // whom this member believes to be the leader
  bool draining = false;            // a planned switchover runs: hold new transactions
  bool sync_standby = false;        // named in /sync
  bool pause = false;               // maintenance mode

  Timeline timeline = 0;
  Lsn write_lsn;                  // primary: flushed WAL
  Lsn receive_lsn;                // standby
  Lsn replay_lsn;                 // standby
  std::int64_t settled_at = 0;    // standby: ha::Peer::settled_at, a revision of the DCS
  std::string replication_state;  // standby: "streaming", "in archive recovery", …
  std::optional<milliseconds>
      replay_lag;  // standby: age of what is replayed; 0 when all that came is replayed
  Tags tags;

  bool holds_lock() const { return epoch && lease_remaining.count() > 0; }
  bool operator==(const Heartbeat&) const = default;
};

// The longest line of either side, its end included; a longer one is Errc::too_large.
inline constexpr std::size_t line_bytes_max = 8 * 1024;

// With the final '\n'. Overlong texts (`state`, `why`, …) are cut so that the line keeps its limit.
std::string print_heartbeat(const Heartbeat& heartbeat);
// One line without its '\n'. Errc::bad_message: not an object, a field of the wrong type or out of range, no
// member.
Result<Heartbeat> parse_heartbeat(std::string_view line);

// The subscriber's side: "answer this, at once". Nonces rise, from 1.
std::string print_question(std::uint64_t nonce);
Result<std::uint64_t> parse_question(std::string_view line);

// Cuts one line (without its end) off the front of `input`; nullopt: not all of it has come. Errc::too_large.
Result<std::optional<std::string>> take_line(std::string& input);

}  // namespace holdfast::heartbeat
