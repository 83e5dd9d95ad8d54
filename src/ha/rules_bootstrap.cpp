#include <fmt/format.h>

#include <algorithm>

#include "ha/election.hpp"
#include "ha/rules.hpp"

namespace holdfast::ha {
namespace {

bool somebody_has_data(const View& view) {
  const auto& members = view.cluster->members;
  const bool in_dcs = std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return member.name != view.self && (member.has_data || member.is_running);
  });
  const bool by_heartbeat = std::any_of(view.peers.begin(), view.peers.end(), [&](const auto& entry) {
    return entry.second.is_heard(view.now) && (entry.second.is_running || entry.second.has_data);
  });
  return in_dcs || by_heartbeat;
}

// With `nodes:` given, a majority must have said that it is empty: a member that is merely late may have the
// data.
bool enough_members_are_known(const View& view) {
  const auto& expected = view.expected_members;
  const auto known = std::count_if(expected.begin(), expected.end(), [&](const Name& name) {
    return name == view.self || view.cluster->find(name) != nullptr;
  });
  return expected.empty() || static_cast<std::size_t>(known) > expected.size() / 2;
}

Answer when_we_bootstrap(const View& view) {
  if (view.server.directory == DirectoryState::ready && view.server.state == ServerState::stopped) {
    return act("bootstrapped: taking the leader lock", {take_lock(view, false)});
  }
  if (view.last_job && view.last_job->job == Job::bootstrap && !view.last_job->ok) {
    if (view.pending.initialize) return wait("no action: giving the bootstrap up");
    return act("bootstrap failed: " + view.last_job->problem, {DropInitialize{}});
  }
  if (view.server.directory == DirectoryState::incomplete) {
    return act_unhurried(view, "an interrupted bootstrap left files behind", SetAside{"failed"});
  }
  if (view.server.directory != DirectoryState::empty) return std::nullopt;
  return act("bootstrapping a new cluster", {Bootstrap{}});
}

}  // namespace

Answer when_key_names_us(const View& view) {
  const auto& leader = view.cluster->leader;
  if (!leader || leader->name != view.self || view.tenure.held) return std::nullopt;
  if (view.server.directory != DirectoryState::ready) return std::nullopt;
  // A store restored from a snapshot may name who led long ago (EC-8): then others have gone on without us.
  const bool has_others_ahead = newest_timeline_in_use(view) > view.server.timeline;
  if (view.server.in_recovery || has_others_ahead) {
    return wait("no action: the leader key names us, but we are no primary any more: letting it run out");
  }
  return act("the leader key names us: taking it over into our lease", {ReadoptLeader{leader->mod_revision}});
}

Answer when_cluster_is_new(const View& view) {
  const auto& cluster = *view.cluster;
  if (cluster.leader || (cluster.initialize && !cluster.initialize->empty())) return std::nullopt;
  if (cluster.initialize) {
    if (view.owns_bootstrap) return when_we_bootstrap(view);
    if (view.server.directory == DirectoryState::ready) return std::nullopt;
    return wait("no action: waiting for another member to bootstrap the cluster");
  }
  if (view.server.directory == DirectoryState::incomplete) {
    return act_unhurried(view, "an interrupted job left an unusable data directory", SetAside{"failed"});
  }
  if (view.server.directory != DirectoryState::empty) return std::nullopt;
  if (somebody_has_data(view))
    return wait("no action: the DCS has no cluster, but another member has data: waiting for it to lead");
  if (!enough_members_are_known(view)) {
    return wait("no action: waiting for a majority of the members before bootstrapping a new cluster",
                view.now + 200ms);
  }
  if (view.last_job && view.last_job->job == Job::bootstrap && !view.last_job->ok &&
      view.now < view.last_job->ended + view.settings.loop_wait) {
    return wait("bootstrap failed a moment ago: " + view.last_job->problem,
                view.last_job->ended + view.settings.loop_wait);
  }
  if (view.pending.initialize) return wait("no action: racing for the right to bootstrap");
  return act("the cluster is new: racing for the right to bootstrap", {TakeInitialize{}});
}

// No key is left but the data is there: the member that was the primary leads again, the others wait for it
// (EC-7).
Answer when_dcs_was_wiped(const View& view) {
  const auto& cluster = *view.cluster;
  if (cluster.initialize || cluster.leader || view.server.directory != DirectoryState::ready)
    return std::nullopt;
  if (view.server.state != ServerState::stopped || view.server.in_recovery) return std::nullopt;
  for (const auto& [name, peer] : view.peers) {
    if (peer.is_heard(view.now) && peer.timeline > view.server.timeline) {
      return act_unhurried(view, fmt::format("{} is on a newer timeline: following", name), StartStandby{});
    }
  }
  const auto settled = view.agent_started + view.settings.leader_ttl;
  if (view.now < settled)
    return wait("no action: the DCS was wiped, listening for members on a newer timeline", settled);
  return act("the DCS was wiped, and this member was the primary: leading again", {take_lock(view, false)});
}

}  // namespace holdfast::ha
