#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "postgres/base_backup.hpp"
#include "postgres/bootstrap.hpp"
#include "postgres/config_files.hpp"
#include "postgres/control_data.hpp"
#include "postgres/data_directory.hpp"
#include "postgres/monitor.hpp"
#include "postgres/options.hpp"
#include "postgres/process.hpp"
#include "postgres/rewind.hpp"
#include "postgres/slots.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {

struct StartOptions {
  Role role = Role::standby;
  std::optional<Upstream> upstream;                        // standby; none: it follows nobody until follow()
  std::string synchronous_standby_names;                   // primary
  milliseconds limit = 0ms;                                // 0: Options::start_timeout
  std::function<void(std::string_view what)> on_progress;  // "in recovery, redo at …", at most once a second
};

struct ReloadResult {
  bool changed = false;
  bool restart_needed = false;       // by what the files tell; Status::pending_restart tells all
  std::vector<std::string> dropped;  // parameters that this server does not know
};

// One PostgreSQL instance, as the agent commands it. Verbs that change it (start, stop, promote, clone,
// rewind, bootstrap, follow, reload) are for one caller at a time; status() and probe() may run beside them.
// Every verb ends by its deadline and may be cancelled; a cancelled start leaves the server running, a
// cancelled clone or rewind leaves the directory announced as incomplete. Belongs to one executor.
class Control {
 public:
  Control(asio::any_io_executor executor, Options options);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  const Options& options() const;
  // The version of the programs; learnt by inspect(), before that 0.
  Version version() const;

  // The data directory and the programs: what can be done at all. Errc::unsupported, not_found for the
  // programs.
  awaitable<Result<Inspection>> inspect();
  awaitable<Result<ControlData>> control_data();

  // The running postmaster, ours or not; adopts one after a restart of the agent. Errc::not_found: none.
  Result<Postmaster> postmaster();

  awaitable<Result<Bootstrapped>> bootstrap(BootstrapOptions how);

  // Writes the files, starts, and returns when it accepts connections (a standby: when it is hot). launch()
  // returns as soon as the postmaster runs; wait_ready() then waits. Errc::process_failed with PostgreSQL's
  // last words.
  awaitable<Result<Postmaster>> start(StartOptions how);
  awaitable<Result<Postmaster>> launch(StartOptions how);
  awaitable<Result<void>> wait_ready(nanoseconds limit, std::function<void(std::string_view)> on_progress);

  // Nothing running is success. limit 0: Options::stop_timeout.
  awaitable<Result<Stopped>> stop(StopMode mode, milliseconds limit);
  awaitable<Result<void>> kill_all();
  // Waits for the death of the postmaster that runs now.
  awaitable<Result<void>> wait_exit();

  // Ends when the server is out of recovery, writable, and answers the timeline that it took: `timeline`, or
  // something is wrong. Nothing is begun when it can't be that one (timelines.hpp: Errc::conflict, refused).
  // Resumes paused replay first (EC-33). Files follow afterwards.
  awaitable<Result<Timeline>> promote(Timeline timeline, milliseconds limit);
  // Streams from `upstream` from now on; none: from nobody (a fence). Reload only, no restart (PostgreSQL
  // 13+).
  awaitable<Result<void>> follow(std::optional<Upstream> upstream);
  // Waits until the walreceiver is gone (after follow(none)) or `limit` passed.
  awaitable<Result<void>> wait_receiver_gone(milliseconds limit);
  // Writes, reloads, and returns once the server shows the value; pg_stat_replication tells when walsenders
  // follow.
  awaitable<Result<void>> set_synchronous_standby_names(std::string names);
  awaitable<Result<void>> checkpoint(milliseconds limit);

  awaitable<Result<void>> clone(Upstream source, CloneOptions how);
  awaitable<Result<Rewound>> rewind(Upstream source, RewindOptions how);
  // Runs single-user recovery so that a crashed data directory is shut down cleanly (EC-66).
  awaitable<Result<void>> recover_single_user(milliseconds limit);

  // Takes new options over (credentials, parameters, pg_hba) and reloads a running server.
  awaitable<Result<ReloadResult>> reload(Options options);

  awaitable<Result<Status>> status(milliseconds limit);
  // A fresh connection and, on a primary, a write when nobody else's WAL was flushed since the last probe.
  awaitable<Result<Probe>> probe(milliseconds limit);
  awaitable<Result<void>> apply_slots(SlotPlan plan);
  // Any statement, on a pooled connection as superuser.
  awaitable<Result<Rows>> query(std::string sql, std::vector<Field> parameters, milliseconds limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::postgres
