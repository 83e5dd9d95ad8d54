#include "ha/quorum.hpp"

#include <algorithm>
#include <iterator>

namespace holdfast::ha {
namespace {

using Names = std::vector<Name>;

Names both(const Names& a, const Names& b) {
  Names result;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

Names either(const Names& a, const Names& b) {
  Names result;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

Names but(const Names& a, const Names& b) {
  Names result;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

bool is_within(const Names& inner, const Names& outer) {
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

// In mode `on` whoever is listed may lead, for a member of Patroni too: so each of them has everything.
Claim best_claim(const QuorumState& state, const QuorumTarget& target) {
  const Names& wanted = target.waits.names;
  if (target.mode == SyncMode::on) {
    const Names kept = both(either(state.claim.voters, state.confirmed), wanted);
    if (const Claim all{kept, kept.size()}; may_claim(state, all)) return all;
    const Names sure = both(state.confirmed, wanted);
    return {sure, sure.size()};
  }
  return {wanted, std::min(target.waits.count, sure_holders(state, wanted))};
}

// A weaker claim, kept by what PostgreSQL waits for now and by what it shall wait for.
Claim bridge(const QuorumState& state, const QuorumTarget& target) {
  const Names& wanted = target.waits.names;
  if (target.mode == SyncMode::on) {
    const Names kept = both(state.claim.voters, wanted);
    const Claim all{kept, kept.size()};
    return may_claim(state, all) ? all : Claim{};
  }
  const auto required = std::min({state.claim.required, state.waits.count, target.waits.count});
  if (required == 0) return {};
  return {either(either(state.claim.voters, state.waits.names), wanted), required};
}

}  // namespace

Claim claim_of(const SyncKey& sync) {
  return {sync.standbys, sync.acknowledgers()};
}

bool is_kept_by(const Claim& claim, const SynchronousNames& waits) {
  if (claim.required == 0) return true;
  const bool is_nested = is_within(claim.voters, waits.names) || is_within(waits.names, claim.voters);
  return is_nested && either(claim.voters, waits.names).size() <= claim.quorum() + waits.count;
}

std::size_t sure_holders(const QuorumState& state, const Names& voters) {
  const auto& claim = state.claim;
  // Those of the old voters that are voters still: by the claim, or because they were seen to have
  // everything.
  const auto left = but(claim.voters, voters).size();
  const auto by_claim = claim.required > left ? claim.required - left : 0;
  const auto by_sight = both(both(state.confirmed, voters), claim.voters).size();
  const auto fresh = but(both(state.confirmed, voters), claim.voters).size();
  return fresh + std::max(by_claim, by_sight);
}

bool may_claim(const QuorumState& state, const Claim& claim) {
  return claim.required <= sure_holders(state, claim.voters) && is_kept_by(claim, state.waits);
}

bool may_wait_for(const QuorumState& state, const SynchronousNames& waits) {
  return is_kept_by(state.claim, waits);
}

std::optional<Transition> next_transition(const QuorumState& state, const QuorumTarget& target) {
  const auto& waits = target.waits;
  // Somebody else has set the names: what was acknowledged since may be on the leader alone.
  if (!is_kept_by(state.claim, state.waits)) return Claim{};
  const bool waits_as_wanted = state.waits == waits;
  if (!waits_as_wanted && may_wait_for(state, waits)) return waits;
  if (const Claim wanted{waits.names, waits.count}; may_claim(state, wanted)) {
    if (state.claim == wanted) return std::nullopt;
    return wanted;
  }
  if (!waits_as_wanted) return bridge(state, target);
  // Not all have caught up. More of them than are claimed may have.
  const Claim best = best_claim(state, target);
  const bool is_better =
      best.required > state.claim.required ||
      (best.required == state.claim.required && best.voters.size() < state.claim.voters.size());
  if (best.required > 0 && is_better && may_claim(state, best)) return best;
  return std::nullopt;
}

}  // namespace holdfast::ha
