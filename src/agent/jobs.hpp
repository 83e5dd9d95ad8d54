#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "agent/callbacks.hpp"
#include "agent/observer.hpp"
#include "async/task_group.hpp"
#include "ha/action.hpp"
#include "postgres/control.hpp"

namespace holdfast::agent {

// Runs the HA core's jobs on PostgreSQL, one at a time. A KillServer ends whatever runs: it is how fencing
// gets past a start, stop or promotion that hangs.
class Jobs {
 public:
  struct Sources {
    std::function<std::optional<postgres::Upstream>(const ha::Name&)> upstream;  // how to reach a member
    std::function<ha::SynchronousNames()> synchronous_names;  // what a started primary has to wait for
    std::function<ha::Settings()> settings;
    std::function<Result<void>()>
        before_writable;  // arm sentinel and watchdog: we may be writable any moment now
    std::function<Result<void>()> before_bootstrap;  // why there must be no initdb
  };
  Jobs(const asio::any_io_executor& executor, postgres::Control* control, Observer* observer,
       CallbackRunner* callbacks, postgres::BootstrapOptions bootstrap, Sources sources,
       std::function<void()> on_change);

  void start(ha::Action action);
  // By an operator's order, not the core's: stop and start again in the same role; stop and put the data
  // directory aside, so that the core clones anew. Errc::conflict while another job runs. They end by their
  // deadlines, as jobs do.
  awaitable<Result<void>> restart();
  awaitable<Result<void>> rebuild();
  ha::Job current() const { return current_; }
  const std::optional<ha::JobReport>& last() const { return last_; }
  std::string progress() const { return progress_; }  // "cloning from pg1: 41 %"; empty: nothing to tell
  awaitable<void> stop();

 private:
  awaitable<void> run(ha::Action action, std::uint64_t number);
  awaitable<Result<void>> carry_out(ha::Action action);
  awaitable<Result<void>> run_bootstrap();
  awaitable<Result<void>> run_start_primary();
  awaitable<Result<void>> run_start_standby(ha::Name upstream);
  awaitable<Result<void>> run_stop(ha::StopMode mode);
  awaitable<Result<void>> run_kill();
  awaitable<Result<void>> run_promote(ha::SynchronousNames synchronous_names, Timeline timeline);
  awaitable<Result<void>> run_clone(ha::Name source);
  awaitable<Result<void>> run_rewind(ha::Name source);
  awaitable<Result<void>> run_set_aside(std::string why);
  awaitable<Result<void>> run_ordered(ha::Job job, awaitable<Result<void>> work);
  awaitable<Result<void>> run_restart();
  awaitable<Result<void>> run_rebuild();
  void report(ha::Job job, const Result<void>& outcome);
  Result<postgres::Upstream> find_upstream(const ha::Name& name) const;

  postgres::Control* control_;
  Observer* observer_;
  CallbackRunner* callbacks_;
  postgres::BootstrapOptions bootstrap_;
  Sources sources_;
  std::function<void()> on_change_;
  std::unique_ptr<async::TaskGroup> tasks_;
  ha::Job current_ = ha::Job::none;
  std::uint64_t number_ = 0;  // of the current job: a cancelled one that still ends is not the current one
  std::optional<ha::JobReport> last_;
  std::string progress_;
  bool needs_rebuild_ = false;  // what the rewind that just ended found out
};

}  // namespace holdfast::agent
