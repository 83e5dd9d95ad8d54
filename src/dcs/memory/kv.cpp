#include "dcs/memory/kv.hpp"

#include <algorithm>
#include <set>

#include "base/overload.hpp"

namespace holdfast::dcs {
namespace {

template <class Entries>
auto keys_under(const Entries& entries, std::string_view key, bool is_prefix) {
  std::vector<std::string> found;
  for (auto place = entries.lower_bound(key); place != entries.end(); ++place) {
    const bool matches = is_prefix ? place->first.starts_with(key) : place->first == key;
    if (!matches) break;
    found.push_back(place->first);
  }
  return found;
}

bool has_repeated_put(const std::vector<Op>& ops) {
  std::set<std::string> written;
  for (const auto& op : ops) {
    const auto* put = std::get_if<Put>(&op);
    if (put != nullptr && !written.insert(put->key).second) return true;
  }
  return false;
}

}  // namespace

bool Kv::holds(const Compare& compare) const {
  const auto place = entries_.find(compare.key);
  const bool exists = place != entries_.end();
  const KeyValue entry = exists ? place->second : KeyValue{};
  switch (compare.target) {
    case Compare::Target::create_revision:
      return entry.create_revision == compare.number;
    case Compare::Target::mod_revision:
      return entry.mod_revision == compare.number;
    case Compare::Target::version:
      return entry.version == compare.number;
    case Compare::Target::lease:
      return entry.lease.value == compare.number;
    case Compare::Target::value:
      return exists && entry.value == compare.text;
  }
  return false;
}

void Kv::put(const Put& put, Revision at) {
  auto& entry = entries_[put.key];
  if (entry.version == 0) entry.create_revision = at;
  entry.key = put.key;
  entry.value = put.value;
  entry.lease = put.lease;
  entry.mod_revision = at;
  ++entry.version;
  log_.push_back({WatchEvent::Kind::put, entry});
}

void Kv::remove(const std::string& key, Revision at) {
  if (entries_.erase(key) == 0) return;
  log_.push_back(
      {WatchEvent::Kind::removed, KeyValue{.key = key, .value = {}, .mod_revision = at, .lease = {}}});
}

Result<TxnResult> Kv::apply(const Txn& txn, BootInstant) {
  const bool holds_all =
      std::all_of(txn.compares.begin(), txn.compares.end(), [&](const auto& c) { return holds(c); });
  const auto& ops = holds_all ? txn.success : txn.failure;
  if (has_repeated_put(ops)) return fail(Errc::invalid_argument, "duplicate key given in txn request");
  for (const auto& op : ops) {
    const auto* wanted = std::get_if<Put>(&op);
    if (wanted != nullptr && wanted->lease && !leases_.contains(wanted->lease)) {
      return fail(Errc::lease_lost, "requested lease not found");
    }
  }
  TxnResult result{.succeeded = holds_all};
  const auto events_before = log_.size();
  const Revision at = revision_ + 1;
  const auto run = Overload{
      [&](const Put& wanted) { put(wanted, at); },
      [&](const Delete& removal) {
        for (const auto& key : keys_under(entries_, removal.key, removal.is_prefix)) remove(key, at);
      },
      [&](const Range& wanted) {
        for (const auto& key : keys_under(entries_, wanted.key, wanted.is_prefix)) {
          result.read.push_back(entries_.find(key)->second);
        }
      },
  };
  for (const auto& op : ops) std::visit(run, op);
  if (log_.size() != events_before) revision_ = at;
  result.revision = revision_;
  return result;
}

Snapshot Kv::range(std::string_view prefix) const {
  Snapshot snapshot{.revision = revision_, .entries = {}, .cluster_id = options_.cluster_id};
  for (const auto& key : keys_under(entries_, prefix, true))
    snapshot.entries.push_back(entries_.find(key)->second);
  return snapshot;
}

LeaseId Kv::grant(milliseconds ttl, BootInstant now) {
  const LeaseId lease{next_lease_++};
  const auto granted = std::max(ttl, options_.ttl_min);
  leases_[lease] = Lease{granted, now + granted};
  return lease;
}

Result<milliseconds> Kv::keepalive(LeaseId lease, BootInstant now) {
  const auto place = leases_.find(lease);
  if (place == leases_.end()) return fail(Errc::lease_lost, "lease is gone");
  place->second.ends = now + place->second.ttl;
  return place->second.ttl;
}

Result<void> Kv::revoke(LeaseId lease) {
  if (leases_.erase(lease) == 0) return fail(Errc::lease_lost, "lease is gone");
  remove_keys_of(lease);
  return {};
}

void Kv::remove_keys_of(LeaseId lease) {
  std::vector<std::string> attached;
  for (const auto& [key, entry] : entries_) {
    if (entry.lease == lease) attached.push_back(key);
  }
  if (attached.empty()) return;
  const Revision at = ++revision_;  // etcd removes them in one transaction
  for (const auto& key : attached) remove(key, at);
}

void Kv::expire(BootInstant now) {
  std::vector<LeaseId> ended;
  for (const auto& [id, lease] : leases_) {
    if (lease.ends <= now) ended.push_back(id);
  }
  for (const auto id : ended) {
    leases_.erase(id);
    remove_keys_of(id);
  }
}

std::optional<BootInstant> Kv::next_expiry() const {
  std::optional<BootInstant> next;
  for (const auto& [id, lease] : leases_) next = next ? std::min(*next, lease.ends) : lease.ends;
  return next;
}

std::optional<milliseconds> Kv::ttl_of(LeaseId lease) const {
  const auto place = leases_.find(lease);
  return place == leases_.end() ? std::nullopt : std::optional{place->second.ttl};
}

Result<WatchBatch> Kv::events_since(std::string_view prefix, Revision from) const {
  if (from <= compacted_) return fail(Errc::compacted, "revision " + std::to_string(from) + " is compacted");
  WatchBatch batch{.events = {}, .revision = revision_};
  for (const auto& event : log_) {
    if (event.entry.mod_revision >= from && event.entry.key.starts_with(prefix))
      batch.events.push_back(event);
  }
  return batch;
}

void Kv::compact(Revision up_to) {
  compacted_ = std::max(compacted_, std::min(up_to, revision_));
  while (!log_.empty() && log_.front().entry.mod_revision <= compacted_) log_.pop_front();
}

void Kv::elect(BootInstant now) {
  ++raft_term_;
  for (auto& [id, lease] : leases_) lease.ends = now + lease.ttl;
}

void Kv::wipe() {
  Options options = options_;
  ++options.cluster_id;
  // Lease ids don't start again: a real etcd draws them at random, so an old one never names a new lease.
  const auto next_lease = next_lease_;
  *this = Kv{options};
  next_lease_ = next_lease;
}

}  // namespace holdfast::dcs
