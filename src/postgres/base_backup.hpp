#pragma once

#include <functional>
#include <string>

#include "async/asio.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

struct CloneProgress {
  std::int64_t bytes_done = 0;
  std::int64_t bytes_total = 0;  // 0: not known yet
};

struct CloneOptions {
  std::function<void(CloneProgress)> on_progress;
  // `create_replica_methods`: a command instead of pg_basebackup; gets --scope --role --datadir --connstring
  // appended.
  std::string command;
  bool command_no_params = false;
};

// pg_basebackup -X stream from `source` into the (empty, announced) data directory. On failure, and when
// cancelled, the announcement stays, so the directory is never started: the next clone sets it aside or, when
// it holds nothing but the failed clone, empties it.
awaitable<Result<void>> clone(Options options, Upstream source, CloneOptions how);

// "12345/67890 kB (18%), 0/1 tablespace" of pg_basebackup -P.
Result<CloneProgress> parse_clone_progress(std::string_view line);

}  // namespace holdfast::postgres
