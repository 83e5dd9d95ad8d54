#pragma once

#include <functional>

#include "postgres/process.hpp"
#include "postgres/sql.hpp"

namespace holdfast::postgres {

// Waits until a connection succeeds. "starting up", "no slots" and refused connections are waited out while
// the postmaster lives; its death (Errc::process_failed, with its last words), a wrong password and the limit
// are errors.
awaitable<Result<Connection>> wait_until_ready(Options options, ConnectionOptions to, Postmaster postmaster,
                                               nanoseconds limit,
                                               std::function<void(std::string_view)> on_progress);

}  // namespace holdfast::postgres
