#include "agent/metrics.hpp"

namespace holdfast::agent {

namespace {

std::vector<double> short_times() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
}
std::vector<double> long_times() {
  return {0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300};
}

}  // namespace

Metrics::Metrics(Registry& registry)
    : lease_remaining{registry.gauge("holdfast_leader_lease_remaining_seconds",
                                     "Time to our own leader lease deadline; 0 without the lock.")},
      epoch{registry.gauge("holdfast_epoch", "Epoch of the leader lock that we hold or last saw.")},
      lease_renewals{
          registry.counter("holdfast_leader_lease_renewals_total", "Renewals of our leader lease.")},
      lease_renewal_failures{registry.counter("holdfast_leader_lease_renewal_failures_total",
                                              "Renewals of our leader lease that failed.")},
      promotions{registry.counter("holdfast_promotions_total", "Promotions of this member.")},
      demotions{registry.counter("holdfast_demotions_total", "Demotions of this member.")},
      failovers{
          registry.counter("holdfast_failovers_total", "Promotions of this member that nobody had planned.")},
      switchovers{registry.counter("holdfast_switchovers_total", "Planned promotions of this member.")},
      decisions{registry.counter("holdfast_decisions_total", "Decisions of the HA core.")},
      decision_changes{registry.counter("holdfast_decision_changes_total",
                                        "Decisions whose reason differs from the one before.")},
      decision_seconds{registry.histogram("holdfast_decision_seconds", "From observing to having decided.",
                                          short_times())},
      promote_seconds{registry.histogram("holdfast_promote_seconds",
                                         "From taking the leader lock to accepting writes.", long_times())},
      dcs_seconds{
          registry.histogram("holdfast_dcs_request_seconds", "Round trips to the DCS.", short_times())},
      dcs_failures{
          registry.counter("holdfast_dcs_request_failures_total", "Requests to the DCS that failed.")},
      heartbeats_sent{
          registry.counter("holdfast_heartbeats_sent_total", "Heartbeats sent to peers and proxies.")},
      heartbeats_received{
          registry.counter("holdfast_heartbeats_received_total", "Heartbeats received from peers.")},
      heartbeat_losses{
          registry.counter("holdfast_heartbeat_losses_total", "Heartbeat streams from peers that broke.")},
      heartbeat_subscribers{registry.gauge("holdfast_heartbeat_subscribers",
                                           "Peers and proxies that listen to our heartbeats.")},
      heartbeat_peers{registry.gauge("holdfast_heartbeat_peers", "Peers whose heartbeats we hear now.")},
      rest_requests{registry.counter("holdfast_rest_requests_total", "Requests to the REST API.")},
      rest_refusals{registry.counter("holdfast_rest_refusals_total",
                                     "Requests to the REST API answered 401 or 403.")} {}

}  // namespace holdfast::agent
