#include "postgres/control.hpp"

#include <unistd.h>

#include <algorithm>

#include "postgres/control_state.hpp"
#include "postgres/probe.hpp"
#include "postgres/readiness.hpp"
#include "postgres/rewind_steps.hpp"
#include "postgres/timelines.hpp"

namespace holdfast::postgres {
namespace {

nanoseconds given_or(milliseconds limit, milliseconds usual) {
  return limit > 0ms ? limit : usual;
}

// Backends that outlived their postmaster would make PostgreSQL refuse ("pre-existing shared memory block"),
// and a stale postmaster.pid whose pid belongs to another program by now would too (EC-39).
awaitable<Result<void>> clear_leftovers(Options options) {
  if (!processes_of(options).empty()) {
    auto killed = co_await kill_all_processes(options, 10s);
    if (!killed) co_return killed;
  }
  ::unlink((options.data_dir + "/postmaster.pid").c_str());
  co_return Result<void>{};
}

}  // namespace

Control::Control(asio::any_io_executor executor, Options options)
    : state_{std::make_unique<State>(std::move(executor), std::move(options))} {}
Control::~Control() = default;

const Options& Control::options() const {
  return state_->options;
}
Version Control::version() const {
  return state_->version;
}

awaitable<Result<Inspection>> Control::inspect() {
  auto learnt = co_await state_->learn_version();
  if (!learnt) co_return tl::unexpected(learnt.error());
  co_return inspect_directory(state_->options, state_->version.major());
}

awaitable<Result<ControlData>> Control::control_data() {
  co_return co_await read_control_data(state_->options);
}

Result<Postmaster> Control::postmaster() {
  return state_->running();
}

awaitable<Result<Bootstrapped>> Control::bootstrap(BootstrapOptions how) {
  auto learnt = co_await state_->learn_version();
  if (!learnt) co_return tl::unexpected(learnt.error());
  co_return co_await postgres::bootstrap(state_->options, std::move(how));
}

awaitable<Result<Postmaster>> Control::launch(StartOptions how) {
  auto found = co_await inspect();
  if (!found) co_return tl::unexpected(found.error());
  if (found->state == DirectoryState::empty)
    co_return fail(Errc::not_found, "there is no cluster in " + options().data_dir);
  if (found->state != DirectoryState::valid) co_return fail(Errc::refused, found->advice);
  if (auto server = state_->running(); server) co_return server;
  auto cleared = co_await clear_leftovers(state_->options);
  if (!cleared) co_return tl::unexpected(cleared.error());
  auto control = co_await read_control_data(state_->options);
  if (!control) co_return tl::unexpected(control.error());
  if (how.role == Role::standby) {
    auto dropped =
        drop_reserved_timelines(options(), std::max(control->timeline, control->min_recovery_timeline));
    if (!dropped) co_return tl::unexpected(dropped.error());
  }
  auto learnt = co_await state_->learn_refused();
  if (!learnt) co_return tl::unexpected(learnt.error());
  state_->desired = Desired{.role = how.role,
                            .upstream = std::move(how.upstream),
                            .synchronous_standby_names = std::move(how.synchronous_standby_names)};
  auto written = state_->write_files();
  if (!written) co_return tl::unexpected(written.error());
  state_->idle.clear();
  state_->probed_flush = {};
  auto controlled = controlled_parameters(state_->options, state_->version, how.role, *control);
  const nanoseconds limit = given_or(how.limit, options().start_timeout);
  auto server = co_await postgres::launch(state_->options, std::move(controlled.parameters), limit);
  if (server) state_->postmaster = *server;
  co_return server;
}

awaitable<Result<void>> Control::wait_ready(nanoseconds limit,
                                            std::function<void(std::string_view)> on_progress) {
  auto server = state_->running();
  if (!server) co_return tl::unexpected(server.error());
  auto to = local_connection(options());
  auto connection =
      co_await wait_until_ready(options(), std::move(to), *server, limit, std::move(on_progress));
  if (!connection) co_return tl::unexpected(connection.error());
  state_->give_back(std::move(*connection));
  co_return Result<void>{};
}

awaitable<Result<Postmaster>> Control::start(StartOptions how) {
  const nanoseconds limit = given_or(how.limit, options().start_timeout);
  const auto deadline = BootClock::now() + limit;
  const auto on_progress = how.on_progress;
  auto server = co_await launch(std::move(how));
  if (!server) co_return server;
  auto ready = co_await wait_ready(std::max<nanoseconds>(deadline - BootClock::now(), 1ms), on_progress);
  if (!ready) co_return tl::unexpected(ready.error());
  co_return server;
}

awaitable<Result<Stopped>> Control::stop(StopMode mode, milliseconds limit) {
  state_->idle.clear();  // a smart shutdown would wait for our own connections
  auto server = state_->running();
  if (server) {
    const nanoseconds patience = given_or(limit, options().stop_timeout);
    co_return co_await stop_postmaster(options(), *server, mode, patience);
  }
  auto killed = co_await kill_all_processes(options(), 10s);
  if (!killed) co_return tl::unexpected(killed.error());
  co_return Stopped{};
}

awaitable<Result<void>> Control::kill_all() {
  state_->idle.clear();
  co_return co_await kill_all_processes(options(), 10s);
}

awaitable<Result<void>> Control::wait_exit() {
  auto server = state_->running();
  if (!server) co_return Result<void>{};
  co_return co_await server->wait_exit();
}

awaitable<Result<void>> Control::clone(Upstream source, CloneOptions how) {
  if (state_->running())
    co_return fail(Errc::conflict, "PostgreSQL runs in " + options().data_dir + "; stop it first");
  state_->desired.reset();
  state_->checked_parameters.reset();
  co_return co_await postgres::clone(options(), std::move(source), std::move(how));
}

awaitable<Result<Rewound>> Control::rewind(Upstream source, RewindOptions how) {
  if (state_->running())
    co_return fail(Errc::conflict, "PostgreSQL runs in " + options().data_dir + "; stop it first");
  state_->desired.reset();
  auto cleared = co_await clear_leftovers(options());
  if (!cleared) co_return tl::unexpected(cleared.error());
  co_return co_await postgres::rewind(state_->accepted_options(), std::move(source), std::move(how));
}

awaitable<Result<void>> Control::recover_single_user(milliseconds limit) {
  if (state_->running())
    co_return fail(Errc::conflict, "PostgreSQL runs in " + options().data_dir + "; stop it first");
  auto cleared = co_await clear_leftovers(options());
  if (!cleared) co_return cleared;
  co_return co_await recover_in_single_user_mode(options(), limit);
}

}  // namespace holdfast::postgres
