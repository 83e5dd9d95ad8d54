#include "agent/jobs.hpp"

#include <fmt/format.h>

#include "agent/settings.hpp"
#include "base/log.hpp"
#include "base/overload.hpp"
#include "postgres/data_directory.hpp"

namespace holdfast::agent {
namespace {

constexpr milliseconds standby_start_limit = 20s;  // longer is fine too: it is observed as starting meanwhile
constexpr milliseconds promote_limit = 60s;
constexpr milliseconds checkpoint_limit = 30s;
constexpr milliseconds source_pause = 300ms;

}  // namespace

Jobs::Jobs(const asio::any_io_executor& executor, postgres::Control* control, Observer* observer,
           CallbackRunner* callbacks, postgres::BootstrapOptions bootstrap, Sources sources,
           std::function<void()> on_change)
    : control_{control},
      observer_{observer},
      callbacks_{callbacks},
      bootstrap_{std::move(bootstrap)},
      sources_{std::move(sources)},
      on_change_{std::move(on_change)},
      tasks_{std::make_unique<async::TaskGroup>(executor)} {
  bootstrap_.on_line = [](std::string_view line) { log::info("bootstrap", {{"says", line}}); };
}

void Jobs::start(ha::Action action) {
  const ha::Job job = ha::job_of(action);
  if (current_ != ha::Job::none && (job != ha::Job::kill || current_ == ha::Job::kill)) return;
  if (current_ != ha::Job::none) tasks_->cancel();
  current_ = job;
  progress_.clear();
  tasks_->spawn(ha::to_string(action), run(std::move(action), ++number_));
}

awaitable<void> Jobs::run(ha::Action action, std::uint64_t number) {
  const ha::Job job = ha::job_of(action);
  const std::string what = ha::to_string(action);
  const BootInstant began = BootClock::now();
  observer_->look_away(job == ha::Job::bootstrap || job == ha::Job::clone || job == ha::Job::rewind);
  auto outcome = co_await carry_out(std::move(action));
  if (number != number_) co_return;
  observer_->look_away(false);
  co_await observer_->look();
  if (number != number_) co_return;
  report(job, outcome);
  const auto took = std::chrono::duration_cast<milliseconds>(BootClock::now() - began);
  if (outcome) log::info("done", {{"job", what}, {"took", took}});
  if (!outcome) log::error("failed", {{"job", what}, {"took", took}, {"error", outcome.error()}});
  on_change_();
}

void Jobs::report(ha::Job job, const Result<void>& outcome) {
  const bool repeats = last_ && last_->job == job && !last_->ok;
  const int failures = outcome ? 0 : 1 + (repeats ? last_->failures : 0);
  last_ = ha::JobReport{.job = job,
                        .ok = outcome.has_value(),
                        .problem = outcome ? std::string{} : to_string(outcome.error()),
                        .ended = BootClock::now(),
                        .failures = failures,
                        .needs_rebuild = std::exchange(needs_rebuild_, false)};
  current_ = ha::Job::none;
  progress_.clear();
}

awaitable<Result<void>> Jobs::carry_out(ha::Action action) {
  return std::visit(
      Overload{
          [&](ha::Bootstrap&) { return run_bootstrap(); },
          [&](ha::StartPrimary&) { return run_start_primary(); },
          [&](ha::StartStandby& a) { return run_start_standby(std::move(a.upstream)); },
          [&](ha::StopServer& a) { return run_stop(a.mode); },
          [&](ha::KillServer&) { return run_kill(); },
          [&](ha::Promote& a) { return run_promote(std::move(a.synchronous_names), a.timeline); },
          [&](ha::RunCheckpoint&) { return control_->checkpoint(checkpoint_limit); },
          [&](ha::Clone& a) { return run_clone(std::move(a.source)); },
          [&](ha::Rewind& a) { return run_rewind(std::move(a.source)); },
          [&](ha::SetAside& a) { return run_set_aside(std::move(a.why)); },
          [&](auto&) {
            return []() -> awaitable<Result<void>> { co_return fail(Errc::internal, "not a job"); }();
          },
      },
      action);
}

Result<postgres::Upstream> Jobs::find_upstream(const ha::Name& name) const {
  auto upstream = sources_.upstream(name);
  if (!upstream)
    return fail(Errc::not_found, fmt::format("member {} has no usable address in the DCS", name));
  return *std::move(upstream);
}

awaitable<Result<void>> Jobs::run_bootstrap() {
  if (auto allowed = sources_.before_bootstrap(); !allowed) co_return tl::unexpected(allowed.error());
  auto made = co_await control_->bootstrap(bootstrap_);
  if (!made) co_return tl::unexpected(made.error());
  log::info("bootstrapped a new cluster", {{"system_identifier", made->system_identifier}});
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_start_primary() {
  if (auto ready = sources_.before_writable(); !ready) co_return tl::unexpected(ready.error());
  observer_->expect_end(false);
  observer_->note_upstream({});
  postgres::StartOptions how{
      .role = postgres::Role::primary,
      .synchronous_standby_names = print_synchronous_names(sources_.synchronous_names()),
      .limit = sources_.settings().primary_start_timeout};
  auto started = co_await control_->start(std::move(how));
  if (!started) co_return tl::unexpected(started.error());
  callbacks_->call("on_start", "primary");
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_start_standby(ha::Name upstream) {
  observer_->expect_end(false);
  postgres::StartOptions how{.role = postgres::Role::standby, .limit = standby_start_limit};
  if (!upstream.empty()) {
    auto found = find_upstream(upstream);
    if (!found) co_return tl::unexpected(found.error());
    how.upstream = *std::move(found);
  }
  auto started = co_await control_->start(std::move(how));
  if (!started && started.error().code != Errc::timed_out) co_return tl::unexpected(started.error());
  observer_->note_upstream(std::move(upstream));
  callbacks_->call("on_start", "replica");
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_stop(ha::StopMode mode) {
  observer_->expect_end(true);
  const auto how = mode == ha::StopMode::fast ? postgres::StopMode::fast : postgres::StopMode::immediate;
  const std::string role = observer_->status() && observer_->status()->in_recovery ? "replica" : "primary";
  auto stopped = co_await control_->stop(how, 0ms);
  if (!stopped) {
    observer_->expect_end(false);
    co_return tl::unexpected(stopped.error());
  }
  observer_->on_killed();
  callbacks_->call("on_stop", role);
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_kill() {
  observer_->expect_end(true);
  auto killed = co_await control_->kill_all();
  if (!killed) co_return tl::unexpected(killed.error());
  observer_->on_killed();
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_promote(ha::SynchronousNames synchronous_names, Timeline timeline) {
  if (auto ready = sources_.before_writable(); !ready) co_return tl::unexpected(ready.error());
  const auto names = print_synchronous_names(synchronous_names);
  if (observer_->status() && observer_->status()->synchronous_standby_names != names) {
    auto set = co_await control_->set_synchronous_standby_names(names);
    if (!set) co_return fail("before the promotion", set.error());
  }
  observer_->note_upstream({});
  auto promoted = co_await control_->promote(timeline, promote_limit);
  if (!promoted) co_return tl::unexpected(promoted.error());
  if (*promoted != timeline) {
    log::error("PostgreSQL took another timeline than it was told to",
               {{"asked", timeline}, {"got", *promoted}});
  }
  callbacks_->call("on_role_change", "primary");
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_clone(ha::Name source) {
  auto upstream = find_upstream(source);
  if (!upstream) co_return tl::unexpected(upstream.error());
  upstream->slot.clear();  // it may not exist yet; pg_basebackup makes a temporary one
  postgres::CloneOptions how;
  how.on_progress = [this, source](postgres::CloneProgress done) {
    const auto percent = done.bytes_total > 0 ? 100 * done.bytes_done / done.bytes_total : 0;
    auto text = fmt::format("cloning from {}: {} %", source, percent);
    if (text != progress_ && percent % 10 == 0)
      log::info("clone", {{"source", source}, {"percent", percent}});
    progress_ = std::move(text);
  };
  co_return co_await control_->clone(*std::move(upstream), std::move(how));
}

awaitable<Result<void>> Jobs::run_rewind(ha::Name source) {
  auto upstream = find_upstream(source);
  if (!upstream) co_return tl::unexpected(upstream.error());
  postgres::RewindOptions how;
  how.on_line = [](std::string_view line) { log::info("pg_rewind", {{"says", line}}); };
  auto rewound = co_await control_->rewind(*std::move(upstream), std::move(how));
  if (!rewound) co_return tl::unexpected(rewound.error());
  needs_rebuild_ = rewound->outcome == postgres::RewindOutcome::rebuild_needed;
  if (needs_rebuild_) co_return fail(Errc::process_failed, rewound->text);
  if (rewound->outcome == postgres::RewindOutcome::source_not_ready) co_await async::sleep_for(source_pause);
  co_return Result<void>{};
}

awaitable<Result<void>> Jobs::run_set_aside(std::string why) {
  auto moved = co_await postgres::set_aside(control_->options(), why);
  if (!moved) co_return tl::unexpected(moved.error());
  if (!moved->empty()) log::warn("the old data directory is kept aside", {{"path", *moved}, {"why", why}});
  co_return postgres::end_work(control_->options());
}

awaitable<Result<void>> Jobs::run_ordered(ha::Job job, awaitable<Result<void>> work) {
  if (current_ != ha::Job::none) co_return fail(Errc::conflict, "another job is running");
  current_ = job;
  const auto number = ++number_;
  auto outcome = co_await std::move(work);
  if (number != number_) co_return fail(Errc::cancelled, "PostgreSQL had to be stopped meanwhile");
  co_await observer_->look();
  if (number == number_) report(job, outcome);
  on_change_();
  co_return outcome;
}

awaitable<Result<void>> Jobs::run_restart() {
  const bool is_primary = observer_->status() && !observer_->status()->in_recovery;
  const ha::Name upstream = observer_->server({}).upstream;
  auto stopped = co_await run_stop(ha::StopMode::fast);
  if (!stopped) co_return stopped;
  if (is_primary) co_return co_await run_start_primary();
  co_return co_await run_start_standby(upstream);
}

awaitable<Result<void>> Jobs::run_rebuild() {
  auto stopped = co_await run_stop(ha::StopMode::fast);
  if (!stopped) co_return stopped;
  co_return co_await run_set_aside("reinitialize");
}

awaitable<Result<void>> Jobs::restart() {
  auto work = run_restart();
  co_return co_await run_ordered(ha::Job::start, std::move(work));
}

awaitable<Result<void>> Jobs::rebuild() {
  auto work = run_rebuild();
  co_return co_await run_ordered(ha::Job::set_aside, std::move(work));
}

awaitable<void> Jobs::stop() {
  co_await tasks_->stop();
}

}  // namespace holdfast::agent
