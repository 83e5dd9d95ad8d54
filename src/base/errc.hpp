#pragma once

#include <string_view>

namespace holdfast {

// Every kind of failure that a caller can act on. The words around it are Error::context.
enum class Errc {
  timed_out,          // a deadline passed; the outcome of the operation may be unknown
  unavailable,        // nobody answered: connection refused, reset, no endpoint left
  refused,            // the other side answered no: authentication, permission, wrong state
  not_found,          // the thing asked for does not exist
  conflict,           // a compare in a transaction failed: somebody was faster
  lease_lost,         // the lease is gone from the DCS
  compacted,          // the watched revision is compacted away; list again
  stale,              // the answer comes from a member that is behind (raft term, cluster id)
  bad_message,        // bytes that do not parse
  too_large,          // over a limit of ours
  invalid_argument,   // the caller's or user's value is not allowed
  unsupported,        // known, but not by this version of PostgreSQL, etcd or Holdfast
  no_space,           // the file system is full
  permission_denied,  // the operating system says no
  io_error,           // the operating system failed in another way
  process_failed,     // a child process exited with an error
  cancelled,          // stopped by us
  internal,           // a bug of ours that is not worth an abort
};

// "timed out", "lease lost", …
std::string_view to_string(Errc code) noexcept;

}  // namespace holdfast
