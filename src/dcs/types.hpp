#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

// etcd's v3 data model as plain values (etcd docs, "Data model" and "KV API guarantees").
namespace holdfast::dcs {

// Counts the store's changes; every transaction that writes gets one more. 0: none, absent.
using Revision = std::int64_t;

struct LeaseId {
  std::int64_t value = 0;  // 0: no lease

  auto operator<=>(const LeaseId&) const = default;
  explicit operator bool() const { return value != 0; }
};

struct KeyValue {
  std::string key;
  std::string value;
  Revision create_revision = 0;
  Revision mod_revision = 0;
  std::int64_t version = 0;  // 1 at creation, counts puts
  LeaseId lease;

  bool operator==(const KeyValue&) const = default;
};

// A condition of a transaction: equality of one property of one key. An absent key has 0 everywhere, and no
// value.
struct Compare {
  enum class Target { create_revision, mod_revision, version, lease, value };
  std::string key;
  Target target = Target::create_revision;
  std::int64_t number = 0;  // for all targets but `value`
  std::string text;         // for `value`

  bool operator==(const Compare&) const = default;
};

struct Put {
  std::string key;
  std::string value;
  LeaseId lease;  // none: the key stays until it is deleted

  bool operator==(const Put&) const = default;
};
struct Delete {
  std::string key;
  bool is_prefix = false;

  bool operator==(const Delete&) const = default;
};
struct Range {
  std::string key;
  bool is_prefix = false;

  bool operator==(const Range&) const = default;
};
using Op = std::variant<Put, Delete, Range>;

// All compares true: `success` is done, else `failure`; atomically. A key may be written once in a branch.
struct Txn {
  std::vector<Compare> compares;
  std::vector<Op> success;
  std::vector<Op> failure;

  bool operator==(const Txn&) const = default;
};

struct TxnResult {
  bool succeeded = false;      // which branch
  Revision revision = 0;       // of the store after it; of the write itself when it wrote
  std::vector<KeyValue> read;  // what the branch's Range ops found, in order

  bool operator==(const TxnResult&) const = default;
};

struct WatchEvent {
  enum class Kind { put, removed };
  Kind kind = Kind::put;
  KeyValue entry;  // removed: key and mod_revision (the revision of the removal) only

  bool operator==(const WatchEvent&) const = default;
};

// Events of whole transactions, in order. Without events: progress, all up to `revision` has been delivered.
struct WatchBatch {
  std::vector<WatchEvent> events;
  Revision revision = 0;

  bool operator==(const WatchBatch&) const = default;
};

// Keys under a prefix, in key order, as they were at one revision.
struct Snapshot {
  Revision revision = 0;
  std::vector<KeyValue> entries;
  std::uint64_t cluster_id = 0;  // of the store that answered; 0: it did not say

  bool operator==(const Snapshot&) const = default;
  const KeyValue* find(const std::string& key) const;
};

// Brings `snapshot` up to date with what a watch delivered; events not newer than it change nothing.
void apply(const WatchBatch& batch, Snapshot& snapshot);

struct StoreMember {
  std::uint64_t id = 0;
  std::string name;  // empty: added, has not started yet
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;

  bool operator==(const StoreMember&) const = default;
};

// The consensus store about itself, from the endpoint that answered.
struct StoreStatus {
  std::uint64_t cluster_id = 0;
  std::uint64_t raft_term = 0;
  std::uint64_t leader_id = 0;       // 0: it knows no leader
  std::uint64_t answered_by = 0;     // member id
  std::string version;               // "3.4.23"
  std::int64_t db_bytes = 0;         // of its database file
  std::int64_t db_bytes_in_use = 0;  // the rest is what defragmentation frees
  std::vector<StoreMember> members;

  const StoreMember* leader() const;
};

}  // namespace holdfast::dcs
