#pragma once

#include <optional>
#include <string>

#include "base/instant.hpp"
#include "base/lsn.hpp"
#include "base/timeline.hpp"

namespace holdfast::ha {

enum class HandOver {
  none,
  checkpoint,  // a checkpoint first, so that the shutdown is short
  stop,        // announced; PostgreSQL is being stopped
  confirm,     // stopped: waiting until the candidate has all WAL
  release,     // the lock is being given up
};

// What decide() has to remember between two decisions. It is handed back in each Decision and given again in
// the next View: there is no other state, so an agent that restarts begins with Memory{}.
struct Memory {
  std::optional<BootInstant> lock_free_since;     // the leader lock is seen free since then
  std::optional<BootInstant> crashed_at;          // our primary is down without our doing since then
  std::optional<BootInstant> no_race_before;      // we gave the lock up for a reason: let others win
  std::optional<BootInstant> unresponsive_since;  // its probes go unanswered since then
  HandOver hand_over = HandOver::none;
  std::string hand_over_to;                    // the candidate; empty: whoever is best
  std::optional<BootInstant> hand_over_since;  // of the present step
  std::optional<Timeline> diverged_from;       // we stopped because our WAL left this timeline of the leader
  Timeline newest_timeline = 0;                // ever seen anywhere: what a wiped DCS has forgotten

  bool operator==(const Memory&) const = default;
};

}  // namespace holdfast::ha
