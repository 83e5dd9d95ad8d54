#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/epoch.hpp"
#include "base/instant.hpp"
#include "base/lsn.hpp"
#include "base/timeline.hpp"
#include "dcs/keys.hpp"
#include "dcs/types.hpp"

// What Patroni keeps in the DCS, typed (Patroni, dcs/etcd3.py). parse_cluster never fails: a malformed
// value counts as absent and is told in `problems`. print_* give the exact bytes that Patroni would write.
namespace holdfast::dcs {

struct LeaderLock {
  std::string name;
  Revision create_revision = 0;
  Revision mod_revision = 0;
  LeaseId lease;

  bool operator==(const LeaderLock&) const = default;
};

// The `holdfast` object of a member's record. Absent for Patroni members.
struct HoldfastRecord {
  Epoch epoch;                // leader only: the epoch of the lock it holds
  int rules = 0;              // version of the HA rules that it follows
  std::string heartbeat_url;  // where its heartbeat stream is served
  boost::json::object other;  // fields we don't know

  bool operator==(const HoldfastRecord&) const = default;
};

struct Member {
  std::string name;
  Revision mod_revision = 0;
  LeaseId lease;
  std::string conn_url, api_url, state, role, version, proxy_url;
  std::optional<bool> checkpoint_after_promote;
  boost::json::object tags;
  bool pending_restart = false;
  boost::json::object pending_restart_reason;
  std::optional<Lsn> xlog_location, receive_lsn, replay_lsn;
  std::string replication_state;
  Timeline timeline = 0;
  boost::json::object scheduled_restart;
  bool pause = false;
  std::optional<HoldfastRecord> holdfast;
  boost::json::object other;  // fields we don't know: kept, printed last

  bool operator==(const Member&) const = default;
};

struct Initialize {
  std::string system_id;  // empty: a bootstrap is in progress
  Revision mod_revision = 0;

  bool is_in_progress() const { return system_id.empty(); }
  bool operator==(const Initialize&) const = default;
};

struct Config {
  std::string text;  // as stored
  boost::json::object value;
  Revision mod_revision = 0;

  bool operator==(const Config&) const = default;
};

struct SyncState {
  std::string leader;
  int quorum = 0;
  std::vector<std::string> standbys;  // `sync_standby`: sorted in print
  Revision mod_revision = 0;

  bool is_active() const { return !leader.empty(); }
  bool operator==(const SyncState&) const = default;
};

struct Status {
  std::optional<Lsn> optime;
  std::optional<std::map<std::string, Lsn>> slots;  // nullopt: the field is absent
  std::optional<std::vector<std::string>> retain_slots;
  Revision mod_revision = 0;

  bool operator==(const Status&) const = default;
};

struct HistoryEntry {
  Timeline timeline = 0;  // the one that ended
  Lsn at;
  std::string reason;
  std::optional<std::string> when;    // ISO 8601, as written
  std::optional<std::string> leader;  // who was promoted

  bool operator==(const HistoryEntry&) const = default;
};
struct History {
  std::vector<HistoryEntry> entries;
  Revision mod_revision = 0;

  bool operator==(const History&) const = default;
};

// The highest timeline number given out, in decimal. Malformed counts as 0 and keeps its revision, so that
// the next leader can replace it.
struct TimelineNumber {
  Timeline number = 0;
  Revision mod_revision = 0;

  bool operator==(const TimelineNumber&) const = default;
};

struct Failover {
  std::string leader;  // set: a switchover away from it; empty: a manual failover
  std::string member;  // the wanted candidate; empty: any
  std::optional<WallInstant> scheduled_at;
  Revision mod_revision = 0;

  bool is_empty() const { return leader.empty() && member.empty() && !scheduled_at; }
  bool operator==(const Failover&) const = default;
};

struct Cluster {
  Revision revision = 0;
  std::optional<Initialize> initialize;
  std::optional<LeaderLock> leader;
  std::vector<Member> members;  // in order of name
  std::optional<Config> config;
  std::optional<SyncState> sync;  // nullopt: the key is absent
  std::optional<Status> status;   // from the legacy `optime/leader` when `status` is absent
  std::optional<History> history;
  std::optional<TimelineNumber> timeline;
  std::optional<Failover> failover;  // present but empty ("{}") is kept: its revision is needed to replace it
  std::optional<std::map<std::string, std::string>> failsafe;  // name -> api_url
  std::vector<std::string> problems;                           // "members/pg1: not a JSON object"

  const Member* member(std::string_view name) const;
  bool operator==(const Cluster&) const = default;
};

Cluster parse_cluster(const Keys& keys, const Snapshot& snapshot);

std::string print_member(const Member& member);
std::string print_sync(const SyncState& sync);
std::string print_status(const Status& status);
std::string print_history(const History& history);
std::string print_failover(const Failover& failover);
std::string print_failsafe(const std::map<std::string, std::string>& failsafe);

// As Python's json.dumps(value, separators=(',', ':')): ASCII only, 1.5 as "1.5", key order kept.
std::string print_json(const boost::json::value& value);
// An object or nothing. Never throws; at most 32 levels deep.
std::optional<boost::json::object> parse_json_object(std::string_view text);

}  // namespace holdfast::dcs
