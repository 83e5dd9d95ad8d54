#pragma once

#include <algorithm>

#include "ha/view.hpp"

namespace holdfast::ha {

// The instant at which a lease asked for at `sent` must no longer be trusted: counted from before the request
// left, on a clock that may run fast by rho (EC-1).
inline BootInstant lease_deadline(BootInstant sent, milliseconds ttl, double rho) {
  return sent + std::chrono::duration_cast<nanoseconds>(ttl * (1.0 - rho));
}

// How long before the deadline we begin to stop a primary, so that it is stopped at the deadline.
inline milliseconds stop_margin(const Settings& settings) {
  return settings.leader_ttl / 4;
}

inline milliseconds renewal_interval(const Settings& settings) {
  return settings.leader_ttl / 8;
}

inline BootInstant demote_at(const Tenure& tenure, const Settings& settings) {
  return tenure.deadline - stop_margin(settings);
}

// The tenure after a look at the DCS: a key that names somebody else, or nobody, ends it. `revision` is that
// of the look: one from before we acquired the lock says nothing. The deadline stays: until then we may try
// to get it back.
inline Tenure tenure_after(Tenure tenure, const std::optional<LeaderKey>& leader, const Name& self,
                           std::int64_t revision) {
  const bool ours = leader && leader->name == self;
  if (tenure.held && !ours && revision >= tenure.epoch.value) tenure.held = false;
  return tenure;
}

}  // namespace holdfast::ha
