#include "ha/rejoin.hpp"

#include <algorithm>

namespace holdfast::ha {
namespace {

bool same_fork(const TimelineSwitch& a, const TimelineSwitch& b) {
  return a.timeline == b.timeline && a.at == b.at;
}

// Two members that were promoted from one timeline both made the next one, from different ends of it: the
// number is the same, the WAL is not.
bool is_other_timeline(const std::optional<TimelineHistory>& ours, const TimelineHistory& leader) {
  if (!ours || ours->timeline > leader.timeline) return false;
  const auto& a = ours->ancestors;
  const auto& b = leader.ancestors;
  const auto end =
      std::find_if(b.begin(), b.end(), [&](const auto& fork) { return fork.timeline >= ours->timeline; });
  return !std::equal(a.begin(), a.end(), b.begin(), end, same_fork);
}

}  // namespace

Rejoin plan_rejoin(const Server& server, const std::optional<TimelineHistory>& leader) {
  if (!leader || server.timeline == 0) return Rejoin::unknown;
  // pg_rewind compares histories, but first the numbers: when they are equal it does nothing.
  if (is_other_timeline(server.history, *leader))
    return server.timeline == leader->timeline ? Rejoin::rebuild : Rejoin::rewind;
  if (server.timeline == leader->timeline) return Rejoin::carry_on;
  const auto end = leader->end_of(server.timeline);
  if (!end) return Rejoin::rewind;
  const bool was_primary = server.state == ServerState::stopped && !server.in_recovery;
  if (!was_primary) return server.position <= *end ? Rejoin::carry_on : Rejoin::rewind;
  // A crashed primary's last position is unknown until it has recovered: pg_rewind does that, and finds out.
  if (!server.cleanly_stopped) return Rejoin::rewind;
  // `position` is where its shutdown checkpoint record begins: the leader has that record only if it forked
  // past it.
  return server.position < *end ? Rejoin::carry_on : Rejoin::rewind;
}

}  // namespace holdfast::ha
