#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/asio.hpp"
#include "postgres/config_files.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

// postmaster.pid (docs, "Database File Layout"; miscadmin.h).
struct PidFile {
  pid_t pid = 0;
  std::string data_dir;
  std::int64_t started = 0;  // seconds of the wall clock
  int port = 0;
  std::string socket_dir;
  std::string listen;
  std::string status;  // "starting", "stopping", "ready", "standby"; empty in the first moments
};
Result<PidFile> parse_pid_file(std::string_view text);

// A running postmaster, held by pidfd so that a reused pid is never signalled (EC-39). Copies share it.
class Postmaster {
 public:
  pid_t pid() const;
  bool is_alive() const;  // reaps it when it was our child
  // It was not started with our command line: a packaged unit or a hand did it (EC-50).
  bool is_foreign() const;
  Result<void> signal(int number) const;
  // Returns when it is gone, child of ours or not. Several may wait.
  awaitable<Result<void>> wait_exit() const;

 private:
  friend Result<Postmaster> hold_child(const asio::any_io_executor& executor, pid_t pid);
  friend Result<Postmaster> hold_postmaster(const asio::any_io_executor& executor, const Options& options,
                                            pid_t pid);
  struct State;
  explicit Postmaster(std::shared_ptr<State> state) : state_{std::move(state)} {}
  std::shared_ptr<State> state_;
};

// Takes hold of a postmaster of this data directory: same executable name, working directory there, no such
// parent.
Result<Postmaster> hold_postmaster(const asio::any_io_executor& executor, const Options& options, pid_t pid);

// The one that postmaster.pid names, verified. Errc::not_found: none runs (a stale file is left to
// PostgreSQL).
Result<Postmaster> find_postmaster(const asio::any_io_executor& executor, const Options& options);

// Starts `postgres -D …`, in a session of its own, and returns once it holds postmaster.pid.
// Errc::process_failed with the last lines of its log when it ends before.
awaitable<Result<Postmaster>> launch(Options options, Parameters command_line, nanoseconds limit);

enum class StopMode { smart, fast, immediate };

// Escalates: `mode` for half of `limit`, then immediate, then SIGKILL. Returns when the postmaster and its
// children are gone; was_clean: the first signal sufficed.
struct Stopped {
  bool was_clean = true;
  std::string last_signal;
};
awaitable<Result<Stopped>> stop_postmaster(Options options, Postmaster postmaster, StopMode mode,
                                           nanoseconds limit);

// Every process of PostgreSQL that works in this data directory, backends left by a killed postmaster
// included.
std::vector<pid_t> processes_of(const Options& options);

// SIGKILL to all of them, postmaster first, again and again until none is left: when it returns, nothing can
// acknowledge a commit any more.
awaitable<Result<void>> kill_all_processes(Options options, nanoseconds limit);

// The last lines that PostgreSQL logged, for an error message.
std::string log_tail(const Options& options, std::size_t lines_max = 5);

}  // namespace holdfast::postgres
