#include "postgres/readiness.hpp"

#include <algorithm>

#include "postgres/probe.hpp"
#include "postgres/proc_scan.hpp"

namespace holdfast::postgres {
namespace {

constexpr auto pause_between = 10ms;

bool says_ready(const Options& options) {
  const auto text = read_text(options.data_dir + "/postmaster.pid");
  if (!text) return false;
  const auto file = parse_pid_file(*text);
  return file && (file->status == "ready" || file->status == "standby");
}

}  // namespace

awaitable<Result<Connection>> wait_until_ready(Options options, ConnectionOptions to, Postmaster postmaster,
                                               nanoseconds limit,
                                               std::function<void(std::string_view)> on_progress) {
  const auto deadline = BootClock::now() + limit;
  auto next_report = BootClock::now() + 1s;
  for (;;) {
    if (!postmaster.is_alive()) co_return start_failure(options, "PostgreSQL ended while starting");
    const auto now = BootClock::now();
    if (now > deadline) co_return fail(Errc::timed_out, "PostgreSQL is not ready yet: " + log_tail(options));
    if (on_progress && now > next_report) {
      on_progress(log_tail(options, 1));
      next_report = now + 1s;
    }
    // A standby is "standby" before it is consistent; connecting is what tells. It costs a fork, so not
    // sooner.
    if (says_ready(options)) {
      auto connection = co_await Connection::connect(to, std::min<nanoseconds>(deadline - now + 1ms, 3s));
      if (connection) co_return connection;
      if (health_of(connection.error()) == Health::login_failed) co_return connection;
    }
    co_await async::sleep_for(pause_between);
  }
}

}  // namespace holdfast::postgres
