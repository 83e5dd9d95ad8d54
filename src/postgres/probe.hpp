#pragma once

#include "postgres/monitor.hpp"

namespace holdfast::postgres {

// How an error of connecting or writing is to be read. Pure.
Health health_of(const Error& error);

// A fresh connection as superuser (which may use superuser_reserved_connections), then on a primary proof
// that it can write: its flush position moved past `flushed_before`, by whomever, or else a write of our own:
// a transactional pg_logical_emit_message of no bytes. That takes an xid and a flush of the WAL, as any
// commit does, but needs no table, no privilege of a user, leaves no row, and pgoutput subscribers skip it;
// pg_current_xact_id() alone would not flush.
awaitable<Probe> probe_server(ConnectionOptions to, Lsn flushed_before, nanoseconds limit);

}  // namespace holdfast::postgres
