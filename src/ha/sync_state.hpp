#pragma once

#include <optional>
#include <string>

#include "ha/action.hpp"
#include "ha/view.hpp"

namespace holdfast::ha {

struct SyncStep {
  Action action;  // WriteSync, DeleteSync or SetSynchronousNames
  std::string reason;
};

// The next single step from what `sync` and PostgreSQL say towards the standbys that should be waited for
// (ha/quorum.hpp has the order of them; EC-51, EC-52). nullopt: nothing to do. For a running primary that
// holds the lock.
std::optional<SyncStep> next_sync_step(const View& view);

// What a server must wait for that is about to be a primary, by start or by promotion: what keeps the claim
// of `sync`, if that is still of us as the leader. Else nobody, and in strict mode a standby that is yet to
// come.
SynchronousNames names_at_start(const Settings& settings, const SyncKey& sync, const Name& self);

// What was seen of `sync` may be from before our own last write of it: nothing can be built on it.
bool sync_may_be_older(const View& view);

// An earlier write of `sync`, of this process or one before it, was not answered and may yet take effect:
// writing the key again leaves it no way to.
std::optional<SyncStep> step_out_of_doubt(const View& view);

// Strict mode without a standby to wait for: in words. nullopt: commits are not held up by that.
std::optional<std::string> why_commits_wait(const View& view);

// When a standby that is silent now will be dropped, if it stays so: wake then.
std::optional<BootInstant> next_standby_deadline(const View& view);

}  // namespace holdfast::ha
