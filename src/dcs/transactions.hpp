#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/timeline.hpp"
#include "dcs/keys.hpp"
#include "dcs/types.hpp"

// Every write that the HA protocol makes, as a value. The failure branch reads the keys that were compared,
// so a loser sees what is there without asking again. All are safe to run twice.
namespace holdfast::dcs {

// A condition on /sync, and what to write there in the same transaction.
struct SyncGuard {
  Revision mod_revision = 0;             // as last seen; 0: the key must be absent
  std::optional<std::string> new_value;  // nullopt: leave it
};

// The highest timeline number given out: compared by its revision, and put.
struct TimelineGuard {
  Revision mod_revision = 0;  // as last seen; 0: the key must be absent
  Timeline number = 0;
};

Txn take_initialize(const Keys& keys);                            // "" when absent: the bootstrap is ours
Txn put_initialize(const Keys& keys, std::string system_id);      // "" becomes the system identifier
Txn restore_initialize(const Keys& keys, std::string system_id);  // after a wipe: only when absent (EC-7)
Txn drop_initialize(const Keys& keys);                            // a failed bootstrap: removes "" only

// Absent leader only, and the timeline number with it; with the guard the transaction fails as well when
// /sync has moved since the election. So no number is given out twice.
Txn acquire_leader(const Keys& keys, std::string name, LeaseId lease, TimelineGuard timeline,
                   std::optional<SyncGuard> sync = {});
// The holder of the lock gives itself another number.
Txn give_out_timeline(const Keys& keys, std::string leader, TimelineGuard timeline);
// The same holder moves its lock to a new lease (agent restart, ttl change: EC-18). The epoch is kept.
Txn readopt_leader(const Keys& keys, std::string name, Revision seen_mod_revision, LeaseId lease);
// Only our own lock; the final /status goes first so that no reader sees the lock free with an old position.
Txn release_leader(const Keys& keys, std::string name, std::optional<std::string> status = {});

Txn put_member(const Keys& keys, std::string_view name, std::string value, LeaseId lease);
Txn remove_member(const Keys& keys, std::string_view name);
Txn put_config(const Keys& keys, std::string text);
Txn put_config(const Keys& keys, std::string text, Revision expected);  // CAS; 0: must be absent
// Conditional on still holding the lock: a deposed primary can't move /sync (fence 2 of
// docs/how-failover-works.md).
Txn write_sync(const Keys& keys, std::string leader, std::string value, Revision expected);
Txn remove_sync(const Keys& keys, std::string leader, Revision expected);
Txn put_status(const Keys& keys, std::string leader, std::string value);
Txn put_history(const Keys& keys, std::string leader, std::string value);
Txn put_failsafe(const Keys& keys, std::string leader, std::string value);
Txn put_failover(const Keys& keys, std::string value, std::optional<Revision> expected = {});
Txn clear_failover(const Keys& keys, Revision expected);  // writes "{}", as Patroni does

// EC-11: are `txn`'s writes in place in what was read after its reply was lost? A put must be there with its
// value and lease, a deleted key must be gone. Only meaningful for a snapshot that was read linearizably
// afterwards.
bool was_applied(const Txn& txn, const Snapshot& read_afterwards);

}  // namespace holdfast::dcs
