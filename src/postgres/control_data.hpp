#pragma once

#include <string_view>

#include "async/asio.hpp"
#include "base/lsn.hpp"
#include "base/timeline.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

// "Database cluster state" of pg_control.
enum class ClusterState {
  unknown,
  starting_up,
  shut_down,              // cleanly, as a primary
  shut_down_in_recovery,  // cleanly, as a standby
  shutting_down,
  in_crash_recovery,
  in_archive_recovery,
  in_production,  // running, or crashed while it ran
};
std::string_view to_string(ClusterState state);

// What pg_controldata prints, as far as decisions need it.
struct ControlData {
  ClusterState state = ClusterState::unknown;
  std::string system_identifier;
  Lsn checkpoint;  // "Latest checkpoint location"
  Lsn redo;
  Timeline timeline = 0;  // of the latest checkpoint
  Timeline prev_timeline = 0;
  Lsn min_recovery_end;  // a standby may not be opened before it
  Timeline min_recovery_timeline = 0;
  Lsn backup_start;  // set while a base backup has not reached consistency
  Lsn end_of_recovery_required;
  bool checksums = false;
  bool wal_log_hints = false;
  std::string wal_level;
  int max_connections = 0;
  int max_worker_processes = 0;
  int max_wal_senders = 0;
  int max_prepared_transactions = 0;
  int max_locks_per_transaction = 0;
  bool track_commit_timestamp = false;
  int segment_bytes = 16 * 1024 * 1024;

  bool is_clean() const {
    return state == ClusterState::shut_down || state == ClusterState::shut_down_in_recovery;
  }
  bool can_rewind() const { return checksums || wal_log_hints; }
  bool operator==(const ControlData&) const = default;
};

// Parses the output of `LC_ALL=C pg_controldata`. Errc::bad_message when a line that decisions need is
// missing.
Result<ControlData> parse_control_data(std::string_view text);

// Runs pg_controldata. Errc::io_error/process_failed: pg_control can't be read; the caller gives up
// leadership (EC-112).
awaitable<Result<ControlData>> read_control_data(Options options);

// The largest LSN and its timeline that a stopped server has, as pg_control tells (EC-64).
struct StoppedAt {
  Timeline timeline = 0;
  Lsn lsn;
};
StoppedAt stopped_at(const ControlData& control);

}  // namespace holdfast::postgres
