#pragma once

#include "base/metrics.hpp"

namespace holdfast::agent {

// The agent's own metrics, beside the Patroni-named ones that GET /metrics renders from the RestView. The
// agent feeds them; labels scope and name come from the Registry.
struct Metrics {
  explicit Metrics(Registry& registry);

  Gauge lease_remaining;  // seconds to our lease deadline; 0 without the lock
  Gauge epoch;            // of the lock we hold, or last saw
  Counter lease_renewals;
  Counter lease_renewal_failures;
  Counter promotions;
  Counter demotions;
  Counter failovers;         // promotions that nobody planned
  Counter switchovers;       // planned ones
  Counter decisions;         // times that the HA core was asked
  Counter decision_changes;  // times that its reason changed
  Histogram decision_seconds;
  Histogram promote_seconds;  // from taking the lock to writable
  Histogram dcs_seconds;      // round trips to the DCS
  Counter dcs_failures;
  Counter heartbeats_sent;
  Counter heartbeats_received;
  Counter heartbeat_losses;  // streams that broke
  Gauge heartbeat_subscribers;
  Gauge heartbeat_peers;  // peers heard now
  Counter rest_requests;
  Counter rest_refusals;  // 401 and 403
};

}  // namespace holdfast::agent
