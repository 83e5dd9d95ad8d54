#include <algorithm>

#include "sim/mutants/mutant.hpp"

namespace holdfast::sim {
namespace {

using ha::Decision;
using ha::View;

constexpr nanoseconds for_ever = 1h;

template <class Wanted>
bool has(const Decision& decision) {
  return std::any_of(decision.actions.begin(), decision.actions.end(),
                     [](const ha::Action& action) { return std::holds_alternative<Wanted>(action); });
}

// The agent believes in its lease without end, and the sentinel is not there to disagree.
void ignore_deadline(View& view) {
  if (!view.server.is_writable() || view.tenure.deadline == BootInstant{}) return;
  view.tenure.held = true;
  view.tenure.deadline = view.now + for_ever;
}

void ignore_sync_membership(View& view) {
  if (view.cluster && !view.tenure.held) view.cluster->sync.leader.clear();
}

// Setting PostgreSQL first: if the DCS then refuses, commits are acknowledged by too few.
void set_postgres_first(const View& view, Decision& decision) {
  for (std::size_t i = 0; i < decision.actions.size(); ++i) {
    const auto* write = std::get_if<ha::WriteSync>(&decision.actions[i]);
    if (write == nullptr || write->standbys.size() >= view.cluster->sync.standbys.size()) continue;
    const ha::Action set = ha::SetSynchronousNames{write->standbys};
    decision.actions.insert(decision.actions.begin() + static_cast<std::ptrdiff_t>(i), set);
    return;
  }
}

void count_unconfirmed(View& view) {
  for (auto& standby : view.server.standbys) standby.confirmed = true;
}

void confirm_everybody(View& view) {
  if (view.memory.hand_over != ha::HandOver::confirm) return;
  for (auto& [name, peer] : view.peers) {
    peer.position = Lsn{view.server.position.value + 1};
    peer.timeline = view.server.timeline;
  }
}

void promote_without_lock(const View& view, Decision& decision) {
  if (!has<ha::AcquireLeader>(decision) || !view.server.is_standby()) return;
  std::erase_if(decision.actions,
                [](const auto& action) { return std::holds_alternative<ha::AcquireLeader>(action); });
  decision.actions.emplace_back(ha::Promote{});
}

void never_rewind(View& view) {
  if (!view.leader_history || view.server.timeline == 0) return;
  view.leader_history->timeline = view.server.timeline;
}

void start_over_the_data(const View& view, Decision& decision) {
  if (view.server.state != ha::ServerState::stopped || view.job != ha::Job::none) return;
  for (auto& action : decision.actions) {
    if (std::holds_alternative<ha::SetAside>(action) && view.cluster && view.cluster->leader) {
      action = ha::Clone{view.cluster->leader->name};
    }
  }
}

void bootstrap_over_data(View& view) {
  if (view.server.state != ha::ServerState::stopped || !view.cluster) return;
  if (view.cluster->initialize && !view.cluster->initialize->empty()) return;
  if (view.cluster->leader || view.owns_bootstrap) return;
  view.server.directory = ha::DirectoryState::empty;
  view.peers.clear();
  for (auto& member : view.cluster->members) member.has_data = member.is_running = false;
}

void ignore_another_leader(View& view) {
  if (!view.server.is_writable() || !view.cluster || !view.cluster->leader) return;
  view.cluster->leader->name = view.self;
  view.tenure.held = true;
  view.tenure.deadline = view.now + for_ever;
}

void release_first(const View& view, Decision& decision) {
  if (!has<ha::KillServer>(decision) && !has<ha::StopServer>(decision)) return;
  if (view.tenure.held) decision.actions.insert(decision.actions.begin(), ha::Action{ha::ReleaseLeader{}});
}

std::vector<Mutant> make_mutants() {
  std::vector<Mutant> all;
  all.push_back({.name = "deadline-ignored",
                 .breaks = "a primary does not stop at its lease deadline, and has no sentinel",
                 .before = ignore_deadline,
                 .sentinel_is_off = true});
  all.push_back({.name = "deadline-from-reply",
                 .breaks = "the lease deadline counts from the answer, not from before the request",
                 .stamps_at_reply = true});
  all.push_back({.name = "sentinel-off",
                 .breaks = "nobody kills the primary of an agent that hangs",
                 .sentinel_is_off = true});
  all.push_back({.name = "sync-membership-ignored",
                 .breaks = "a standby that `sync` does not list may lead",
                 .before = ignore_sync_membership});
  all.push_back(
      {.name = "postgres-before-dcs",
       .breaks = "a synchronous standby is removed from PostgreSQL before it is removed from `sync`",
       .after = set_postgres_first});
  all.push_back({.name = "unconfirmed-counted",
                 .breaks = "a standby is listed in `sync` before it has all WAL",
                 .before = count_unconfirmed});
  all.push_back({.name = "sync-revision-ignored",
                 .breaks = "the lock is taken though `sync` moved since the election",
                 .ignores_sync_revision = true});
  all.push_back({.name = "hand-over-unconfirmed",
                 .breaks = "the lock is handed over though the candidate may lack WAL",
                 .before = confirm_everybody});
  all.push_back({.name = "promote-without-lock",
                 .breaks = "a candidate promotes without taking the lock",
                 .after = promote_without_lock,
                 .sentinel_is_off = true,
                 .skips_last_check = true});
  all.push_back({.name = "backends-left",
                 .breaks = "the backends of a dead postmaster are not killed",
                 .leaves_backends = true});
  all.push_back({.name = "rejoin-without-rewind",
                 .breaks = "a diverged server is started as if it had not diverged",
                 .before = never_rewind});
  all.push_back({.name = "clone-over-data",
                 .breaks = "a diverged data directory is overwritten, not moved aside",
                 .after = start_over_the_data});
  all.push_back({.name = "initdb-over-data",
                 .breaks = "a wiped DCS makes a member bootstrap over its data",
                 .before = bootstrap_over_data});
  all.push_back({.name = "epoch-ignored",
                 .breaks = "proxies send writes without a proof and pass on answers of old epochs",
                 .proxy_ignores_proof = true});
  all.push_back({.name = "lost-reply-trusted",
                 .breaks = "a write whose reply was lost counts as done",
                 .trusts_lost_replies = true});
  all.push_back({.name = "release-before-stop",
                 .breaks = "the lock is given up before PostgreSQL has stopped",
                 .after = release_first});
  all.push_back({.name = "another-leader-ignored",
                 .breaks = "a primary goes on though the key names another member, and has no sentinel",
                 .before = ignore_another_leader,
                 .sentinel_is_off = true});
  return all;
}

}  // namespace

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all = make_mutants();
  return all;
}

}  // namespace holdfast::sim
