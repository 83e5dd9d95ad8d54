#include "ha/sync_state.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace holdfast::ha {
namespace {

using Names = std::vector<Name>;

bool contains(const Names& names, const Name& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

Names intersection(const Names& a, const Names& b) {
  Names result;
  std::copy_if(a.begin(), a.end(), std::back_inserter(result),
               [&](const Name& name) { return contains(b, name); });
  return sorted(result);
}

const Standby* find_standby(const View& view, const Name& name) {
  const auto& rows = view.server.standbys;
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Standby& row) { return row.member == name; });
  return found == rows.end() ? nullptr : &*found;
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

bool may_be_waited_for(const View& view, const Standby& row) {
  if (is_gone(view, row) || !tags_of(view, row.member).may_be_sync()) return false;
  const bool is_listed = view.cluster->sync.lists(row.member);
  if (is_listed) return true;
  if (view.heard(row.member) == nullptr) return false;  // it could not take over: no use in waiting for it
  const auto lag_max = view.settings.maximum_lag_on_syncnode;
  return lag_max <= 0 || bytes_between(row.flushed, view.server.position) <= lag_max;
}

// The standbys that commits should wait for: those waited for already stay, so that an equal one causes no
// change.
Names wanted_standbys(const View& view) {
  std::vector<const Standby*> rows;
  for (const auto& row : view.server.standbys) {
    if (may_be_waited_for(view, row)) rows.push_back(&row);
  }
  const auto claim = [&](const Standby& row) {
    const Tags tags = tags_of(view, row.member);
    return std::tuple{!view.cluster->sync.lists(row.member),
                      !tags.may_lead(),
                      -tags.sync_priority,
                      !contains(view.server.synchronous_names, row.member),
                      ~row.flushed.value,
                      row.member};
  };
  std::sort(rows.begin(), rows.end(),
            [&](const Standby* a, const Standby* b) { return claim(*a) < claim(*b); });
  Names names;
  for (const Standby* row : rows) {
    if (names.size() < view.settings.synchronous_node_count) names.push_back(row->member);
  }
  return sorted(names);
}

std::string list(const Names& names) {
  return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, ", "));
}

// Mode off: the key goes first, then the waiting. Commits acknowledged from here on are asynchronous by the
// user's wish.
std::optional<SyncStep> step_to_off(const View& view) {
  const auto& sync = view.cluster->sync;
  if (sync.exists) return SyncStep{DeleteSync{sync.mod_revision}, "synchronous_mode is off"};
  if (!view.server.synchronous_names.empty())
    return SyncStep{SetSynchronousNames{{}}, "synchronous_mode is off"};
  return std::nullopt;
}

std::optional<SyncStep> step_to_none(const View& view) {
  const auto& sync = view.cluster->sync;
  if (view.settings.synchronous_mode_strict) {
    // Strict: commits wait until a standby is back. Those last listed have everything, and may still lead.
    Names names = sync.standbys.empty() ? Names{strict_placeholder} : sync.standbys;
    if (view.server.synchronous_names == names) return std::nullopt;
    return SyncStep{SetSynchronousNames{names},
                    "no synchronous standby is left: commits wait (synchronous_mode_strict)"};
  }
  if (!sync.standbys.empty()) {
    return SyncStep{WriteSync{{}, sync.mod_revision}, "no synchronous standby is left: none may take over"};
  }
  if (view.server.synchronous_names.empty()) return std::nullopt;
  return SyncStep{SetSynchronousNames{{}}, "no synchronous standby is left: commits go on without"};
}

}  // namespace

std::vector<Name> names_at_promotion(const Settings& settings) {
  const bool waits = settings.synchronous_mode != SyncMode::off && settings.synchronous_mode_strict;
  return waits ? Names{strict_placeholder} : Names{};
}

std::optional<SyncStep> next_sync_step(const View& view) {
  if (view.settings.synchronous_mode == SyncMode::off) return step_to_off(view);
  const auto& sync = view.cluster->sync;
  // The key is of another leader, or not there yet: nobody but us may lead from now on (EC-62).
  if (sync.leader != view.self)
    return SyncStep{WriteSync{{}, sync.mod_revision}, "synchronous mode becomes active"};

  const Names wanted = wanted_standbys(view);
  if (wanted.empty()) return step_to_none(view);
  const Names kept = intersection(sync.standbys, wanted);
  if (kept != sync.standbys) {
    return SyncStep{WriteSync{kept, sync.mod_revision},
                    fmt::format("synchronous standbys are to be {}", list(wanted))};
  }
  // From here every listed standby is wanted, so waiting for all that are wanted keeps what `sync` says true.
  if (sorted(view.server.synchronous_names) != wanted) {
    return SyncStep{SetSynchronousNames{wanted}, fmt::format("commits are to wait for {}", list(wanted))};
  }
  Names confirmed = kept;
  for (const auto& name : wanted) {
    const Standby* row = find_standby(view, name);
    if (!contains(kept, name) && row != nullptr && row->confirmed) confirmed.push_back(name);
  }
  if (confirmed.size() == kept.size()) return std::nullopt;
  return SyncStep{WriteSync{sorted(confirmed), sync.mod_revision}, fmt::format("{} caught up", list(wanted))};
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
