#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/timeline.hpp"
#include "ha/view.hpp"

namespace holdfast::sim {

using WriteId = std::uint64_t;

// The log is a list of records of one size; a record's id tells it from every other record ever written.
struct Record {
  WriteId id = 0;
  Timeline timeline = 0;

  bool operator==(const Record&) const = default;
};
inline constexpr std::uint64_t record_bytes = 8192;
inline constexpr WriteId first_record_of_a_server = 1ULL << 40;  // below: writes of clients

inline Lsn lsn_of(std::size_t records) {
  return Lsn{records * record_bytes};
}
inline std::size_t records_of(Lsn lsn) {
  return static_cast<std::size_t>(lsn.value / record_bytes);
}

// What is on the disk of a node, and survives everything but a clone.
struct DataDirectory {
  ha::DirectoryState state = ha::DirectoryState::empty;
  std::string problem;
  std::string system_id;
  std::vector<Record> wal;
  std::size_t flushed = 0;  // records that survive a crash
  Timeline timeline = 0;
  std::vector<TimelineSwitch> ancestors;
  bool is_standby = false;        // standby.signal
  bool cleanly_stopped = false;   // pg_control
  std::size_t checkpoint = 0;     // where the last checkpoint record begins
  Timeline control_timeline = 0;  // of that checkpoint: what pg_rewind looks at (EC-113)

  TimelineHistory history() const { return {timeline, ancestors}; }
  bool has(WriteId id) const;
};

// How many records from the start two logs have in common.
std::size_t common_records(const DataDirectory& a, const DataDirectory& b);

// May a walreceiver with this log stream from a walsender with that one? PostgreSQL's own test: the start
// position must lie on the sender's history and not past its end. (Two timelines of one number and different
// content pass it, and the stream then breaks at the first record whose back link is wrong: nullopt with
// `broken`.)
enum class StreamStart { ok, past_fork, ahead, other_system, broken };
StreamStart may_stream(const DataDirectory& receiver, const DataDirectory& sender);

}  // namespace holdfast::sim
