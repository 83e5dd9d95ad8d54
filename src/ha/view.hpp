#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/epoch.hpp"
#include "base/instant.hpp"
#include "base/lsn.hpp"
#include "base/timeline.hpp"
#include "ha/memory.hpp"

// Everything that one node's judgement may look at. The shell (agent or simulator) fills it afresh for each
// decision: a failed observation is absent, never a stale copy.
namespace holdfast::ha {

using Name = std::string;  // a member's name

enum class SyncMode { off, on, quorum };

// What decide() needs of the dynamic configuration; keys and defaults as in Patroni, `leader_ttl` and below
// are ours.
struct Settings {
  milliseconds ttl = 30s;
  milliseconds loop_wait = 10s;
  milliseconds retry_timeout = 10s;
  std::int64_t maximum_lag_on_failover = 1'048'576;  // bytes
  std::int64_t maximum_lag_on_syncnode = -1;         // bytes; <= 0: off
  milliseconds primary_start_timeout = 300s;
  SyncMode synchronous_mode = SyncMode::off;
  bool synchronous_mode_strict = false;
  std::size_t synchronous_node_count = 1;
  bool pause = false;
  bool use_pg_rewind = false;
  bool remove_data_directory_on_rewind_failure = false;
  bool remove_data_directory_on_diverged_timelines = false;
  milliseconds leader_ttl = 4s;  // time to live of the lease under the leader lock
  milliseconds heartbeat_interval = 100ms;
  milliseconds standby_drop_after =
      400ms;                       // silence after which a synchronous standby is no longer waited for
  double clock_drift_max = 0.001;  // rho: how much faster or slower than real time a clock may run

  bool operator==(const Settings&) const = default;
};

struct Tags {
  bool nofailover = false;
  bool nosync = false;
  int failover_priority = 1;
  int sync_priority = 1;
  Name replicatefrom;

  bool may_lead() const { return !nofailover && failover_priority > 0; }
  bool may_be_sync() const { return !nosync && sync_priority > 0; }
  bool operator==(const Tags&) const = default;
};

enum class DirectoryState {
  unknown,     // not looked at yet, or it can't be read
  empty,       // absent or empty: may be filled
  ready,       // a whole cluster of a version that we run
  incomplete,  // our own clone, bootstrap or rewind was interrupted in it (EC-68, EC-72)
  foreign,     // files that are not ours to touch, or another major version
};

enum class ServerState {
  stopped,   // no process of this data directory is left
  crashed,   // the postmaster is gone without our doing; backends may linger and still acknowledge (kill them
             // first)
  starting,  // the postmaster runs but does not accept connections yet
  running,
};

// A row of pg_stat_replication matched to a member by role, slot and address, not by application_name alone
// (EC-61).
struct Standby {
  Name member;
  bool streaming = false;
  bool confirmed =
      false;  // counts as synchronous and has flushed past the LSN at which the setting became active (EC-52)
  Lsn flushed;
  std::optional<BootInstant> stalled_since;  // it has not acknowledged WAL that we have flushed since then

  bool operator==(const Standby&) const = default;
};

// What a primary waits for before it acknowledges a commit (synchronous_standby_names): that `count` of these
// standbys have flushed it. No names, or a count of 0: nothing.
struct SynchronousNames {
  std::vector<Name> names;  // sorted
  std::size_t count = 0;
  bool any = false;  // ANY k (...), as in quorum mode; else k (...): the same when k are all of them

  bool operator==(const SynchronousNames&) const = default;
  auto operator<=>(const SynchronousNames&) const = default;
};

// Our own PostgreSQL, as last observed.
struct Server {
  DirectoryState directory = DirectoryState::unknown;
  std::string directory_problem;  // a sentence, when directory is unknown, foreign or incomplete
  std::string system_id;          // empty: unknown
  ServerState state = ServerState::stopped;
  bool in_recovery = true;  // running or starting: as a standby. stopped: it was last a standby
  bool responsive =
      true;  // the fresh-connection and write probes answered within their deadlines (EC-110, EC-41)
  bool cleanly_stopped = false;  // stopped: pg_control says "shut down" or "shut down in recovery"
  Timeline timeline = 0;
  std::optional<TimelineHistory> history;  // of `timeline`, from our own pg_wal; nullopt: not known
  Timeline newest_history = 0;  // newest in pg_wal as PostgreSQL looks for it: promoted, it takes the next
  Lsn position;            // primary: flushed. standby: max(received, replayed). stopped: last checkpoint
  bool streaming = false;  // standby: its WAL receiver streams
  Name upstream;           // standby: the member that primary_conninfo names; empty: none
  std::vector<Standby> standbys;       // primary only
  SynchronousNames synchronous_names;  // in force

  bool is_writable() const {
    return !in_recovery && (state == ServerState::running || state == ServerState::starting);
  }
  bool is_standby() const { return in_recovery && state == ServerState::running; }
  // No number up to it can be the next timeline's.
  Timeline last_used_timeline() const { return newest_history > timeline ? newest_history : timeline; }
};

// In PostgreSQL's place in strict mode while no standby can take part: commits wait (Patroni's name).
inline constexpr const char* strict_placeholder = "__patroni_strict_sync_replica_placeholder__";

// Work of the shell that takes time; one at a time.
enum class Job { none, bootstrap, start, stop, kill, promote, checkpoint, clone, rewind, set_aside };

struct JobReport {
  Job job = Job::none;
  bool ok = true;
  std::string problem;
  BootInstant ended{};
  int failures = 0;            // of this job, in a row
  bool needs_rebuild = false;  // rewind: trying again is of no use, only a new clone helps

  bool operator==(const JobReport&) const = default;
};

// A DCS write that was asked for and has not been answered yet.
struct PendingWrites {
  bool initialize = false;
  bool leader = false;  // acquire, readopt or release
  bool renewal = false;
  bool sync = false;
  // The last write of `sync` that was answered, by revision: what was seen before it says nothing of `sync`.
  std::int64_t sync_revision = 0;
  bool sync_in_doubt = false;  // a write of `sync`, maybe of an earlier process, may yet take effect
  bool failover = false;
  bool synchronous_names = false;  // not the DCS, but as short: the setting in PostgreSQL

  bool operator==(const PendingWrites&) const = default;
};

// Our own hold on the leader lock, from what the DCS answered to us alone.
struct Tenure {
  bool held = false;
  Epoch epoch;
  BootInstant deadline{};    // sent + leader_ttl * (1 - rho): we are not to be writable at or after it (EC-1)
  BootInstant renewed_at{};  // when the last successful renewal was sent

  bool is_valid(BootInstant now) const { return held && now < deadline; }
};

struct LeaderKey {
  Name name;
  std::int64_t mod_revision = 0;

  bool operator==(const LeaderKey&) const = default;
};

struct SyncKey {
  bool exists = false;
  std::int64_t mod_revision = 0;  // 0: the key is absent
  Name leader;                    // empty: synchronous mode is not active yet
  std::vector<Name> standbys;     // the voters beside the leader, sorted
  std::size_t quorum = 0;         // so many other voters must be known not to be ahead of a candidate

  bool lists(const Name& name) const;
  // A mode is in force: only its leader and its standbys may lead.
  bool is_active() const { return exists && !leader.empty(); }
  // Every acknowledged commit is on at least so many of the standbys, whichever these are. In mode `on`: on
  // all.
  std::size_t acknowledgers() const { return standbys.size() > quorum ? standbys.size() - quorum : 0; }
  bool operator==(const SyncKey&) const = default;
};

// The highest timeline number that was given out in this cluster, so that no two promotions share one.
struct TimelineKey {
  Timeline number = 0;
  std::int64_t mod_revision = 0;  // 0: the key is absent

  bool operator==(const TimelineKey&) const = default;
};

struct FailoverKey {
  Name leader;     // given: switchover. empty: manual failover
  Name candidate;  // empty: any
  std::optional<WallInstant> scheduled_at;
  std::int64_t mod_revision = 0;

  bool operator==(const FailoverKey&) const = default;
};

// A member's record in the DCS.
struct Member {
  Name name;
  bool has_data = false;    // it has a data directory of this cluster (EC-111)
  bool is_running = false;  // Patroni state "running" or "streaming"
  bool is_primary = false;
  bool awaits_checkpoint = false;  // `checkpoint_after_promote: false`: not to be rewound from yet (EC-113)
  Timeline timeline = 0;
  Tags tags;

  bool operator==(const Member&) const = default;
};

struct Cluster {
  std::int64_t revision = 0;              // of the look at the DCS
  std::optional<std::string> initialize;  // empty text: a bootstrap is in progress
  std::optional<LeaderKey> leader;
  std::vector<Member> members;
  SyncKey sync;
  std::optional<FailoverKey> failover;
  Lsn last_leader_position;    // `status.optime`
  Timeline last_timeline = 0;  // the newest that any leader is known to have had (`history`, member records)
  TimelineKey timeline;        // may be above last_timeline: a number given out and not, or not yet, used

  const Member* find(const Name& name) const;
};

// What another agent's heartbeat stream last said.
struct Peer {
  BootInstant heard_at{};
  BootInstant suspected_at{};  // silence up to then is normal (adaptive, ha/suspicion.hpp)
  bool has_data = false;       // it has a data directory of a cluster
  bool is_running = false;     // its PostgreSQL accepts connections
  bool is_writable = false;
  bool holds_lock = false;  // it says so, with lease left
  bool is_streaming = false;
  Timeline timeline = 0;
  Lsn position;
  // Its WAL ends at `position`, read after it had seen the leader lock free at this revision of the DCS: what
  // the last leader had acknowledged before is in it, if it is anywhere there. 0: it never saw that.
  std::int64_t settled_at = 0;
  Tags tags;

  bool is_heard(BootInstant now) const { return now < suspected_at; }
};

struct View {
  BootInstant now{};
  WallInstant wall_now{};
  BootInstant agent_started{};
  Name self;
  Tags tags;
  Settings settings;
  Server server;
  std::optional<Cluster> cluster;  // nullopt: the DCS is not known to be what we last saw
  Tenure tenure;
  std::map<Name, Peer> peers;
  std::vector<Name> expected_members;             // from `nodes:`; empty: unknown
  bool owns_bootstrap = false;                    // the `initialize` key in progress is ours
  std::optional<TimelineHistory> leader_history;  // of the present leader's timeline
  Job job = Job::none;
  std::optional<JobReport> last_job;
  PendingWrites pending;
  bool is_stopping = false;  // the agent was asked to end (SIGTERM)
  Memory memory;

  bool is_leader() const {
    return cluster && cluster->leader && cluster->leader->name == self && tenure.held;
  }
  const Peer* heard(const Name& name) const;  // nullptr: unknown or silent
};

}  // namespace holdfast::ha
