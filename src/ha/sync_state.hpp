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
// (patroni-dcs 2.5): added in PostgreSQL first, then in `sync`; removed from `sync` first, then from
// PostgreSQL. So whoever is listed in `sync` has every acknowledged commit, at every instant (EC-51, EC-52).
// nullopt: nothing to do. For a running primary that holds the lock. In mode `on` every listed standby must
// flush.
std::optional<SyncStep> next_sync_step(const View& view);

// What a standby that is about to be promoted must have in synchronous_standby_names.
std::vector<Name> names_at_promotion(const Settings& settings);

// When a standby that is silent now will be dropped, if it stays so: wake then.
std::optional<BootInstant> next_standby_deadline(const View& view);

}  // namespace holdfast::ha
