#include <csignal>
#include <filesystem>

#include "postgres/control_state.hpp"
#include "postgres/probe.hpp"
#include "postgres/timelines.hpp"

// The verbs of Control for a running server.
namespace holdfast::postgres {
namespace {

constexpr auto poll_pause = 5ms;

}  // namespace

awaitable<Result<Timeline>> Control::promote(Timeline timeline, milliseconds limit) {
  const auto deadline = BootClock::now() + limit;
  auto server = state_->running();
  if (!server) co_return tl::unexpected(server.error());
  auto before = co_await status(limit);
  if (!before) co_return fail("promoting", before.error());
  if (!before->in_recovery) co_return before->timeline;
  // A paused replay would never end (EC-33).
  auto resumed = co_await query(
      "SELECT CASE WHEN pg_is_in_recovery() THEN CASE WHEN pg_is_wal_replay_paused() THEN "
      "pg_wal_replay_resume() END END",
      {}, limit);
  if (!resumed) co_return fail("promoting", resumed.error());
  auto reserved = reserve_timelines(options(), before->timeline, timeline);
  if (!reserved) co_return fail("promoting", reserved.error());
  auto file = write_atomically(options(), options().data_dir + "/promote", "");
  if (!file) co_return fail("promoting", file.error());
  auto sent = server->signal(SIGUSR1);
  if (!sent) co_return fail("promoting", sent.error());
  while (BootClock::now() < deadline) {
    auto answer = co_await query("SELECT pg_is_in_recovery()::text AS r", {}, options().query_timeout);
    if (answer && answer->text(0, "r") == "false") {
      auto& wish = state_->wish();
      wish.role = Role::primary;
      wish.upstream.reset();
      state_->probed_flush = {};
      auto after = co_await status(options().query_timeout);
      if (!after) co_return fail("promoted, on which timeline is unknown", after.error());
      co_return after->timeline;
    }
    if (!server->is_alive())
      co_return fail(Errc::process_failed, "PostgreSQL ended while promoting: " + log_tail(options()));
    co_await async::sleep_for(poll_pause);
  }
  co_return fail(Errc::timed_out,
                 "still in recovery after the promotion was asked for: " + log_tail(options()));
}

awaitable<Result<void>> Control::follow(std::optional<Upstream> upstream) {
  auto learnt = co_await state_->learn_version();
  if (!learnt) co_return learnt;
  auto& wish = state_->wish();
  std::error_code ignored;
  const bool is_standby = std::filesystem::exists(options().data_dir + "/standby.signal", ignored);
  if (state_->running() && !is_standby) {
    co_return fail(Errc::conflict, "the server runs as primary; only a restart makes it follow");
  }
  wish.role = Role::standby;
  wish.upstream = std::move(upstream);
  auto written = state_->write_files();
  if (!written) co_return tl::unexpected(written.error());
  auto reloaded = state_->signal_reload();
  if (!reloaded) co_return tl::unexpected(reloaded.error());
  co_return Result<void>{};
}

awaitable<Result<void>> Control::wait_receiver_gone(milliseconds limit) {
  const auto deadline = BootClock::now() + limit;
  for (;;) {
    auto answer =
        co_await query("SELECT pid FROM pg_stat_get_wal_receiver() WHERE pid IS NOT NULL", {}, limit);
    if (!answer) co_return tl::unexpected(answer.error());
    if (answer->empty()) co_return Result<void>{};
    if (BootClock::now() > deadline) co_return fail(Errc::timed_out, "the walreceiver still runs");
    co_await async::sleep_for(poll_pause);
  }
}

awaitable<Result<void>> Control::set_synchronous_standby_names(std::string names) {
  auto learnt = co_await state_->learn_version();
  if (!learnt) co_return learnt;
  state_->wish().synchronous_standby_names = names;
  auto written = state_->write_files();
  if (!written) co_return tl::unexpected(written.error());
  auto reloaded = state_->signal_reload();
  if (!reloaded) co_return tl::unexpected(reloaded.error());
  if (!*reloaded) co_return Result<void>{};
  const auto deadline = BootClock::now() + options().query_timeout;
  for (;;) {
    auto answer = co_await query("SELECT current_setting('synchronous_standby_names') AS names", {},
                                 options().query_timeout);
    if (!answer) co_return tl::unexpected(answer.error());
    if (answer->text(0, "names") == names) co_return Result<void>{};
    if (BootClock::now() > deadline) {
      co_return fail(Errc::timed_out,
                     "PostgreSQL did not take synchronous_standby_names over: " + log_tail(options()));
    }
    co_await async::sleep_for(poll_pause);
  }
}

awaitable<Result<void>> Control::checkpoint(milliseconds limit) {
  auto to = local_connection(options());
  to.statement_timeout = limit;
  auto connection = co_await Connection::connect(std::move(to), options().connect_timeout);
  if (!connection) co_return tl::unexpected(connection.error());
  auto done = co_await connection->execute("CHECKPOINT", limit);
  if (!done) co_return fail("checkpoint", done.error());
  co_return Result<void>{};
}

awaitable<Result<ReloadResult>> Control::reload(Options options) {
  state_->wish();  // read with the old options' paths
  state_->options = resolved(std::move(options));
  state_->idle.clear();
  // Nothing to write into yet: a clone or bootstrap renders the files with these options when it is done.
  if (inspect_directory(state_->options, 0).state != DirectoryState::valid) co_return ReloadResult{};
  auto learnt = co_await state_->learn_version();
  if (!learnt) co_return tl::unexpected(learnt.error());
  auto checked = co_await state_->learn_refused();
  if (!checked) co_return tl::unexpected(checked.error());
  auto written = state_->write_files();
  if (!written) co_return tl::unexpected(written.error());
  ReloadResult result{.changed = written->changed, .dropped = written->dropped};
  auto reloaded = state_->signal_reload();
  if (!reloaded) co_return tl::unexpected(reloaded.error());
  if (!*reloaded) co_return result;
  // Compared with the running values, so that a change taken back needs no restart (EC-88).
  const auto controlled = controlled_parameters(state_->options, state_->version, state_->wish().role, {});
  auto running = co_await query("SELECT name, setting, pending_restart::text AS p FROM pg_settings", {},
                                state_->options.query_timeout);
  if (!running) co_return tl::unexpected(running.error());
  for (std::size_t row = 0; row < running->size(); ++row) {
    const auto wanted = controlled.parameters.find(running->text(row, "name"));
    const bool differs =
        wanted != controlled.parameters.end() && wanted->second != running->text(row, "setting");
    if (differs || running->text(row, "p") == "true") result.restart_needed = true;
  }
  co_return result;
}

awaitable<Result<Status>> Control::status(milliseconds limit) {
  auto answer = co_await query(status_query(state_->version.number), {}, limit);
  if (!answer) co_return tl::unexpected(answer.error());
  co_return parse_status(*answer);
}

awaitable<Result<Probe>> Control::probe(milliseconds limit) {
  auto to = local_connection(options());
  auto probe = co_await probe_server(std::move(to), state_->probed_flush, limit);
  if (probe.health == Health::healthy) state_->probed_flush = probe.flush;
  co_return probe;
}

awaitable<Result<void>> Control::apply_slots(SlotPlan plan) {
  if (plan.empty()) co_return Result<void>{};
  auto connection = co_await state_->take_connection(options().connect_timeout);
  if (!connection) co_return tl::unexpected(connection.error());
  auto applied = co_await postgres::apply_slots(&*connection, std::move(plan), options().query_timeout);
  state_->give_back(std::move(*connection));
  co_return applied;
}

awaitable<Result<Rows>> Control::query(std::string sql, std::vector<Field> parameters, milliseconds limit) {
  co_return co_await state_->ask(std::move(sql), std::move(parameters), limit);
}

}  // namespace holdfast::postgres
