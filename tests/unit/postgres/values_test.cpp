#include <gtest/gtest.h>

#include <algorithm>

#include "postgres/base_backup.hpp"
#include "postgres/monitor.hpp"
#include "postgres/parameter_check.hpp"
#include "postgres/probe.hpp"
#include "postgres/process.hpp"
#include "postgres/rewind.hpp"
#include "postgres/rewind_steps.hpp"
#include "postgres/slots.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {
namespace {

TEST(Version, is_read_in_every_form_that_postgresql_prints) {
  EXPECT_EQ(parse_version("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n").value().number, 150020);
  EXPECT_EQ(parse_version("17beta2").value().major(), 17);
  EXPECT_EQ(parse_version("14\n").value().number, 140000);
  EXPECT_FALSE(parse_version("MySQL"));
}
TEST(Version, outside_of_13_to_18_is_refused) {
  EXPECT_TRUE(check_supported({130001}));
  EXPECT_TRUE(check_supported({180000}));
  EXPECT_EQ(check_supported({120010}).error().code, Errc::unsupported);
  EXPECT_FALSE(check_supported({190000}));
}

TEST(PidFile, is_read_whole_or_in_its_first_moments) {
  const auto whole = parse_pid_file("4711\n/data\n1700000000\n5432\n/run\n*\n  123 456\nready   \n").value();
  EXPECT_EQ(whole.pid, 4711);
  EXPECT_EQ(whole.port, 5432);
  EXPECT_EQ(whole.status, "ready");
  EXPECT_EQ(parse_pid_file("4711\n/data\n").value().status, "");
  EXPECT_FALSE(parse_pid_file(""));
  EXPECT_FALSE(parse_pid_file("1\n")) << "init is nobody's postmaster";
}

TEST(CloneProgress, is_read_from_pg_basebackup) {
  const auto progress = parse_clone_progress("  12345/67890 kB (18%), 0/1 tablespace (/data/base)").value();
  EXPECT_EQ(progress.bytes_done, 12345 * 1024);
  EXPECT_EQ(progress.bytes_total, 67890 * 1024);
  EXPECT_FALSE(parse_clone_progress("waiting for checkpoint"));
  EXPECT_FALSE(parse_clone_progress("99999999999999999999/1 kB"));
}

TEST(ArchiveCommand, has_its_placeholders_filled) {
  EXPECT_EQ(archive_command_for("cp %p /a/%f; echo 100%% %x %", "pg_wal/1", "1"),
            "cp pg_wal/1 /a/1; echo 100% %x %");
}

TEST(Refused, parameters_are_found_in_the_complaints) {
  EXPECT_EQ(parameters_named_in("LOG:  unrecognized configuration parameter \"foo\" in file\n"
                                "LOG:  invalid value for parameter \"work_mem\": \"x\"\n parameter \"open"),
            (std::set<std::string>{"foo", "work_mem"}));
}

Slot a_slot(std::string name) {
  return {.name = std::move(name), .restart_lsn = Lsn{100}, .wal_status = "reserved"};
}

TEST(Slots, of_strangers_are_never_touched) {
  WantedSlots wanted{.members = {{"pg2", {}}}, .may_drop = {"pg9"}};
  Slot logical = a_slot("pg2");
  logical.physical = false;
  Slot active = a_slot("pg9");
  active.active = true;
  EXPECT_EQ(plan_slots(wanted, {logical, active, a_slot("backup_tool")}), SlotPlan{});
}
TEST(Slots, that_are_missing_are_made_and_those_gone_are_dropped) {
  WantedSlots wanted{.members = {{"pg2", {}}}, .may_drop = {"pg9", "pg2"}};
  EXPECT_EQ(plan_slots(wanted, {a_slot("pg9")}), (SlotPlan{.create = {"pg2"}, .drop = {"pg9"}}));
}
TEST(Slots, that_lost_their_wal_are_made_anew) {
  Slot lost = a_slot("pg2");
  lost.wal_status = "lost";
  EXPECT_EQ(plan_slots({.members = {{"pg2", {}}}}, {lost}), (SlotPlan{.create = {"pg2"}, .drop = {"pg2"}}));
}
TEST(Slots, on_a_standby_advance_no_further_than_it_replayed) {
  WantedSlots wanted{.members = {{"pg2", Lsn{900}}}, .in_recovery = true, .replay = Lsn{500}};
  EXPECT_EQ(plan_slots(wanted, {a_slot("pg2")}).advance, (std::map<std::string, Lsn>{{"pg2", Lsn{500}}}));
  wanted.replay = Lsn{50};
  EXPECT_TRUE(plan_slots(wanted, {a_slot("pg2")}).empty());
  wanted.in_recovery = false;
  EXPECT_TRUE(plan_slots(wanted, {a_slot("pg2")}).empty());
}

TEST(Divergence, is_told_by_the_history_and_not_by_the_role) {
  const TimelineHistory history{.timeline = 3, .ancestors = {{1, Lsn{100}, ""}, {2, Lsn{200}, ""}}};
  EXPECT_EQ(divergence({1, Lsn{100}}, 3, history), Divergence::none);
  EXPECT_EQ(divergence({1, Lsn{101}}, 3, history), Divergence::diverged);
  EXPECT_EQ(divergence({3, Lsn{999}}, 3, history), Divergence::none);
  EXPECT_EQ(divergence({4, Lsn{1}}, 3, history), Divergence::ahead_of_source);
  EXPECT_EQ(divergence({2, Lsn{150}}, 3, {.timeline = 3, .ancestors = {{1, Lsn{100}, ""}}}),
            Divergence::diverged)
      << "a timeline that the source never was on";
}

Error sql_error(Errc code, const std::string& state) {
  return {code, "connecting: words [" + state + "]"};
}

TEST(Health, never_takes_client_exhaustion_for_death) {
  EXPECT_EQ(health_of(sql_error(Errc::refused, "53300")), Health::no_slots);
  EXPECT_EQ(health_of(sql_error(Errc::unavailable, "57P03")), Health::starting);
  EXPECT_EQ(health_of(sql_error(Errc::refused, "28P01")), Health::login_failed);
  EXPECT_EQ(health_of(sql_error(Errc::no_space, "53100")), Health::cannot_write);
  EXPECT_EQ(health_of({Errc::timed_out, "no answer"}), Health::hung);
  EXPECT_EQ(health_of({Errc::unavailable, "connection refused"}), Health::gone);
}
TEST(Health, finds_the_sqlstate_only_where_one_is) {
  EXPECT_EQ(sqlstate_of({Errc::refused, "x [28P01]"}), "28P01");
  EXPECT_EQ(sqlstate_of({Errc::refused, "]"}), "");
  EXPECT_EQ(sqlstate_of({Errc::refused, ""}), "");
}

TEST(Status, keeps_a_streaming_row_without_positions) {
  Rows rows;
  rows.columns = {"kind", "c1", "c2", "c3", "c4", "c5"};
  rows.rows = {{"server", "false", "150020", "42", "3", "0/5000000"},
               {"replication", "pg2", "r", {}, "streaming", "sync"}};
  const auto status = parse_status(rows).value();
  EXPECT_EQ(status.timeline, 3U);
  EXPECT_EQ(print_lsn(status.position()), "0/5000000");
  EXPECT_EQ(status.replication.at(0).sync_state, "sync");
  EXPECT_EQ(status.replication.at(0).flush, Lsn{});
  EXPECT_FALSE(parse_status(Rows{}));
}

}  // namespace
}  // namespace holdfast::postgres
