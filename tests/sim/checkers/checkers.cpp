#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "sim/core/world.hpp"

namespace holdfast::sim {

void Durability::on_committed(World& world, const Node& node, WriteId id) {
  const auto seen = world.etcd.seen();
  const auto& sync = seen->ha.sync;
  if (!sync.is_active() || (node.host.lost_time && sync.leader != node.host.name)) return;
  promised_.insert(id);
}

void Durability::on_dcs_change(const Seen& seen) {
  // The user switched the mode off: from then on asynchronous rules hold for everything.
  if (!seen.ha.sync.is_active()) promised_.clear();
}

void Durability::on_primary(World& world, const Node& node) {
  // A start that began before a hypervisor stopped the clock ends after it: the former primary, not a later
  // one, as long as it can acknowledge nothing.
  const auto& leader = world.etcd.seen()->ha.sync.leader;
  if (node.host.lost_time && leader != node.host.name && !node.postgres.can_acknowledge()) return;
  std::unordered_set<WriteId> has;
  for (const auto& record : node.data.wal) has.insert(record.id);
  std::size_t missing = 0;
  WriteId first = 0;
  for (const WriteId id : promised_) {
    if (has.contains(id)) continue;
    first = missing == 0 ? id : std::min(first, id);
    ++missing;
  }
  if (missing == 0) return;
  world.fail("Durability",
             fmt::format("{} is primary without {} commits that were acknowledged in synchronous mode, the "
                         "first is write {}",
                         node.host.name, missing, first));
}

void SyncClaim::after_event(World& world) {
  const auto seen = world.etcd.seen();
  const auto& sync = seen->ha.sync;
  const auto leader = sync.is_active() ? world.find_index(sync.leader) : std::nullopt;
  if (!leader || sync.acknowledgers() == 0) return;
  const auto& postgres = world.node(*leader).postgres;
  if (!postgres.runs_as_primary() || postgres.state() == Postgres::State::starting) return;
  const auto& waits = postgres.names();
  std::set<ha::Name> all{sync.leader};
  all.insert(sync.standbys.begin(), sync.standbys.end());
  all.insert(waits.names.begin(), waits.names.end());
  if (all.size() <= sync.quorum + waits.count + 1) return;
  world.fail("SyncClaim",
             fmt::format("`sync` lists {} with a quorum of {}, and {} waits for {} of {}",
                         join(sync.standbys), sync.quorum, sync.leader, waits.count, join(waits.names)));
}

void SyncClaim::on_dcs_change(World& world, const Seen& seen, const std::unordered_set<WriteId>& promised) {
  const auto& sync = seen.ha.sync;
  if (sync.mod_revision == checked_) return;
  checked_ = sync.mod_revision;
  const auto required = sync.acknowledgers();
  if (!sync.is_active() || required == 0) return;
  std::unordered_map<WriteId, std::size_t> copies;
  for (const auto& name : sync.standbys) {
    const auto standby = world.find_index(name);
    if (!standby) continue;
    for (const auto& record : world.node(*standby).data.wal) ++copies[record.id];
  }
  for (const WriteId id : promised) {
    const auto found = copies.find(id);
    const auto count = found == copies.end() ? 0 : found->second;
    if (count >= required) continue;
    return world.fail("SyncClaim",
                      fmt::format("write {} was acknowledged and is on {} of the standbys {}, and "
                                  "`sync` says that it is on {}",
                                  id, count, join(sync.standbys), required));
  }
}

void OneWriter::on_dcs_change(const Seen& seen) {
  if (seen.ha.leader && !seen.ha.sync.is_active()) was_asynchronous_ = true;
}

void OneWriter::after_event(World& world) {
  int writers = 0;
  int first = -1;
  for (int i = 0; i < world.node_count(); ++i) {
    auto& node = world.node(i);
    if (!node.postgres.runs_as_primary()) {
      if (!node.agent.tenure().held) node.host.lost_time = false;
      continue;
    }
    if (node.host.lost_time && was_asynchronous_) continue;
    if (!node.postgres.can_acknowledge()) continue;
    if (++writers == 1) first = i;
    if (writers == 2) {
      world.fail("OneWriter",
                 fmt::format("{} and {} can both acknowledge commits", world.name_of(first), node.host.name));
    }
  }
}

void MonotoneEpochs::on_tenure(World& world, const Node& node, Epoch epoch) {
  if (epoch < highest_ || (epoch == highest_ && holder_ != node.host.name)) {
    world.fail("MonotoneEpochs", fmt::format("{} leads with epoch {}, but {} had {}", node.host.name,
                                             epoch.value, holder_, highest_.value));
  }
  highest_ = epoch;
  holder_ = node.host.name;
}

void MonotoneEpochs::on_forwarded(World& world, const Proxy& proxy, Proxy::Era era) {
  if (era < highest_forwarded_) {
    world.fail("MonotoneEpochs",
               fmt::format("{} acknowledged a write of epoch {} after one of epoch {}", proxy.host.name,
                           era.epoch.value, highest_forwarded_.epoch.value));
  }
  highest_forwarded_ = std::max(highest_forwarded_, era);
}

void NothingRemoved::before_initdb(World& world, const Node& node) {
  if (!node.data.wal.empty())
    world.fail("NothingRemoved", fmt::format("initdb over the data of {}", node.host.name));
  for (int i = 0; i < world.node_count(); ++i) {
    // One that no client ever wrote to may be given up: a bootstrap that was overtaken.
    const auto& wal = world.node(i).data.wal;
    const bool has_writes = std::any_of(
        wal.begin(), wal.end(), [](const Record& record) { return record.id < first_record_of_a_server; });
    if (i == node.host.index || !has_writes) continue;
    world.fail("NothingRemoved", fmt::format("{} makes a new cluster though {} has the data of one",
                                             node.host.name, world.name_of(i)));
  }
}

void NothingRemoved::before_data_is_dropped(World& world, const Node& node, std::string_view why) {
  if (node.data.state == ha::DirectoryState::ready && !node.data.wal.empty()) {
    world.fail("NothingRemoved", fmt::format("the data directory of {} is dropped: {}", node.host.name, why));
  }
  check_promises(world, node, 0, why);
}

void NothingRemoved::before_rewind(World& world, const Node& node, const DataDirectory& source) {
  check_promises(world, node, common_records(node.data, source), "it is rewound");
}

void NothingRemoved::check_promises(World& world, const Node& node, std::size_t from_record,
                                    std::string_view why) {
  const auto& promised = world.checkers.durability.promised();
  for (std::size_t i = from_record; i < node.data.wal.size(); ++i) {
    const WriteId id = node.data.wal[i].id;
    if (!promised.contains(id)) continue;
    bool is_elsewhere = false;
    for (int other = 0; other < world.node_count() && !is_elsewhere; ++other) {
      const auto& place = world.node(other);
      is_elsewhere = (other != node.host.index && place.data.has(id)) ||
                     std::any_of(place.set_aside.begin(), place.set_aside.end(),
                                 [&](const auto& data) { return data.has(id); });
    }
    if (is_elsewhere) continue;
    return world.fail("NothingRemoved",
                      fmt::format("the last copy of the acknowledged write {} on {} is removed: {}", id,
                                  node.host.name, why));
  }
}

void NoNeedlessFailover::begin(World& world) {
  leader_ = world.leader();
}

void NoNeedlessFailover::on_primary(World& world, const Node& node) {
  if (leader_ < 0) return;
  world.fail("NoNeedlessFailover",
             fmt::format("{} became primary, and {} had nothing worse than a slow etcd, a lost "
                         "heartbeat link or a restarted agent",
                         node.host.name, world.name_of(leader_)));
}

void NoNeedlessFailover::after_event(World& world) {
  if (leader_ < 0 || world.node(leader_).postgres.runs_as_primary()) return;
  world.fail("NoNeedlessFailover",
             fmt::format("{} stopped being primary, though nothing worse happened than a slow etcd, a "
                         "lost heartbeat link or a restarted agent",
                         world.name_of(leader_)));
}

void UniqueTimelines::on_promotion(World& world, const Node& node) {
  const auto [first, is_new] =
      promoted_.try_emplace({node.data.system_id, node.data.timeline}, node.host.name);
  if (is_new) return;
  world.fail("UniqueTimelines", fmt::format("{} is promoted to timeline {}, and so was {}", node.host.name,
                                            node.data.timeline, first->second));
}

void Checkers::after_event(World& world) {
  claim.after_event(world);
  one_writer.after_event(world);
  needless.after_event(world);
}

void Checkers::on_committed(World& world, const Node& node, WriteId id) {
  ++world.counts.writes_acknowledged;
  world.trace.mix(id);
  durability.on_committed(world, node, id);
}

void Checkers::on_primary(World& world, Node& node) {
  ++world.counts.promotions;
  world.trace.mix(static_cast<std::uint64_t>(world.now().count()));
  durability.on_primary(world, node);
  needless.on_primary(world, node);
  node.sentinel.look(world, node);
}

void Checkers::on_dcs_change(World& world, const Seen& seen) {
  durability.on_dcs_change(seen);
  claim.on_dcs_change(world, seen, durability.promised());
  one_writer.on_dcs_change(seen);
}

}  // namespace holdfast::sim
