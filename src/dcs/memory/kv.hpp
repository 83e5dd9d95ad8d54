#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "dcs/types.hpp"

namespace holdfast::dcs {

// etcd's key-value store and lessor as a deterministic value: no clock, no thread, no randomness; copyable.
// Time only comes in as `now`. What the simulator, the unit tests and memory_async/store.hpp run on.
class Kv {
 public:
  struct Options {
    std::uint64_t cluster_id = 1;
    milliseconds ttl_min = 1s;  // etcd raises shorter leases to 1.5 election timeouts, rounded up to seconds
  };
  Kv() = default;
  explicit Kv(Options options) : options_{options} {}

  // Errc::lease_lost: a put names a lease that does not exist (nothing was written).
  // Errc::invalid_argument: a branch writes one key twice.
  Result<TxnResult> apply(const Txn& txn, BootInstant now);
  Snapshot range(std::string_view prefix) const;

  LeaseId grant(milliseconds ttl, BootInstant now);
  Result<milliseconds> keepalive(LeaseId lease, BootInstant now);  // Errc::lease_lost
  Result<void> revoke(LeaseId lease);                              // Errc::lease_lost
  // Removes what hangs on leases that ended by `now`. Nothing ends before it is called: etcd scans every 0.5
  // s, so when is the caller's choice. An overdue lease can still be kept alive until then, as in etcd.
  void expire(BootInstant now);
  std::optional<BootInstant> next_expiry() const;
  std::optional<milliseconds> ttl_of(LeaseId lease) const;

  // Events under `prefix` from revision `from` on, whole transactions; empty when there are none yet.
  // Errc::compacted: `from` is older than what is kept.
  Result<WatchBatch> events_since(std::string_view prefix, Revision from) const;
  void compact(Revision up_to);

  // etcd elects another leader: the term grows and every lease starts again with its full ttl (EC-108).
  void elect(BootInstant now);
  // The data directory is gone: empty, revisions start again, another cluster (EC-7, EC-8).
  void wipe();

  Revision revision() const { return revision_; }
  std::uint64_t raft_term() const { return raft_term_; }
  std::uint64_t cluster_id() const { return options_.cluster_id; }

 private:
  struct Lease {
    milliseconds ttl{};
    BootInstant ends{};
  };
  bool holds(const Compare& compare) const;
  void put(const Put& put, Revision at);
  void remove(const std::string& key, Revision at);
  void remove_keys_of(LeaseId lease);

  Options options_;
  std::map<std::string, KeyValue, std::less<>> entries_;
  std::map<LeaseId, Lease> leases_;
  std::deque<WatchEvent> log_;  // in order of revision
  Revision revision_ = 1;
  Revision compacted_ = 0;  // events up to here are gone
  std::int64_t next_lease_ = 1;
  std::uint64_t raft_term_ = 2;
};

}  // namespace holdfast::dcs
