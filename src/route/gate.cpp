#include "route/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::route {
namespace {

constexpr nanoseconds lease_longest =
    1h;  // no lease is longer; guards the arithmetic against nonsense from a peer
constexpr std::int64_t million = 1'000'000;

bool knows_no_lease_yet(const HeartbeatSeen& heartbeat) {
  return heartbeat.role == Role::primary && heartbeat.running && !heartbeat.epoch;
}

}  // namespace

BootInstant Gate::proof_end(const HeartbeatSeen& heartbeat) const {
  if (heartbeat.sent_at == BootInstant{}) return BootInstant{};
  const auto left = std::clamp(heartbeat.lease_remaining, nanoseconds{0}, nanoseconds{lease_longest});
  return heartbeat.sent_at + left - nanoseconds{left.count() / million * options_.drift_ppm_max};
}

// No store shows an earlier revision, or a leader key made or changed earlier, than it has shown before.
bool Gate::is_another_store(const std::optional<LeaderKey>& leader, const StoreSeen& store) const {
  if (store.id != 0 && store_.id != 0 && store.id != store_.id) return true;
  if (store.revision == 0 || store_.revision == 0) return false;
  if (store.revision < store_.revision) return true;
  return leader && (leader->epoch_min < newest_min_ || leader->epoch_max < last_leader_max_);
}

void Gate::note_store(const std::optional<LeaderKey>& leader, const StoreSeen& store) {
  if (store.id != 0) store_.id = store.id;
  if (store.revision != 0) store_.revision = store.revision;
  if (leader) newest_min_ = std::max(newest_min_, leader->epoch_min);
}

void Gate::begin_anew(const StoreSeen& store, BootInstant now) {
  if (view_.state != GateState::held) close(CutCause::epoch_passed, "etcd was wiped, restored or replaced");
  epoch_min_ = last_leader_max_ = newest_min_ = {};
  last_leader_.clear();
  store_ = {};
  ++stores_passed_;
  asked_after_ = now;
  first_revision_ = store.revision;
  timeline_min_ = timeline_served_;
}

void Gate::on_cluster(const std::optional<LeaderKey>& leader, BootInstant now, StoreSeen store) {
  if (is_another_store(leader, store)) begin_anew(store, now);
  note_store(leader, store);
  watching_ = true;
  leader_ = leader;
  if (leader) {
    // Another holder: its epoch is above anything that the one before had done to the key.
    if (!last_leader_.empty() && last_leader_ != leader->name) {
      epoch_min_ = std::max(epoch_min_, Epoch{last_leader_max_.value + 1});
    }
    epoch_min_ = std::max(epoch_min_, leader->epoch_min);
    last_leader_ = leader->name;
    last_leader_max_ = std::max(last_leader_max_, leader->epoch_max);
  }
  decide(now);
}

void Gate::on_watch_lost(BootInstant now) {
  watching_ = false;
  decide(now);
}

void Gate::on_heartbeat(const HeartbeatSeen& heartbeat, BootInstant now) {
  auto& latest = answers_[heartbeat.server];
  const bool is_unasked = heartbeat.sent_at == BootInstant{};
  const bool is_question_from_the_future = heartbeat.sent_at > now;
  if (is_question_from_the_future || (!is_unasked && heartbeat.sent_at < latest.sent_at)) return decide(now);
  const auto proven = std::exchange(latest, heartbeat);
  // News that answers no question proves nothing new, and takes nothing away while the lock is the same. It
  // keeps its place among the answers: an older one that comes after it is old.
  const bool is_same_lock = heartbeat.epoch == proven.epoch && heartbeat.lease_remaining > 0ns;
  if (is_unasked) {
    latest.sent_at = proven.sent_at;
    latest.lease_remaining = is_same_lock ? proven.lease_remaining : 0ns;
  }
  // An agent that was just started does not know its lease yet. What the one before it proved still stands:
  // until then the lock is this member's, and its sentinel keeps the deadline.
  if (knows_no_lease_yet(heartbeat)) {
    latest.sent_at = proven.sent_at;
    latest.lease_remaining = proven.lease_remaining;
    latest.epoch = proven.epoch;
  }
  decide(now);
}

void Gate::on_time(BootInstant now) {
  decide(now);
}

std::optional<BootInstant> Gate::wake_at() const {
  if (view_.state == GateState::held) return std::nullopt;
  return view_.until;
}

void Gate::decide(BootInstant now) {
  if (view_.state != GateState::held && may_stay(now)) return;
  try_open(now);
}

// Closes it when it must be; otherwise brings `until` and the choice between open and draining up to date.
bool Gate::may_stay(BootInstant now) {
  const auto& answer = answers_[view_.primary];
  if (watching_ && leader_ && leader_->name != view_.primary) {
    close(CutCause::epoch_passed, fmt::format("the leader is {} now", leader_->name));
  } else if (epoch_min_ > view_.epoch || answer.epoch > view_.epoch) {
    close(CutCause::epoch_passed, fmt::format("epoch {} has passed", view_.epoch.value));
  } else if (answer.role != Role::primary || answer.epoch < view_.epoch || !answer.running) {
    close(CutCause::role_lost, fmt::format("{} is not a running primary any more", view_.primary));
  } else if (now >= proof_end(answer)) {
    close(CutCause::proof_expired, fmt::format("{} has not proved its lease in time", view_.primary));
  } else {
    view_.until = proof_end(answer);
    const bool key_is_gone = watching_ && !leader_;
    view_.state = answer.draining || key_is_gone ? GateState::draining : GateState::open;
    view_.why = key_is_gone ? "the leader key is gone" : answer.draining ? "switchover in progress" : "";
    return true;
  }
  return false;
}

void Gate::try_open(BootInstant now) {
  if (!watching_) {
    view_.why = view_.epoch ? view_.why : "the DCS can't be read";
    return;
  }
  if (!leader_) {
    view_.why = "nobody holds the leader key";
    return;
  }
  const auto& claim = answers_[leader_->name];
  view_.why = why_not(claim, now);
  if (!view_.why.empty()) return;
  epoch_min_ = claim.epoch;
  if (claim.timeline != 0) timeline_served_ = claim.timeline;
  view_ = {.state = GateState::open,
           .primary = leader_->name,
           .store = stores_passed_,
           .epoch = claim.epoch,
           .until = proof_end(claim)};
  view_.why.clear();
}

// In words, what keeps the gate shut; empty: nothing. First reason wins.
std::string Gate::why_not(const HeartbeatSeen& claim, BootInstant now) const {
  const auto& name = leader_->name;
  if (claim.server.empty()) return fmt::format("{} holds the leader key; its agent has not answered", name);
  if (now >= proof_end(claim)) return fmt::format("{} holds the leader key; its last proof is too old", name);
  if (claim.role != Role::primary)
    return fmt::format("{} holds the leader key; it is not promoted yet", name);
  if (!claim.running) return fmt::format("{} holds the leader key; PostgreSQL is not running", name);
  if (claim.draining) return fmt::format("{} is about to hand over", name);
  return why_not_epoch(claim);
}

std::string Gate::why_not_epoch(const HeartbeatSeen& claim) const {
  const auto epoch = claim.epoch.value;
  if (claim.sent_at <= asked_after_)
    return fmt::format("{} has not answered since etcd was wiped, restored or replaced", claim.server);
  if (claim.epoch < epoch_min_)
    return fmt::format("{} answers with epoch {}, but {} was seen", claim.server, epoch, epoch_min_.value);
  if (claim.epoch > leader_->epoch_max) return fmt::format("epoch {} is not in the DCS yet", epoch);
  const bool was_taken_in_sight = epoch > first_revision_;
  if (!was_taken_in_sight && claim.timeline < timeline_min_) {
    return fmt::format("{} is on timeline {}, but {} was served before etcd was restored", claim.server,
                       claim.timeline, timeline_min_);
  }
  return {};
}

void Gate::close(CutCause cause, std::string why) {
  view_.state = GateState::held;
  view_.closed_by = cause;
  view_.why = std::move(why);
}

}  // namespace holdfast::route
