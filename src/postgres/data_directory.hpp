#pragma once

#include <string>

#include "async/asio.hpp"
#include "base/result.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

enum class DirectoryState {
  empty,          // absent, or nothing in it: may be initialised or cloned into
  valid,          // a PostgreSQL cluster of the programs' major version
  incomplete,     // bootstrap, clone or rewind was interrupted: never start it (EC-68, EC-72)
  foreign,        // files that are not a PostgreSQL cluster: never touch them
  wrong_version,  // a cluster of another major version
  inaccessible,   // permission, I/O error, not a directory, parent (mount) missing (EC-38)
};
std::string_view to_string(DirectoryState state);

struct Inspection {
  DirectoryState state = DirectoryState::empty;
  int major = 0;       // of PG_VERSION
  std::string advice;  // one sentence: what is wrong and what to do; empty for empty and valid
  std::string work;    // incomplete: "clone", "rewind", "bootstrap"
};

// Looks; changes nothing. `major`: of the programs; 0: any.
Inspection inspect_directory(const Options& options, int major);

// Work in progress that leaves the directory unusable is announced beside it in <data_dir>.holdfast-<work>
// (synced to disk), so that it is recognised after a crash of anybody, also when the directory itself is
// emptied.
Result<void> begin_work(const Options& options, const std::string& work);
Result<void> end_work(const Options& options);

// Moves the directory to <data_dir>.<reason>-<UTC time>, with pg_wal and tablespaces that are symbolic links
// renamed to the same suffix and re-linked, so that a clone into the old places finds them free (EC-72,
// EC-73). Returns the new path; empty when there was nothing to move. Then keeps the newest `set_aside_keep`
// of such directories: the others are removed by a child process, whose failure is logged and no more.
awaitable<Result<std::string>> set_aside(Options options, std::string reason);

// Removes the directory's contents for good, with linked pg_wal and tablespaces, by a child process. Only
// where the user allowed it.
awaitable<Result<void>> remove_contents(Options options);

}  // namespace holdfast::postgres
