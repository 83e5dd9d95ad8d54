#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/lsn.hpp"
#include "base/timeline.hpp"
#include "postgres/sql.hpp"

namespace holdfast::postgres {

// A row of pg_stat_replication. LSNs can be NULL while streaming (EC-63): then they are Lsn{}.
struct ReplicationRow {
  std::string application_name;
  std::string usename;
  std::string client_addr;
  std::string state;       // startup, catchup, streaming, backup, stopping
  std::string sync_state;  // async, potential, sync, quorum
  int sync_priority = 0;
  Lsn sent, write, flush, replay;
  std::string slot_name;
  int pid = 0;

  bool operator==(const ReplicationRow&) const = default;
};

struct WalReceiver {
  std::string status;  // streaming, waiting, …
  std::string host;
  int port = 0;
  std::string slot_name;
  Timeline timeline = 0;
  Lsn flushed;

  bool operator==(const WalReceiver&) const = default;
};

struct Slot {
  std::string name;
  bool physical = true;
  bool active = false;
  bool temporary = false;
  Lsn restart_lsn;
  bool has_xmin = false;
  std::string wal_status;  // reserved, extended, unreserved, lost
  std::string database, plugin;
  Lsn confirmed_flush;

  bool operator==(const Slot&) const = default;
};

struct PendingRestart {
  std::string name, running, configured;
  bool operator==(const PendingRestart&) const = default;
};

// One moment of one server, read by one statement.
struct Status {
  bool in_recovery = true;
  int server_version = 0;
  std::string system_identifier;
  Timeline timeline = 0;     // primary: the one written; standby: received, else pg_control's
  Lsn write, flush, insert;  // primary; 0 on a standby
  Lsn receive, replay;       // standby; 0 on a primary
  // Standby: it got to the end of its own WAL, so that position() is that end. A restarted one begins with
  // what it has replayed, which may be less.
  bool has_read_all_wal = false;
  bool replay_paused = false;
  std::optional<WallInstant> last_replay;  // commit time of the last replayed transaction
  WallInstant started;
  std::optional<WalReceiver> receiver;
  std::vector<ReplicationRow> replication;
  std::vector<Slot> slots;
  std::vector<PendingRestart> pending_restart;
  std::string synchronous_standby_names;
  std::string restore_command;
  std::string primary_conninfo_host;  // of the setting, not of the receiver

  // How far this server's WAL goes: written, or the greater of received and replayed.
  Lsn position() const { return in_recovery ? std::max(receive, replay) : write; }
  bool operator==(const Status&) const = default;
};

std::string status_query(int server_version);
Result<Status> parse_status(const Rows& rows);

// What probing with a fresh connection and a write found out (EC-41, EC-110).
enum class Health {
  healthy,       // connected, and wrote if primary
  starting,      // up, not accepting connections yet (57P03)
  stopping,      // is shutting down
  no_slots,      // all connections taken, ours too (53300): never counted as death
  cannot_write,  // answers, but a write fails: disk full, read-only file system
  hung,          // accepts, or should, but does not answer in time
  login_failed,  // our own password or pg_hba is wrong: a human must act
  gone,          // nothing listens
};
std::string_view to_string(Health health);

struct Probe {
  Health health = Health::gone;
  std::string text;  // in words; empty when healthy
  bool in_recovery = true;
  Lsn flush;  // of a primary, after the write
  nanoseconds took{};
};

}  // namespace holdfast::postgres
