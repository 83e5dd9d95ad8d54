#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "ha/view.hpp"

// What a node can decide to do. Each action is idempotent; jobs and writes report through the next View.
namespace holdfast::ha {

// Writes to the DCS (pending in View::pending until answered).
struct TakeInitialize {
  auto operator<=>(const TakeInitialize&) const = default;
};  // create `initialize` = ""
struct DropInitialize {
  auto operator<=>(const DropInitialize&) const = default;
};  // our bootstrap failed
// Take the free lock; also compares `sync`'s revision, and writes it when `writes_sync` (leader: self). With
// it comes a timeline number: `timeline` is compared by its revision and put.
struct AcquireLeader {
  std::int64_t sync_revision = 0;
  bool writes_sync = false;
  Timeline timeline = 0;  // the one to promote to; of a member that is primary already: the newest known
  std::int64_t timeline_revision = 0;
  auto operator<=>(const AcquireLeader&) const = default;
};
// The key already names us: move it to a lease of this process, keeping the epoch (restarted agent, lost
// lease).
struct ReadoptLeader {
  std::int64_t leader_revision = 0;
  auto operator<=>(const ReadoptLeader&) const = default;
};
struct RenewLease {
  auto operator<=>(const RenewLease&) const = default;
};
// As the holder of the lock: another timeline number, because that in the key is used or unknown there.
struct GiveOutTimeline {
  Timeline number = 0;
  std::int64_t expected_revision = 0;
  auto operator<=>(const GiveOutTimeline&) const = default;
};
struct ReleaseLeader {
  auto operator<=>(const ReleaseLeader&) const = default;
};
// `sync` := {leader: self, standbys, quorum}, if its revision is still this one and we still hold the lock.
struct WriteSync {
  std::vector<Name> standbys;
  std::int64_t expected_revision = 0;
  std::size_t quorum = 0;
  auto operator<=>(const WriteSync&) const = default;
};
struct DeleteSync {
  std::int64_t expected_revision = 0;
  auto operator<=>(const DeleteSync&) const = default;
};
struct ClearFailover {
  std::int64_t expected_revision = 0;
  auto operator<=>(const ClearFailover&) const = default;
};

// A setting of PostgreSQL: whom commits wait for.
struct SetSynchronousNames {
  SynchronousNames names;
  auto operator<=>(const SetSynchronousNames&) const = default;
};
// Point the running standby at this member.
struct Follow {
  Name upstream;
  auto operator<=>(const Follow&) const = default;
};

// Jobs (View::job until ended, then View::last_job).
struct Bootstrap {
  auto operator<=>(const Bootstrap&) const = default;
};  // initdb, users; leaves a stopped server
struct StartPrimary {
  auto operator<=>(const StartPrimary&) const = default;
};
struct StartStandby {
  Name upstream;  // empty: none known, serve reads only
  auto operator<=>(const StartStandby&) const = default;
};
enum class StopMode { fast, immediate };
struct StopServer {
  StopMode mode = StopMode::fast;
  auto operator<=>(const StopServer&) const = default;
};
struct KillServer {
  auto operator<=>(const KillServer&) const = default;
};  // SIGKILL the postmaster and every backend
// Sets these synchronous names first, so that the new primary never waits for the old one's standbys.
// `timeline`: the number that was given out with the lock; no other promotion ever had it.
struct Promote {
  SynchronousNames synchronous_names;
  Timeline timeline = 0;
  auto operator<=>(const Promote&) const = default;
};
struct RunCheckpoint {
  auto operator<=>(const RunCheckpoint&) const = default;
};
struct Clone {
  Name source;
  auto operator<=>(const Clone&) const = default;
};
struct Rewind {
  Name source;
  auto operator<=>(const Rewind&) const = default;
};
// Move the data directory out of the way, never delete it.
struct SetAside {
  std::string why;
  auto operator<=>(const SetAside&) const = default;
};

// The agent may end: everything it had to hand over is handed over.
struct Exit {
  auto operator<=>(const Exit&) const = default;
};

using Action = std::variant<TakeInitialize, DropInitialize, AcquireLeader, ReadoptLeader, RenewLease,
                            GiveOutTimeline, ReleaseLeader, WriteSync, DeleteSync, ClearFailover,
                            SetSynchronousNames, Follow, Bootstrap, StartPrimary, StartStandby, StopServer,
                            KillServer, Promote, RunCheckpoint, Clone, Rewind, SetAside, Exit>;

// "acquire leader", "clone from pg1": for logs and failed tests.
std::string to_string(const Action& action);

// The job that an action starts; Job::none for those that are not jobs.
Job job_of(const Action& action);

}  // namespace holdfast::ha
