#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "ha/view.hpp"

// What `sync` claims, what PostgreSQL waits for, and how both change without the claim being untrue at any
// instant (the idea of Patroni's quorum.py; EC-50, EC-51, EC-52). Mode `on` is the case in which every voter
// is required. There is no state but that of the DCS and of PostgreSQL: whoever finds them half-way goes on
// from there.
namespace holdfast::ha {

// Every acknowledged commit is on at least `required` of the voters (the leader is not one of them).
struct Claim {
  std::vector<Name> voters;  // sorted
  std::size_t required = 0;

  std::size_t quorum() const { return voters.size() - required; }  // Patroni's field
  bool operator==(const Claim&) const = default;
};

Claim claim_of(const SyncKey& sync);

struct QuorumState {
  Claim claim;
  SynchronousNames waits;
  std::vector<Name> confirmed;  // sorted: have flushed all that was written before `waits` became active
};

// No commit acknowledged under these names makes the claim untrue:
// |voters ∪ names ∪ {leader}| <= quorum + count + 1. One of the sets contains the other, as Patroni wants it.
bool is_kept_by(const Claim& claim, const SynchronousNames& waits);

// So many of these voters have every commit that was ever acknowledged, whichever they are.
std::size_t sure_holders(const QuorumState& state, const std::vector<Name>& voters);

// May the claim be made in the DCS now? May PostgreSQL be told to wait so?
bool may_claim(const QuorumState& state, const Claim& claim);
bool may_wait_for(const QuorumState& state, const SynchronousNames& waits);

// Where to go: `count` of these standbys; mode `on` lists only those of which each has every commit.
struct QuorumTarget {
  SynchronousNames waits;
  SyncMode mode = SyncMode::quorum;
};

using Transition = std::variant<Claim, SynchronousNames>;  // write it to the DCS; set it in PostgreSQL

// The next single transition towards the target; nullopt: it is reached, or standbys have to catch up first.
// Total: from any pair of a claim and names that somebody left behind. A claim that the names do not keep is
// given up first.
std::optional<Transition> next_transition(const QuorumState& state, const QuorumTarget& target);

}  // namespace holdfast::ha
