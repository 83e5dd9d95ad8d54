#include "postgres/monitor.hpp"

#include <charconv>

namespace holdfast::postgres {
namespace {

// One row a thing, by kind; NULL where a kind has fewer columns. Numbers, LSNs and booleans travel as text.
constexpr std::string_view query_text = R"sql(
SELECT 'server' AS kind, pg_is_in_recovery()::text AS c1, current_setting('server_version_num') AS c2,
  (SELECT system_identifier::text FROM pg_control_system()) AS c3,
  CASE WHEN pg_is_in_recovery() THEN (SELECT coalesce(
      (SELECT received_tli FROM pg_stat_wal_receiver WHERE received_tli > 0),
      (SELECT greatest(c.timeline_id, r.min_recovery_end_timeline) FROM pg_control_checkpoint() c, pg_control_recovery() r)))::text
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint::text END AS c4,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn()::text END AS c5,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_flush_lsn()::text END AS c6,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_insert_lsn()::text END AS c7,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()::text END AS c8,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END AS c9,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused()::text END AS c10,
  trunc(extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000)::bigint::text AS c11,
  trunc(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint::text AS c12,
  current_setting('synchronous_standby_names') AS c13, current_setting('restore_command') AS c14,
  substring(current_setting('primary_conninfo') FROM 'host=''?([^'' ]*)') AS c15,
  CASE WHEN pg_is_in_recovery() THEN
    (SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup' LIMIT 1) END AS c16
UNION ALL
SELECT 'receiver', status, sender_host, sender_port::text, slot_name, received_tli::text, flushed_lsn::text,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM pg_stat_wal_receiver
UNION ALL
SELECT 'replication', r.application_name, r.usename::text, host(r.client_addr), r.state, r.sync_state, r.sync_priority::text,
  r.sent_lsn::text, r.write_lsn::text, r.flush_lsn::text, r.replay_lsn::text, s.slot_name::text, r.pid::text, NULL, NULL, NULL, NULL
  FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid
UNION ALL
SELECT 'slot', slot_name::text, slot_type, active::text, temporary::text, restart_lsn::text,
  (xmin IS NOT NULL)::text, wal_status, database::text, plugin::text, confirmed_flush_lsn::text,
  NULL, NULL, NULL, NULL, NULL, NULL FROM pg_replication_slots
UNION ALL
SELECT 'restart', s.name, s.setting,
  (SELECT f.setting FROM pg_file_settings f WHERE f.name = s.name ORDER BY f.seqno DESC LIMIT 1),
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM pg_settings s WHERE s.pending_restart
)sql";

class Row {
 public:
  Row(const Rows& rows, std::size_t index) : rows_{rows}, index_{index} {}
  std::string kind() const { return rows_.text(index_, "kind"); }
  Field field(int column) const { return rows_.get(index_, "c" + std::to_string(column)); }
  std::string text(int column) const { return field(column).value_or(""); }
  bool flag(int column) const { return text(column) == "true"; }
  Lsn lsn(int column) const { return parse_lsn(text(column)).value_or(Lsn{}); }
  template <class Number = int>
  Number number(int column) const {
    const std::string value = text(column);
    Number parsed{};
    std::from_chars(value.data(), value.data() + value.size(), parsed);
    return parsed;
  }
  WallInstant moment(int column) const { return WallInstant{milliseconds{number<std::int64_t>(column)}}; }

 private:
  const Rows& rows_;
  std::size_t index_;
};

void read_server(Status& status, const Row& row) {
  status.in_recovery = row.flag(1);
  status.server_version = row.number(2);
  status.system_identifier = row.text(3);
  status.timeline = row.number<Timeline>(4);
  status.write = row.lsn(5);
  status.flush = row.lsn(6);
  status.insert = row.lsn(7);
  status.receive = row.lsn(8);
  status.replay = row.lsn(9);
  status.replay_paused = row.flag(10);
  if (row.field(11)) status.last_replay = row.moment(11);
  status.started = row.moment(12);
  status.synchronous_standby_names = row.text(13);
  status.restore_command = row.text(14);
  status.primary_conninfo_host = row.text(15);
  const auto waits_for = row.text(16);
  status.has_read_all_wal = status.receive || waits_for == "RecoveryRetrieveRetryInterval" ||
                            waits_for == "RecoveryWalStream" || waits_for == "RecoveryWalAll";
}

WalReceiver read_receiver(const Row& row) {
  return {.status = row.text(1),
          .host = row.text(2),
          .port = row.number(3),
          .slot_name = row.text(4),
          .timeline = row.number<Timeline>(5),
          .flushed = row.lsn(6)};
}

ReplicationRow read_replication(const Row& row) {
  return {.application_name = row.text(1),
          .usename = row.text(2),
          .client_addr = row.text(3),
          .state = row.text(4),
          .sync_state = row.text(5),
          .sync_priority = row.number(6),
          .sent = row.lsn(7),
          .write = row.lsn(8),
          .flush = row.lsn(9),
          .replay = row.lsn(10),
          .slot_name = row.text(11),
          .pid = row.number(12)};
}

Slot read_slot(const Row& row) {
  return {.name = row.text(1),
          .physical = row.text(2) == "physical",
          .active = row.flag(3),
          .temporary = row.flag(4),
          .restart_lsn = row.lsn(5),
          .has_xmin = row.flag(6),
          .wal_status = row.text(7),
          .database = row.text(8),
          .plugin = row.text(9),
          .confirmed_flush = row.lsn(10)};
}

}  // namespace

std::string status_query(int) {
  return std::string{query_text};
}

Result<Status> parse_status(const Rows& rows) {
  Status status;
  bool has_server = false;
  for (std::size_t index = 0; index < rows.size(); ++index) {
    const Row row{rows, index};
    const std::string kind = row.kind();
    if (kind == "server") {
      read_server(status, row);
      has_server = true;
    } else if (kind == "receiver") {
      status.receiver = read_receiver(row);
    } else if (kind == "replication") {
      status.replication.push_back(read_replication(row));
    } else if (kind == "slot") {
      status.slots.push_back(read_slot(row));
    } else if (kind == "restart") {
      status.pending_restart.push_back(
          {.name = row.text(1), .running = row.text(2), .configured = row.text(3)});
    }
  }
  if (!has_server) return fail(Errc::bad_message, "PostgreSQL told nothing about itself");
  return status;
}

std::string_view to_string(Health health) {
  switch (health) {
    case Health::healthy:
      return "healthy";
    case Health::starting:
      return "starting";
    case Health::stopping:
      return "stopping";
    case Health::no_slots:
      return "no connection slot left";
    case Health::cannot_write:
      return "cannot write";
    case Health::hung:
      return "hung";
    case Health::login_failed:
      return "login failed";
    case Health::gone:
      return "gone";
  }
  return "unknown";
}

}  // namespace holdfast::postgres
