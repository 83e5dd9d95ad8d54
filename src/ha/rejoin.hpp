#pragma once

#include <string_view>

#include "ha/view.hpp"

namespace holdfast::ha {

enum class Rejoin {
  carry_on,  // its WAL is a prefix of the leader's: start it and stream
  rewind,    // it has WAL that the leader does not have
  rebuild,   // both made the timeline that the leader is on: pg_rewind would see no difference
  unknown,   // the leader's history is not known yet
};

// How a server whose WAL ends at its position fits the present leader's history (EC-20, EC-64): by timeline
// ancestry and LSN together, never by "it was a primary".
Rejoin plan_rejoin(const Server& server, const std::optional<TimelineHistory>& leader);

}  // namespace holdfast::ha
