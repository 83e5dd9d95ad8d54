#include <algorithm>
#include <limits>

#include "sim/mutants/mutant.hpp"
#include "sim/mutants/provoke.hpp"

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
    if (write == nullptr) continue;
    const auto count = write->standbys.size() - write->quorum;
    if (count >= view.cluster->sync.acknowledgers()) continue;
    const ha::Action set = ha::SetSynchronousNames{{write->standbys, count, write->quorum > 0}};
    decision.actions.insert(decision.actions.begin() + static_cast<std::ptrdiff_t>(i), set);
    return;
  }
}

// Writing the DCS first: it says what PostgreSQL does not do yet.
void write_dcs_first(const View& view, Decision& decision) {
  for (auto& action : decision.actions) {
    const auto* set = std::get_if<ha::SetSynchronousNames>(&action);
    if (set == nullptr || set->names.names.empty()) continue;
    const auto& sync = view.cluster->sync;
    if (set->names.count <= sync.acknowledgers() || set->names.names.front() == ha::strict_placeholder)
      continue;
    action = ha::WriteSync{set->names.names, sync.mod_revision, set->names.names.size() - set->names.count};
  }
}

void write_too_small_a_quorum(const View&, Decision& decision) {
  for (auto& action : decision.actions) {
    auto* write = std::get_if<ha::WriteSync>(&action);
    if (write != nullptr && write->quorum > 0) --write->quorum;
  }
}

void ask_nobody(View& view) {
  if (view.cluster && !view.tenure.held) view.cluster->sync.quorum = 0;
}

void count_old_positions(View& view) {
  for (auto& [name, peer] : view.peers) peer.settled_at = std::numeric_limits<std::int64_t>::max();
}

void count_too_few(View& view) {
  if (view.cluster && !view.tenure.held && view.cluster->sync.quorum > 0) --view.cluster->sync.quorum;
}

void act_on_old_sync(View& view) {
  view.pending.sync_revision = 0;
}

void forget_doubts(View& view) {
  view.pending.sync_in_doubt = false;
}

void promote_without_names(const View&, Decision& decision) {
  for (auto& action : decision.actions) {
    if (auto* promote = std::get_if<ha::Promote>(&action)) promote->synchronous_names = {};
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
  // Everybody to a number of its own: two writers are the harm, not two timelines of one number.
  const auto own_number = static_cast<Timeline>(view.self.back() - '0');
  decision.actions.emplace_back(ha::Promote{{}, view.memory.newest_timeline + own_number});
}

// As PostgreSQL by itself, which takes the next number that it has not seen.
void promote_to_the_next_timeline(const View& view, Decision& decision) {
  for (auto& action : decision.actions) {
    if (auto* promote = std::get_if<ha::Promote>(&action)) promote->timeline = view.server.timeline + 1;
  }
}

// Whoever promoted goes on as if the lock were its own.
void believe_in_promotion(View& view) {
  if (view.tenure.held || !view.cluster || view.cluster->leader) return;
  if (!view.server.is_writable() && view.job != ha::Job::promote) return;
  view.tenure = {.held = true, .epoch = {}, .deadline = view.now + for_ever, .renewed_at = view.now};
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
  if (view.server.state != ha::ServerState::stopped || !view.cluster || view.cluster->leader) return;
  if (view.cluster->initialize && !view.cluster->initialize->empty()) return;
  view.server.directory = ha::DirectoryState::empty;
  view.peers.clear();
  for (auto& member : view.cluster->members) member.has_data = member.is_running = false;
}

std::vector<Mutant> make_mutants() {
  return {
      {.name = "deadline-ignored",
       .breaks = "a primary does not stop at its lease deadline, and has no sentinel",
       .invariant = "OneWriter",
       .provoke = provoke::a_leader_cut_from_etcd,
       .before = ignore_deadline,
       .sentinel_is_off = true},
      {.name = "deadline-from-reply",
       .breaks = "the lease deadline counts from the answer, not from before the request",
       .invariant = "OneWriter",
       .provoke = provoke::late_replies_and_a_frozen_agent,
       .stamps_at_reply = true},
      {.name = "sentinel-off",
       .breaks = "nobody kills the primary of an agent that hangs",
       .invariant = "OneWriter",
       .provoke = provoke::a_frozen_agent,
       .sentinel_is_off = true},
      {.name = "sync-membership-ignored",
       .breaks = "a standby that `sync` does not list may lead",
       .invariant = "Durability",
       .provoke = provoke::a_dead_host_with_one_synchronous_standby,
       .before = ignore_sync_membership},
      {.name = "postgres-before-dcs",
       .breaks = "a synchronous standby is removed from PostgreSQL before it is removed from `sync`",
       .invariant = "SyncClaim",
       .provoke = provoke::a_leader_cut_from_standbys_and_etcd,
       .after = set_postgres_first},
      {.name = "dcs-before-postgres",
       .breaks = "a synchronous standby is listed in `sync` before PostgreSQL waits for it",
       .invariant = "SyncClaim",
       .after = write_dcs_first},
      {.name = "quorum-too-small",
       .breaks = "`sync` says that one voter less than needed has to be asked",
       .invariant = "SyncClaim",
       .after = write_too_small_a_quorum},
      {.name = "old-sync-acted-on",
       .breaks = "PostgreSQL is told whom to wait for by a `sync` from before the last write of it",
       .invariant = "SyncClaim",
       .provoke = provoke::standbys_that_come_and_go_beside_a_slow_etcd,
       .before = act_on_old_sync},
      {.name = "doubt-ignored",
       .breaks = "a write of `sync` that was not answered counts as not done",
       .invariant = "SyncClaim",
       .provoke = provoke::standbys_that_come_and_go_beside_lost_replies,
       .before = forget_doubts},
      {.name = "promoted-without-names",
       .breaks = "a leader that is promoted again does not wait for those that `sync` lists",
       .invariant = "SyncClaim",
       .provoke = provoke::a_leader_that_demotes_and_comes_back,
       .after = promote_without_names},
      {.name = "quorum-not-asked",
       .breaks = "a voter leads without asking the others how far they are",
       .invariant = "Durability",
       .provoke = provoke::a_voter_that_lags_in_quorum_mode,
       .before = ask_nobody},
      {.name = "quorum-asked-too-few",
       .breaks = "a voter leads after asking one voter less than `quorum`",
       .invariant = "Durability",
       .provoke = provoke::voters_that_lag_in_quorum_mode,
       .before = count_too_few},
      {.name = "old-positions-counted",
       .breaks = "what a voter said before the lock was free counts in an election",
       .invariant = "Durability",
       .provoke = provoke::a_voter_that_lags_in_quorum_mode,
       .before = count_old_positions},
      {.name = "unconfirmed-counted",
       .breaks = "a standby is listed in `sync` before it has all WAL",
       .invariant = "SyncClaim",
       .provoke = provoke::a_primary_that_dies_while_a_standby_catches_up,
       .before = count_unconfirmed},
      {.name = "sync-revision-ignored",
       .breaks = "the lock is taken though `sync` and the timeline number moved since the election",
       .invariant = "Durability",
       .provoke = provoke::two_leaders_in_a_row_beside_a_frozen_candidate,
       .ignores_sync_revision = true},
      {.name = "hand-over-unconfirmed",
       .breaks = "the lock is handed over though the candidate may lack WAL",
       .invariant = "SyncClaim",
       .provoke = provoke::a_failover_order_to_a_frozen_server,
       .before = confirm_everybody},
      {.name = "promote-without-lock",
       .breaks = "a candidate promotes without taking the lock, and believes to hold it",
       .invariant = "OneWriter",
       .provoke = provoke::candidates_that_do_not_hear_each_other,
       .before = believe_in_promotion,
       .after = promote_without_lock,
       .sentinel_is_off = true,
       .skips_last_check = true},
      {.name = "backends-left",
       .breaks = "the backends of a dead postmaster are not killed",
       .invariant = "OneWriter",
       .provoke = provoke::backends_that_outlive_their_postmaster,
       .leaves_backends = true},
      {.name = "rejoin-without-rewind",
       .breaks = "a diverged server is started as if it had not diverged",
       .invariant = "Progress",
       .before = never_rewind},
      {.name = "clone-over-data",
       .breaks = "a diverged data directory is overwritten, not moved aside",
       .invariant = "NothingRemoved",
       .after = start_over_the_data},
      {.name = "initdb-over-data",
       .breaks = "a wiped DCS makes a member bootstrap over its data",
       .invariant = "NothingRemoved",
       .provoke = provoke::a_wipe_while_the_primary_is_down,
       .before = bootstrap_over_data},
      {.name = "epoch-ignored",
       .breaks = "proxies send writes without a proof and pass on answers of old epochs",
       .invariant = "MonotoneEpochs",
       .provoke = provoke::a_paused_primary_and_a_proxy_that_sees_nobody_else,
       .proxy_ignores_proof = true},
      {.name = "timeline-number-reused",
       .breaks = "a candidate promotes to the next timeline, whatever number came with the lock",
       .invariant = "UniqueTimelines",
       .provoke = provoke::a_second_failover_that_never_saw_the_first,
       .after = promote_to_the_next_timeline},
      {.name = "lost-reply-trusted",
       .breaks = "a write whose reply was lost counts as done",
       .invariant = "MonotoneEpochs",
       .provoke = provoke::lost_replies_in_an_election,
       .trusts_lost_replies = true},
  };
}

}  // namespace

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all = make_mutants();
  return all;
}

}  // namespace holdfast::sim
