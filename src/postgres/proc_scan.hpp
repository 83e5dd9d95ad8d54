#pragma once

#include <sys/types.h>

#include "postgres/process.hpp"

namespace holdfast::postgres {

// Is this process one of PostgreSQL's (by its executable) with this data directory as working directory (by
// inode)?
bool works_in(const Options& options, pid_t pid);
pid_t parent_of(pid_t pid);
// Was it started with our scope on its command line?
bool is_our_command_line(const Options& options, pid_t pid);

// Why PostgreSQL did not come up, by its last words: full disk, taken port, or as it says.
tl::unexpected<Error> start_failure(const Options& options, const std::string& doing);

// Takes hold of our own child, which needs no further proof.
Result<Postmaster> hold_child(const asio::any_io_executor& executor, pid_t pid);

}  // namespace holdfast::postgres
