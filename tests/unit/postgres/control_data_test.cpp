#include "postgres/control_data.hpp"

#include <gtest/gtest.h>

namespace holdfast::postgres {
namespace {

constexpr std::string_view sample = R"(pg_control version number:            1300
Catalog version number:               202209061
Database system identifier:           7301234567890123456
Database cluster state:               shut down in recovery
pg_control last modified:             Sat 21 Nov 2026 11:00:00 AM UTC
Latest checkpoint location:           0/3000098
Latest checkpoint's REDO location:    0/3000060
Latest checkpoint's TimeLineID:       2
Latest checkpoint's PrevTimeLineID:   1
Minimum recovery ending location:     0/4000148
Min recovery ending loc's timeline:   3
Backup start location:                0/0
wal_level setting:                    replica
wal_log_hints setting:                on
max_connections setting:              130
max_worker_processes setting:         8
max_wal_senders setting:              10
max_prepared_xacts setting:           0
max_locks_per_xact setting:           64
track_commit_timestamp setting:       off
Bytes per WAL segment:                16777216
Data page checksum version:           0
)";

TEST(ControlData, is_read_from_what_pg_controldata_prints) {
  const auto control = parse_control_data(sample);
  ASSERT_TRUE(control) << to_string(control.error());
  EXPECT_EQ(control->state, ClusterState::shut_down_in_recovery);
  EXPECT_EQ(control->system_identifier, "7301234567890123456");
  EXPECT_EQ(print_lsn(control->checkpoint), "0/3000098");
  EXPECT_EQ(control->timeline, 2U);
  EXPECT_EQ(control->prev_timeline, 1U);
  EXPECT_EQ(control->min_recovery_timeline, 3U);
  EXPECT_EQ(control->max_connections, 130);
  EXPECT_FALSE(control->checksums);
  EXPECT_TRUE(control->can_rewind()) << "wal_log_hints is enough";
  EXPECT_TRUE(control->is_clean());
}

TEST(ControlData, ends_for_a_standby_where_it_had_replayed_to) {
  const auto control = parse_control_data(sample);
  ASSERT_TRUE(control);
  EXPECT_EQ(stopped_at(*control).timeline, 3U);
  EXPECT_EQ(print_lsn(stopped_at(*control).lsn), "0/4000148");
}

TEST(ControlData, ends_for_a_primary_at_its_shutdown_checkpoint) {
  auto control = parse_control_data(sample).value();
  control.state = ClusterState::shut_down;
  EXPECT_EQ(stopped_at(control).timeline, 2U);
  EXPECT_EQ(stopped_at(control).lsn, control.checkpoint);
}

TEST(ControlData, is_refused_when_any_line_that_decisions_need_is_missing) {
  for (const std::string_view line :
       {"Database cluster state", "Database system identifier", "Latest checkpoint location",
        "Latest checkpoint's TimeLineID", "Data page checksum version"}) {
    std::string text{sample};
    text.replace(text.find(line), 4, "XXXX");
    EXPECT_FALSE(parse_control_data(text)) << line;
  }
  EXPECT_FALSE(parse_control_data(""));
  EXPECT_FALSE(parse_control_data("pg_controldata: fatal: could not open file"));
}

}  // namespace
}  // namespace holdfast::postgres
