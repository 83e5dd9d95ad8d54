#pragma once

#include "base/result.hpp"
#include "base/timeline.hpp"
#include "postgres/options.hpp"

// Which number a promotion gets. PostgreSQL takes the first one above its own of which pg_wal has no history
// file (findNewestTimeLine in its timeline.c), so a member that never saw another's promotion would take the
// same number for a different history. Numbers that others were given are therefore taken by a file each that
// holds nothing but a comment: PostgreSQL passes over it, a running standby refuses to follow it ("not a
// child of this server's history"), and standbys that come from further back can fetch it, as they fetch
// every file on the way. All of it works on the folder only, and blocks for as long as the disk takes.
namespace holdfast::postgres {

// The last number above `own` that has a history file without a gap before it; `own` when there is none.
Timeline newest_timeline(const Options& options, Timeline own);

// Before a promotion: leaves `wanted` as the number that PostgreSQL takes. Errc::conflict when the history of
// `wanted` is here already; Errc::refused when `wanted` is absurdly far away, which means a damaged key.
Result<void> reserve_timelines(const Options& options, Timeline own, Timeline wanted);

// Before a start as a standby: a promotion that was cut short left its files, and PostgreSQL would take the
// newest for where recovery has to end, and never come up. Only files of ours above `own`, from the newest
// down to the first real one, are removed.
Result<void> drop_reserved_timelines(const Options& options, Timeline own);

}  // namespace holdfast::postgres
