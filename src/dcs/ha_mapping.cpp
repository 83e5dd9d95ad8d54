#include "dcs/ha_mapping.hpp"

#include <algorithm>
#include <boost/json/value.hpp>

#include "base/overload.hpp"
#include "dcs/transactions.hpp"

namespace holdfast::dcs {
namespace {

bool flag_of(const boost::json::object& tags, std::string_view name) {
  const auto* value = tags.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<int> number_of(const boost::json::object& tags, std::string_view name) {
  const auto* value = tags.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code problem;
  const int number = value->to_number<int>(problem);
  if (problem) return std::nullopt;
  return number;
}

// Patroni's member states in which the data directory does not hold a whole cluster.
bool state_has_data(const std::string& state) {
  return !state.empty() && state != "creating replica" && state != "initializing new cluster" &&
         state != "uninitialized";
}

ha::Member to_ha(const Member& member) {
  return {.name = member.name,
          .has_data = state_has_data(member.state) && member.role != "uninitialized",
          .is_running = member.state == "running" || member.state == "streaming",
          .is_primary = member.role == "primary" || member.role == "master",
          .awaits_checkpoint = member.checkpoint_after_promote == false,
          .timeline = member.timeline,
          .tags = tags_of(member.tags)};
}

ha::SyncKey to_ha(const std::optional<SyncState>& sync) {
  if (!sync) return {};
  ha::SyncKey key{.exists = true,
                  .mod_revision = sync->mod_revision,
                  .leader = sync->leader,
                  .standbys = sync->standbys,
                  .quorum = static_cast<std::size_t>(std::max(0, sync->quorum))};
  std::sort(key.standbys.begin(), key.standbys.end());
  return key;
}

std::optional<ha::FailoverKey> to_ha(const std::optional<Failover>& failover) {
  if (!failover || failover->is_empty()) return std::nullopt;
  return ha::FailoverKey{.leader = failover->leader,
                         .candidate = failover->member,
                         .scheduled_at = failover->scheduled_at,
                         .mod_revision = failover->mod_revision};
}

// A line of `history` names the timeline that ended; its child is at least one above it.
Timeline newest_timeline(const Cluster& cluster) {
  Timeline newest = 0;
  if (cluster.history && !cluster.history->entries.empty())
    newest = cluster.history->entries.back().timeline + 1;
  for (const auto& member : cluster.members) newest = std::max(newest, member.timeline);
  return newest;
}

std::string sync_text(const std::string& leader, std::vector<std::string> standbys, std::size_t quorum) {
  return print_sync(SyncState{.leader = leader,
                              .quorum = static_cast<int>(quorum),
                              .standbys = std::move(standbys),
                              .mod_revision = 0});
}

}  // namespace

ha::Tags tags_of(const boost::json::object& tags) {
  ha::Tags result;
  result.nofailover = flag_of(tags, "nofailover");
  result.nosync = flag_of(tags, "nosync");
  result.failover_priority = number_of(tags, "failover_priority").value_or(1);
  result.sync_priority = number_of(tags, "sync_priority").value_or(1);
  if (const auto* from = tags.if_contains("replicatefrom"); from != nullptr && from->is_string()) {
    result.replicatefrom = std::string{from->get_string()};
  }
  return result;
}

ha::Cluster to_ha(const Cluster& cluster) {
  ha::Cluster result;
  result.revision = cluster.revision;
  if (cluster.initialize) result.initialize = cluster.initialize->system_id;
  if (cluster.leader) result.leader = ha::LeaderKey{cluster.leader->name, cluster.leader->mod_revision};
  for (const auto& member : cluster.members) result.members.push_back(to_ha(member));
  result.sync = to_ha(cluster.sync);
  result.failover = to_ha(cluster.failover);
  if (cluster.status && cluster.status->optime) result.last_leader_position = *cluster.status->optime;
  result.last_timeline = newest_timeline(cluster);
  if (cluster.timeline) result.timeline = {cluster.timeline->number, cluster.timeline->mod_revision};
  return result;
}

std::optional<Txn> txn_for(const ha::Action& action, const Keys& keys, const Writer& writer) {
  const auto& self = writer.self;
  using Answer = std::optional<Txn>;
  return std::visit(
      Overload{
          [&](const ha::TakeInitialize&) -> Answer { return take_initialize(keys); },
          [&](const ha::DropInitialize&) -> Answer { return drop_initialize(keys); },
          [&](const ha::AcquireLeader& acquire) -> Answer {
            SyncGuard guard{.mod_revision = acquire.sync_revision, .new_value = std::nullopt};
            if (acquire.writes_sync) guard.new_value = sync_text(self, {}, 0);
            const TimelineGuard timeline{.mod_revision = acquire.timeline_revision,
                                         .number = acquire.timeline};
            return acquire_leader(keys, self, writer.leader_lease, timeline, std::move(guard));
          },
          [&](const ha::GiveOutTimeline& given) -> Answer {
            const TimelineGuard timeline{.mod_revision = given.expected_revision, .number = given.number};
            return give_out_timeline(keys, self, timeline);
          },
          [&](const ha::ReadoptLeader& readopt) -> Answer {
            return readopt_leader(keys, self, readopt.leader_revision, writer.leader_lease);
          },
          [&](const ha::ReleaseLeader&) -> Answer { return release_leader(keys, self, writer.last_status); },
          [&](const ha::WriteSync& sync) -> Answer {
            return write_sync(keys, self, sync_text(self, sync.standbys, sync.quorum),
                              sync.expected_revision);
          },
          [&](const ha::DeleteSync& sync) -> Answer {
            return remove_sync(keys, self, sync.expected_revision);
          },
          [&](const ha::ClearFailover& failover) -> Answer {
            return clear_failover(keys, failover.expected_revision);
          },
          [](const auto&) -> Answer { return std::nullopt; },
      },
      action);
}

Epoch epoch_of(const LeaderLock& lock) {
  return Epoch{lock.create_revision};
}

}  // namespace holdfast::dcs
