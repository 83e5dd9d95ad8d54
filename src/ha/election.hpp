#pragma once

#include <optional>
#include <string>

#include "ha/action.hpp"

// Who may take a free leader lock (EC-19, 20, 23, 24, 30, 56). Pure judgements over one node's View.
namespace holdfast::ha {

// Why this node must not lead, as far as it alone is concerned; nullopt: it may.
std::optional<std::string> obstacle_to_lead(const View& view);

// A peer that is heard, may lead, and has more of the log than we have (or as much, and a better claim).
const Name* better_candidate(const View& view);

// Every member that could be a candidate is heard from, so that a comparison means something. The member that
// last led is left out: it is the one that is gone.
bool all_candidates_are_heard(const View& view);

// Why `candidate` can't be handed the lock by us, the running leader; nullopt: it can.
std::optional<std::string> obstacle_to_hand_over(const View& view, const Name& candidate);

// The newest timeline that any server is known to be on or to have been on: ours, whoever's heartbeats or
// record said so, the cluster's history. Numbers that can only be a mistake are left out.
Timeline newest_timeline_in_use(const View& view);

// The action that takes the free lock. In recovery it asks for a timeline number above every one that was
// ever seen; a member that is primary already stays on its own.
AcquireLeader take_lock(const View& view, bool writes_sync);

// The best standby to hand the lock to; empty: none.
Name best_hand_over_candidate(const View& view);

// A standby that would take the lock at once, if we, the leader, let go of it while our server is down;
// empty: none.
Name ready_successor(const View& view);

}  // namespace holdfast::ha
