#pragma once

#include <map>

#include "route/events.hpp"

namespace holdfast::route {

struct GateOptions {
  // rho: how much the rate of two clocks may differ, in parts per million. Of a lease with r left, r(1 - rho)
  // is used.
  std::int64_t drift_ppm_max = 1000;
};

// Decides whether connections to a primary may exist (design 2-ha, fence 5). It opens only when the leader
// key in the DCS and the agent's own answer agree, and stays open only until p0 + r(1 - rho), where p0 is
// when the question left us and r what the agent said is left of its lease. A dead watch can't open it; a
// live one can close it. The epoch only rises, so an old primary is never served again.
class Gate {
 public:
  explicit Gate(GateOptions options) : options_{options} {}

  void on_cluster(const std::optional<LeaderKey>& leader, BootInstant now);
  void on_watch_lost(BootInstant now);
  void on_heartbeat(const HeartbeatSeen& heartbeat, BootInstant now);
  void on_time(BootInstant now);

  const GateView& view() const { return view_; }
  std::optional<BootInstant> wake_at() const;  // when on_time() is due

  // The instant at which this answer stops being a proof.
  BootInstant proof_end(const HeartbeatSeen& heartbeat) const;

 private:
  void decide(BootInstant now);
  bool may_stay(BootInstant now);
  void try_open(BootInstant now);
  std::string why_not(const HeartbeatSeen& claim, BootInstant now) const;
  void close(CutCause cause, std::string why);

  GateOptions options_;
  GateView view_;
  bool watching_ = false;
  std::optional<LeaderKey> leader_;  // as last seen; trusted only while watching_
  Epoch epoch_min_;                  // nothing below it is served again
  std::string last_leader_;          // survives the key's absence
  Epoch last_leader_max_;
  std::map<std::string, HeartbeatSeen> answers_;  // the newest by sent_at, one a server
};

}  // namespace holdfast::route
