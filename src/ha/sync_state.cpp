#include "ha/sync_state.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/overload.hpp"
#include "ha/quorum.hpp"

namespace holdfast::ha {
namespace {

using Names = std::vector<Name>;

bool contains(const Names& names, const Name& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Tags tags_of(const View& view, const Name& name) {
  if (const Peer* peer = view.heard(name)) return peer->tags;
  const Member* member = view.cluster ? view.cluster->find(name) : nullptr;
  return member != nullptr ? member->tags : Tags{};
}

// Gone: its connection is closed; or it is silent and does not acknowledge what we wrote. A standby whose
// agent alone is silent still acknowledges, and stays.
bool is_gone(const View& view, const Standby& row) {
  if (!row.streaming) return true;
  const bool is_silent = view.heard(row.member) == nullptr;
  return is_silent && row.stalled_since && view.now >= *row.stalled_since + view.settings.standby_drop_after;
}

// Patroni's maximum_lag_on_syncnode: behind the standby that is furthest, or behind us when there is only
// one.
bool lags(const View& view, const Standby& row) {
  const auto lag_max = view.settings.maximum_lag_on_syncnode;
  if (lag_max <= 0) return false;
  const auto& rows = view.server.standbys;
  Lsn furthest = rows.size() > 1 ? Lsn{} : view.server.position;
  for (const auto& other : rows) furthest = std::max(furthest, other.flushed);
  return bytes_between(row.flushed, furthest) > lag_max;
}

bool may_be_waited_for(const View& view, const Standby& row) {
  if (is_gone(view, row) || !tags_of(view, row.member).may_be_sync()) return false;
  if (view.cluster->sync.lists(row.member)) return true;
  // One that could not take over, or is not near: no use in waiting for it.
  return view.heard(row.member) != nullptr && !lags(view, row);
}

// The best first. Those waited for already come before their equals, so that an equal one causes no change.
std::vector<const Standby*> candidates(const View& view) {
  std::vector<const Standby*> rows;
  for (const auto& row : view.server.standbys) {
    if (may_be_waited_for(view, row)) rows.push_back(&row);
  }
  const auto claim = [&](const Standby& row) {
    const Tags tags = tags_of(view, row.member);
    return std::tuple{lags(view, row),
                      !tags.may_lead(),
                      -tags.sync_priority,
                      !view.cluster->sync.lists(row.member),
                      !contains(view.server.synchronous_names.names, row.member),
                      ~row.flushed.value,
                      row.member};
  };
  std::sort(rows.begin(), rows.end(),
            [&](const Standby* a, const Standby* b) { return claim(*a) < claim(*b); });
  return rows;
}

// Mode `on`: the best. Those that are to be replaced, and live, stay until all of the best are listed: at
// every instant somebody may take over.
Names wanted_in_mode_on(const View& view) {
  const auto& sync = view.cluster->sync;
  const auto rows = candidates(view);
  Names names;
  bool all_are_listed = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Name& name = rows[i]->member;
    const bool is_among_the_best = i < view.settings.synchronous_node_count;
    if (is_among_the_best) all_are_listed = all_are_listed && sync.lists(name);
    if (is_among_the_best || (!all_are_listed && sync.lists(name))) names.push_back(name);
  }
  return names;
}

// Mode `quorum`: everybody; one that lags only as long as there are not enough others.
Names wanted_in_mode_quorum(const View& view) {
  Names names;
  for (const Standby* row : candidates(view)) {
    if (!lags(view, *row) || names.size() < view.settings.synchronous_node_count)
      names.push_back(row->member);
  }
  return names;
}

// The standbys that commits should wait for.
SynchronousNames wanted_standbys(const View& view) {
  const bool any = view.settings.synchronous_mode == SyncMode::quorum;
  Names names = any ? wanted_in_mode_quorum(view) : wanted_in_mode_on(view);
  if (names.empty()) return {};
  std::sort(names.begin(), names.end());
  const auto count = any ? std::min(view.settings.synchronous_node_count, names.size()) : names.size();
  return {.names = std::move(names), .count = count, .any = any};
}

QuorumState state_of(const View& view) {
  QuorumState state{claim_of(view.cluster->sync), view.server.synchronous_names, {}};
  for (const auto& row : view.server.standbys) {
    if (row.confirmed && row.streaming) state.confirmed.push_back(row.member);
  }
  std::sort(state.confirmed.begin(), state.confirmed.end());
  return state;
}

std::string text_of(const SynchronousNames& waits) {
  const auto list = fmt::format("{}", fmt::join(waits.names, ", "));
  if (waits.names.empty()) return "nobody";
  return waits.count == waits.names.size() ? list : fmt::format("any {} of {}", waits.count, list);
}

// Mode off: the key goes first, then the waiting. Commits acknowledged from here on are asynchronous by the
// user's wish.
std::optional<SyncStep> step_to_off(const View& view) {
  const auto& sync = view.cluster->sync;
  if (sync.exists) return SyncStep{DeleteSync{sync.mod_revision}, "synchronous_mode is off"};
  if (!view.server.synchronous_names.names.empty())
    return SyncStep{SetSynchronousNames{}, "synchronous_mode is off"};
  return std::nullopt;
}

SyncStep step_of(const View& view, const Transition& transition, const SynchronousNames& wanted) {
  const auto write = [&](const Claim& claim) -> SyncStep {
    std::string reason = fmt::format("standbys that have every commit are to be {}", text_of(wanted));
    if (wanted.names.empty()) reason = "no synchronous standby is left: none may take over";
    return {WriteSync{claim.voters, view.cluster->sync.mod_revision, claim.quorum()}, std::move(reason)};
  };
  const auto set = [&](const SynchronousNames& waits) -> SyncStep {
    std::string reason = fmt::format("commits are to wait for {}", text_of(waits));
    if (waits.names.empty()) reason = "no synchronous standby is left: commits go on without";
    return {SetSynchronousNames{waits}, std::move(reason)};
  };
  return std::visit(Overload{write, set}, transition);
}

SynchronousNames nobody_yet(const Settings& settings) {
  const bool waits = settings.synchronous_mode != SyncMode::off && settings.synchronous_mode_strict;
  if (!waits) return {};
  return {.names = {strict_placeholder}, .count = 1, .any = settings.synchronous_mode == SyncMode::quorum};
}

// Strict: commits wait until a standby is back. Those last listed have what they had, and may still lead.
std::optional<SyncStep> step_to_wait(const View& view) {
  const QuorumState state = state_of(view);
  if (!is_kept_by(state.claim, state.waits)) return step_of(view, Claim{}, {});
  const auto nobody = nobody_yet(view.settings);
  if (state.claim.required > 0 || state.waits == nobody) return std::nullopt;
  return SyncStep{SetSynchronousNames{nobody}, *why_commits_wait(view)};
}

}  // namespace

SynchronousNames names_at_start(const Settings& settings, const SyncKey& sync, const Name& self) {
  const Claim claim = claim_of(sync);
  if (!sync.is_active() || sync.leader != self || claim.required == 0) return nobody_yet(settings);
  return {.names = claim.voters,
          .count = claim.required,
          .any = settings.synchronous_mode == SyncMode::quorum || claim.quorum() > 0};
}

bool sync_may_be_older(const View& view) {
  return view.pending.sync || view.cluster->revision < view.pending.sync_revision;
}

// Until some write has been answered, neither that one nor what `sync` says now can be built on (EC-11).
std::optional<SyncStep> step_out_of_doubt(const View& view) {
  const auto& sync = view.cluster->sync;
  if (!view.pending.sync_in_doubt || sync.leader != view.self) return std::nullopt;
  return SyncStep{WriteSync{sync.standbys, sync.mod_revision, sync.quorum},
                  "an earlier write of `sync` may yet take effect: writing it again"};
}

std::optional<SyncStep> next_sync_step(const View& view) {
  if (sync_may_be_older(view)) return std::nullopt;
  if (view.settings.synchronous_mode == SyncMode::off) return step_to_off(view);
  const auto& sync = view.cluster->sync;
  // The key is of another leader, or not there yet: nobody but us may lead from now on (EC-62).
  if (sync.leader != view.self)
    return SyncStep{WriteSync{{}, sync.mod_revision}, "synchronous mode becomes active"};

  if (auto again = step_out_of_doubt(view)) return again;
  const SynchronousNames wanted = wanted_standbys(view);
  if (wanted.names.empty() && view.settings.synchronous_mode_strict) return step_to_wait(view);
  const QuorumTarget target{.waits = wanted, .mode = view.settings.synchronous_mode};
  if (const auto transition = next_transition(state_of(view), target))
    return step_of(view, *transition, wanted);
  return std::nullopt;
}

std::optional<std::string> why_commits_wait(const View& view) {
  const auto& settings = view.settings;
  if (settings.synchronous_mode == SyncMode::off || !settings.synchronous_mode_strict) return std::nullopt;
  if (!wanted_standbys(view).names.empty()) return std::nullopt;
  return "no synchronous standby is left: commits wait (synchronous_mode_strict)";
}

std::optional<BootInstant> next_standby_deadline(const View& view) {
  std::optional<BootInstant> next;
  for (const auto& row : view.server.standbys) {
    const auto peer = view.peers.find(row.member);
    if (peer != view.peers.end() && peer->second.is_heard(view.now)) {
      next = std::min(next.value_or(BootInstant::max()), peer->second.suspected_at);
    } else if (row.streaming && row.stalled_since) {
      const auto dropped_at = *row.stalled_since + view.settings.standby_drop_after;
      if (dropped_at > view.now) next = std::min(next.value_or(BootInstant::max()), dropped_at);
    }
  }
  return next;
}

}  // namespace holdfast::ha
