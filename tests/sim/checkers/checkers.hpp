#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/epoch.hpp"
#include "sim/postgres/data_directory.hpp"
#include "sim/proxy/proxy.hpp"

namespace holdfast::sim {

class World;
class Node;
struct Seen;

// A commit acknowledged while a synchronous mode was in force is in every later primary.
class Durability {
 public:
  void on_committed(World& world, const Node& node, WriteId id);
  void on_primary(World& world, const Node& node);
  void on_dcs_change(const Seen& seen);
  const std::unordered_set<WriteId>& promised() const { return promised_; }

 private:
  std::unordered_set<WriteId> promised_;
};

// `sync` tells the truth. At every instant: no commit that the leader's PostgreSQL may acknowledge by the
// names it waits for makes the claim untrue (Patroni's |voters ∪ sync ∪ {leader}| <= quorum + numsync + 1).
// Whenever the key changes: so many voters have every commit as it says.
class SyncClaim {
 public:
  void after_event(World& world);
  void on_dcs_change(World& world, const Seen& seen, const std::unordered_set<WriteId>& promised);

  void on_wipe() { checked_ = 0; }

 private:
  std::int64_t checked_ = 0;  // the key's revision
};

// Never two nodes that can acknowledge writes at once. In asynchronous mode a machine whose clock a
// hypervisor stopped is outside of the bound on clock rates, and left out.
class OneWriter {
 public:
  void after_event(World& world);
  void on_dcs_change(const Seen& seen);

 private:
  bool was_asynchronous_ = false;
};

// Members and proxies never go back.
class MonotoneEpochs {
 public:
  void on_tenure(World& world, const Node& node, Epoch epoch);
  void on_forwarded(World& world, const Proxy& proxy, Proxy::Era era);
  void on_wipe() {
    highest_ = {};
    holder_.clear();
  }

 private:
  Epoch highest_;
  Proxy::Era highest_forwarded_;
  std::string holder_;
};

// No data that may be needed is dropped; never initdb over data; never two clusters in one.
class NothingRemoved {
 public:
  void before_initdb(World& world, const Node& node);
  void before_data_is_dropped(World& world, const Node& node, std::string_view why);
  void before_rewind(World& world, const Node& node, const DataDirectory& source);

 private:
  void check_promises(World& world, const Node& node, std::size_t from_record, std::string_view why);
};

// One slow etcd, one lost heartbeat link, one restarted agent does not move the primary. Watches from begin()
// on.
class NoNeedlessFailover {
 public:
  void begin(World& world);
  void end() { leader_ = -1; }
  void on_primary(World& world, const Node& node);
  void after_event(World& world);

 private:
  int leader_ = -1;
};

// No two promotions of one cluster make timelines of the same number: servers and their tools tell histories
// apart by it. A wiped store has forgotten what it gave out; what the members still know is all there is.
class UniqueTimelines {
 public:
  void on_promotion(World& world, const Node& node);
  void on_wipe() { promoted_.clear(); }

 private:
  std::map<std::pair<std::string, Timeline>, std::string> promoted_;  // system and number: by whom
};

struct Checkers {
  void after_event(World& world);
  void on_committed(World& world, const Node& node, WriteId id);
  void on_forwarded(World& world, const Proxy& proxy, Proxy::Era era) {
    epochs.on_forwarded(world, proxy, era);
  }
  void on_primary(World& world, Node& node);
  void on_tenure(World& world, const Node& node, Epoch epoch) { epochs.on_tenure(world, node, epoch); }
  void on_promotion(World& world, const Node& node) { timelines.on_promotion(world, node); }
  void on_wipe() {
    claim.on_wipe();
    epochs.on_wipe();
    timelines.on_wipe();
  }
  void on_dcs_change(World& world, const Seen& seen);
  void before_initdb(World& world, const Node& node) { removed.before_initdb(world, node); }
  void before_data_is_dropped(World& world, const Node& node, std::string_view why) {
    removed.before_data_is_dropped(world, node, why);
  }
  void before_rewind(World& world, const Node& node, const DataDirectory& source) {
    removed.before_rewind(world, node, source);
  }

  Durability durability;
  SyncClaim claim;
  OneWriter one_writer;
  MonotoneEpochs epochs;
  UniqueTimelines timelines;
  NothingRemoved removed;
  NoNeedlessFailover needless;
};

}  // namespace holdfast::sim
