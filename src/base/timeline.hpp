#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/lsn.hpp"
#include "base/result.hpp"

namespace holdfast {

// A PostgreSQL timeline ID; 0 is "unknown".
using Timeline = std::uint32_t;
// More than any cluster has ever had: a number above it is somebody's mistake, and not counted on from.
inline constexpr Timeline timeline_max = 1'000'000;

// Where one timeline ended and its child began: a line of a NNNNNNNN.history file.
struct TimelineSwitch {
  Timeline timeline = 0;  // the parent
  Lsn at;                 // the parent's last valid position
  std::string reason;

  bool operator==(const TimelineSwitch&) const = default;
};

// The ancestry of a timeline, oldest first (PostgreSQL docs, "Timelines"). Empty for timeline 1.
struct TimelineHistory {
  Timeline timeline = 0;
  std::vector<TimelineSwitch> ancestors;

  bool operator==(const TimelineHistory&) const = default;

  // The end of `ancestor` within this history: no position past it belongs to us. nullopt: not an ancestor.
  // For `timeline` itself: no end yet, the largest Lsn.
  std::optional<Lsn> end_of(Timeline ancestor) const;
};

// Reads the text of a history file for `timeline` ("1\t0/5000000\tno recovery target specified\n…").
Result<TimelineHistory> parse_timeline_history(Timeline timeline, std::string_view text);

}  // namespace holdfast
