#pragma once

#include <functional>
#include <string>

#include "async/asio.hpp"
#include "base/timeline.hpp"
#include "postgres/control_data.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

enum class RewindOutcome {
  rewound,           // ready to be configured as a standby and started
  not_needed,        // pg_rewind found the same timeline
  source_not_ready,  // the source is in recovery, or has not checkpointed since its promotion: try again soon
                     // (EC-113)
  rebuild_needed,    // can't be rewound, or broke half-way: clone again
};

struct Rewound {
  RewindOutcome outcome = RewindOutcome::rebuild_needed;
  std::string text;  // why, for people
};

struct RewindOptions {
  std::function<void(std::string_view line)> on_line;
  milliseconds limit = std::chrono::hours{4};
};

// Brings a stopped, diverged data directory to `source`'s history. Preconditions are checked first and are
// reported as outcomes. An Error means that nothing was changed (the source could not be asked, for
// instance).
awaitable<Result<Rewound>> rewind(Options options, Upstream source, RewindOptions how);

// Does it need rewinding at all? (EC-64) `local`: where this stopped server's WAL ends; `history`: the
// source's.
enum class Divergence { none, diverged, ahead_of_source };
Divergence divergence(StoppedAt local, Timeline source_timeline, const TimelineHistory& source_history);

struct SourceState {
  std::string system_identifier;
  Timeline timeline = 0;
  Lsn position;
  TimelineHistory history;
};
// IDENTIFY_SYSTEM and TIMELINE_HISTORY through the replication protocol.
awaitable<Result<SourceState>> ask_source(Options options, Upstream source);

}  // namespace holdfast::postgres
