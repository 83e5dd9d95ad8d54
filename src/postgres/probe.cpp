#include "postgres/probe.hpp"

#include <algorithm>

namespace holdfast::postgres {
namespace {

constexpr auto look =
    "SELECT pg_is_in_recovery()::text AS r, "
    "CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_flush_lsn()::text END AS f";
constexpr auto write_something = "SELECT pg_logical_emit_message(true, 'holdfast', '')";

nanoseconds left_until(BootInstant deadline) {
  return std::max<nanoseconds>(deadline - BootClock::now(), 1ms);
}

Health health_of_write(const Error& error) {
  const Health health = health_of(error);
  const bool answered =
      health == Health::login_failed || (health == Health::gone && !sqlstate_of(error).empty());
  return answered ? Health::cannot_write : health;
}

}  // namespace

Health health_of(const Error& error) {
  const std::string state = sqlstate_of(error);
  const bool is_ending = error.context.find("shutting down") != std::string::npos;
  if (state == "57P03") return is_ending ? Health::stopping : Health::starting;
  if (state == "57P01" || state == "57P02") return Health::stopping;
  if (state == "53300") return Health::no_slots;
  if (state.starts_with("28") || state.starts_with("3D")) return Health::login_failed;
  if (state.starts_with("53") || state.starts_with("58") || state == "25006") return Health::cannot_write;
  if (error.code == Errc::timed_out) return Health::hung;
  if (state.empty() && error.context.find("fe_sendauth") != std::string::npos) return Health::login_failed;
  return Health::gone;
}

awaitable<Probe> probe_server(ConnectionOptions to, Lsn flushed_before, nanoseconds limit) {
  const auto started = BootClock::now();
  const auto deadline = started + limit;
  to.statement_timeout = std::max(std::chrono::duration_cast<milliseconds>(limit), 1ms);
  Probe probe;
  auto connection = co_await Connection::connect(std::move(to), limit);
  if (!connection) {
    probe.health = health_of(connection.error());
    probe.text = to_string(connection.error());
    probe.took = BootClock::now() - started;
    co_return probe;
  }
  auto seen = co_await connection->execute(look, left_until(deadline));
  if (seen) {
    probe.in_recovery = seen->text(0, "r") == "true";
    probe.flush = parse_lsn(seen->text(0, "f")).value_or(Lsn{});
  }
  const bool is_proven = probe.in_recovery || probe.flush > flushed_before;
  if (seen && !is_proven) seen = co_await connection->execute(write_something, left_until(deadline));
  // Read again, so that our own write is not taken for somebody else's by the next probe.
  if (seen && !is_proven) seen = co_await connection->execute(look, left_until(deadline));
  probe.took = BootClock::now() - started;
  probe.health = seen ? Health::healthy : health_of_write(seen.error());
  if (!seen) probe.text = to_string(seen.error());
  if (seen && !is_proven) probe.flush = parse_lsn(seen->text(0, "f")).value_or(probe.flush);
  co_return probe;
}

}  // namespace holdfast::postgres
