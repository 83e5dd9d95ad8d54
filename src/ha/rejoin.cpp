#include "ha/rejoin.hpp"

namespace holdfast::ha {

Rejoin plan_rejoin(const Server& server, const std::optional<TimelineHistory>& leader) {
  if (!leader || server.timeline == 0) return Rejoin::unknown;
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
