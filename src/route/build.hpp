#pragma once

#include <map>

#include "route/events.hpp"
#include "route/gate.hpp"
#include "route/health.hpp"

namespace holdfast::route {

struct BuilderOptions {
  GateOptions gate;
  bool polled = false;             // CheckSeen events and no proofs: a cluster run by Patroni
  milliseconds silent_after = 2s;  // without a heartbeat for so long a replica gets no new clients
  HealthOptions health;            // polled
};

// Turns what a discovery tells into the table of the moment. Feed it every event and every wake_at(); after
// each call table() is what the workers shall have.
class Builder {
 public:
  explicit Builder(BuilderOptions options) : options_{options}, gate_{options.gate} {}

  void apply(const Event& event, BootInstant now);
  void on_time(BootInstant now);

  const Table& table() const { return table_; }
  std::optional<BootInstant> wake_at() const;

 private:
  struct Known {
    Member member;
    bool listed = false;
    bool synchronous = false;
    std::optional<HeartbeatSeen> heartbeat;  // the newest; nullopt: none, or its stream broke
    std::string silence;                     // why there is none
    std::optional<CheckSeen> check;
    Health primary_health;
    Health replica_health;
  };

  void on(const ClusterSeen& seen, BootInstant now);
  void on(const WatchLost& lost, BootInstant now);
  void on(const HeartbeatSeen& seen, BootInstant now);
  void on(const HeartbeatLost& lost, BootInstant now);
  void on(const CheckSeen& seen, BootInstant now);

  Known& known(const std::string& name);
  GateView current_gate() const;
  Server server_of(const Known& known, BootInstant now) const;
  void describe_heartbeat(const Known& known, BootInstant now, Server& server) const;
  void describe_check(const Known& known, Server& server) const;
  void note_primary_position(const GateView& gate);
  void rebuild(BootInstant now);

  BuilderOptions options_;
  Gate gate_;
  std::map<std::string, Known> known_;
  Lsn primary_position_;  // the last that a primary told
  Table table_;
};

}  // namespace holdfast::route
