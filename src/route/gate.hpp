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
//
// Epochs compare within one store. When etcd was wiped, restored or replaced (EC-7, EC-8: another cluster id,
// or revisions that went back, which no store does), the gate closes, what was open is cut as epoch_passed,
// and the epochs begin anew: it opens only for an answer to a question asked since. A restored store may show
// a lock of long ago, so there the holder of a lock older than our first sight of the store must also be on
// no earlier timeline than the primary served before; a lock taken under our eyes is new and needs no more.
class Gate {
 public:
  explicit Gate(GateOptions options) : options_{options} {}

  // `store` not known: the same as before.
  void on_cluster(const std::optional<LeaderKey>& leader, BootInstant now, StoreSeen store = {});
  void on_watch_lost(BootInstant now);
  void on_heartbeat(const HeartbeatSeen& heartbeat, BootInstant now);
  void on_time(BootInstant now);

  const GateView& view() const { return view_; }
  std::optional<BootInstant> wake_at() const;  // when on_time() is due

  // The instant at which this answer stops being a proof.
  BootInstant proof_end(const HeartbeatSeen& heartbeat) const;

 private:
  bool is_another_store(const std::optional<LeaderKey>& leader, const StoreSeen& store) const;
  void note_store(const std::optional<LeaderKey>& leader, const StoreSeen& store);
  void begin_anew(const StoreSeen& store, BootInstant now);
  void decide(BootInstant now);
  bool may_stay(BootInstant now);
  void try_open(BootInstant now);
  std::string why_not(const HeartbeatSeen& claim, BootInstant now) const;
  std::string why_not_epoch(const HeartbeatSeen& claim) const;
  void close(CutCause cause, std::string why);

  GateOptions options_;
  GateView view_;
  bool watching_ = false;
  std::optional<LeaderKey> leader_;  // as last seen; trusted only while watching_

  // Of the present store; forgotten with it.
  Epoch epoch_min_;          // nothing below it is served again
  std::string last_leader_;  // survives the key's absence
  Epoch last_leader_max_;
  StoreSeen store_;   // as last seen
  Epoch newest_min_;  // the highest epoch_min of a key that store_ has shown

  int stores_passed_ = 0;                         // the next opening's GateView::store
  BootInstant asked_after_{};                     // answers to earlier questions belong to the store before
  std::int64_t first_revision_ = 0;               // of the present store in our sight
  Timeline timeline_min_ = 0;                     // that of the primary served last under the store before
  Timeline timeline_served_ = 0;                  // that of the primary served last
  std::map<std::string, HeartbeatSeen> answers_;  // the newest by sent_at, one a server
};

}  // namespace holdfast::route
