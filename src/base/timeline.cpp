#include "base/timeline.hpp"

#include <charconv>
#include <limits>

namespace holdfast {

std::optional<Lsn> TimelineHistory::end_of(Timeline ancestor) const {
  if (ancestor == timeline) return Lsn{std::numeric_limits<std::uint64_t>::max()};
  for (const auto& entry : ancestors) {
    if (entry.timeline == ancestor) return entry.at;
  }
  return std::nullopt;
}

Result<TimelineHistory> parse_timeline_history(Timeline timeline, std::string_view text) {
  TimelineHistory history{.timeline = timeline, .ancestors = {}};
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos || line[start] == '#') continue;
    line.remove_prefix(start);
    TimelineSwitch entry;
    const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), entry.timeline);
    if (error != std::errc{})
      return fail(Errc::bad_message, "timeline history: no timeline in '" + std::string{line} + "'");
    line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
    const auto lsn_start = line.find_first_not_of(" \t");
    if (lsn_start == std::string_view::npos)
      return fail(Errc::bad_message, "timeline history: no switch point");
    line.remove_prefix(lsn_start);
    const auto lsn_end = line.find_first_of(" \t\r");
    const auto at = parse_lsn(line.substr(0, lsn_end));
    if (!at) return fail("timeline history", at.error());
    entry.at = *at;
    if (lsn_end != std::string_view::npos) {
      const auto reason = line.find_first_not_of(" \t", lsn_end);
      if (reason != std::string_view::npos) entry.reason = std::string{line.substr(reason)};
    }
    if (!history.ancestors.empty() && history.ancestors.back().timeline >= entry.timeline) {
      return fail(Errc::bad_message, "timeline history: timelines do not rise");
    }
    if (entry.timeline >= timeline)
      return fail(Errc::bad_message, "timeline history: an ancestor is not older");
    history.ancestors.push_back(std::move(entry));
  }
  return history;
}

}  // namespace holdfast
