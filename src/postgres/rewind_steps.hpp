#pragma once

#include "async/asio.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

// Crash recovery without a server: `postgres --single` with nothing to do. Afterwards the directory is shut
// down cleanly.
awaitable<Result<void>> recover_in_single_user_mode(Options options, nanoseconds limit);

// Archives finished segments that wait in archive_status, with the configured archive_command: pg_rewind
// would delete those past the fork, and with them the only copy (EC-66). Nothing to do where archiving is
// off.
awaitable<Result<void>> archive_ready_segments(Options options, nanoseconds limit);

// archive_command with %p, %f and %% filled in. Pure.
std::string archive_command_for(const std::string& command, const std::string& path, const std::string& file);

}  // namespace holdfast::postgres
