#include "postgres/control_data.hpp"

#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "postgres/children.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {
namespace {

using Lines = std::map<std::string, std::string, std::less<>>;

constexpr std::array states{
    std::pair{"starting up", ClusterState::starting_up},
    std::pair{"shut down", ClusterState::shut_down},
    std::pair{"shut down in recovery", ClusterState::shut_down_in_recovery},
    std::pair{"shutting down", ClusterState::shutting_down},
    std::pair{"in crash recovery", ClusterState::in_crash_recovery},
    std::pair{"in archive recovery", ClusterState::in_archive_recovery},
    std::pair{"in production", ClusterState::in_production},
};

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    lines.emplace(line.substr(0, colon), value == std::string_view::npos ? "" : line.substr(value));
  }
  return lines;
}

std::string text_of(const Lines& lines, std::string_view key) {
  const auto found = lines.find(key);
  return found == lines.end() ? "" : found->second;
}

template <class Number>
Number number_of(const Lines& lines, std::string_view key) {
  const std::string text = text_of(lines, key);
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Lsn lsn_of(const Lines& lines, std::string_view key) {
  return parse_lsn(text_of(lines, key)).value_or(Lsn{});
}

ClusterState state_of(const std::string& text) {
  for (const auto& [name, state] : states) {
    if (text == name) return state;
  }
  return ClusterState::unknown;
}

Result<void> check_complete(const Lines& lines, const ControlData& control) {
  const auto missing = [](std::string_view what) {
    return fail(Errc::bad_message, "pg_controldata printed no usable \"" + std::string{what} + "\"");
  };
  if (control.state == ClusterState::unknown) return missing("Database cluster state");
  if (control.system_identifier.empty()) return missing("Database system identifier");
  if (!control.checkpoint) return missing("Latest checkpoint location");
  if (control.timeline == 0) return missing("Latest checkpoint's TimeLineID");
  if (!lines.contains("Data page checksum version")) return missing("Data page checksum version");
  return {};
}

}  // namespace

std::string_view to_string(ClusterState state) {
  for (const auto& [name, value] : states) {
    if (value == state) return name;
  }
  return "unknown";
}

Result<ControlData> parse_control_data(std::string_view text) {
  const Lines lines = split(text);
  ControlData control;
  control.state = state_of(text_of(lines, "Database cluster state"));
  control.system_identifier = text_of(lines, "Database system identifier");
  control.checkpoint = lsn_of(lines, "Latest checkpoint location");
  control.redo = lsn_of(lines, "Latest checkpoint's REDO location");
  control.timeline = number_of<Timeline>(lines, "Latest checkpoint's TimeLineID");
  control.prev_timeline = number_of<Timeline>(lines, "Latest checkpoint's PrevTimeLineID");
  control.min_recovery_end = lsn_of(lines, "Minimum recovery ending location");
  control.min_recovery_timeline = number_of<Timeline>(lines, "Min recovery ending loc's timeline");
  control.backup_start = lsn_of(lines, "Backup start location");
  control.end_of_recovery_required = lsn_of(lines, "Backup end location");
  control.checksums = number_of<int>(lines, "Data page checksum version") != 0;
  control.wal_log_hints = text_of(lines, "wal_log_hints setting") == "on";
  control.wal_level = text_of(lines, "wal_level setting");
  control.max_connections = number_of<int>(lines, "max_connections setting");
  control.max_worker_processes = number_of<int>(lines, "max_worker_processes setting");
  control.max_wal_senders = number_of<int>(lines, "max_wal_senders setting");
  control.max_prepared_transactions = number_of<int>(lines, "max_prepared_xacts setting");
  control.max_locks_per_transaction = number_of<int>(lines, "max_locks_per_xact setting");
  control.track_commit_timestamp = text_of(lines, "track_commit_timestamp setting") == "on";
  if (const int size = number_of<int>(lines, "Bytes per WAL segment"); size > 0) control.segment_bytes = size;
  if (auto complete = check_complete(lines, control); !complete) return tl::unexpected(complete.error());
  return control;
}

awaitable<Result<ControlData>> read_control_data(Options options) {
  auto child = child_of(options, {program(options, "pg_controldata"), "-D", options.data_dir});
  auto output = co_await async::run_child(std::move(child), 10s);
  if (!output) co_return fail("reading pg_control of " + options.data_dir, output.error());
  if (!output->status.ok()) {
    co_return fail(Errc::process_failed,
                   "reading pg_control of " + options.data_dir + ": " + last_lines(output->text));
  }
  co_return parse_control_data(output->text);
}

StoppedAt stopped_at(const ControlData& control) {
  // A primary ends with its shutdown checkpoint; a standby's WAL was replayed at least up to the minimum
  // recovery point.
  if (control.state == ClusterState::shut_down) return {control.timeline, control.checkpoint};
  if (control.min_recovery_end && control.min_recovery_end >= control.checkpoint) {
    const auto timeline =
        control.min_recovery_timeline != 0 ? control.min_recovery_timeline : control.timeline;
    return {timeline, control.min_recovery_end};
  }
  return {control.timeline, control.checkpoint};
}

}  // namespace holdfast::postgres
