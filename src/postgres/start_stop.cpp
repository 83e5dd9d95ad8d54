#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "async/with_timeout.hpp"
#include "postgres/children.hpp"
#include "postgres/proc_scan.hpp"

namespace holdfast::postgres {
namespace {

constexpr std::int64_t log_bytes_max = 16 * 1024 * 1024;

// PostgreSQL's standard error goes to a file that nobody else rotates; one older file is kept.
void rotate_log(const Options& options) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(options.log_file, ignored);
  if (!ignored && static_cast<std::int64_t>(size) > log_bytes_max) {
    std::filesystem::rename(options.log_file, options.log_file + ".1", ignored);
  }
}

std::vector<std::string> command(const Options& options, const Parameters& parameters) {
  std::vector<std::string> argv{program(options, "postgres"), "-D", options.data_dir,
                                "--config-file=" + options.config_dir + "/postgresql.conf"};
  for (const auto& [name, value] : parameters) argv.push_back("--" + name + "=" + value);
  return argv;
}

bool holds_pid_file(const Options& options, pid_t pid) {
  const auto text = read_text(options.data_dir + "/postmaster.pid");
  if (!text) return false;
  const auto file = parse_pid_file(*text);
  return file && file->pid == pid;
}

int signal_of(StopMode mode) {
  switch (mode) {
    case StopMode::smart:
      return SIGTERM;
    case StopMode::fast:
      return SIGINT;
    case StopMode::immediate:
      return SIGQUIT;
  }
  return SIGINT;
}

std::string name_of(int number) {
  switch (number) {
    case SIGTERM:
      return "SIGTERM (smart)";
    case SIGINT:
      return "SIGINT (fast)";
    case SIGQUIT:
      return "SIGQUIT (immediate)";
    default:
      return "SIGKILL";
  }
}

awaitable<Result<bool>> signal_and_wait(Postmaster postmaster, int number, nanoseconds limit) {
  auto sent = postmaster.signal(number);
  if (!sent) co_return tl::unexpected(sent.error());
  auto exiting = postmaster.wait_exit();
  auto exited = co_await async::with_timeout(limit, std::move(exiting));
  if (exited) co_return true;
  if (exited.error().code == Errc::timed_out) co_return false;
  co_return tl::unexpected(exited.error());
}

}  // namespace

std::string log_tail(const Options& options, std::size_t lines_max) {
  const auto text = read_text(options.log_file);
  return text ? last_lines(*text, lines_max) : "";
}

tl::unexpected<Error> start_failure(const Options& options, const std::string& doing) {
  const std::string words = log_tail(options);
  const auto says = [&](std::string_view text) { return words.find(text) != std::string::npos; };
  if (says("No space left on device")) {
    return fail(Errc::no_space, doing + ": the disk is full; make room or enlarge it: " + words);
  }
  if (says("could not bind") || says("could not create any TCP/IP sockets")) {
    return fail(Errc::conflict, fmt::format("{}: port {} of {} is taken by another program: {}", doing,
                                            options.port, options.listen, words));
  }
  return fail(Errc::process_failed, doing + ": " + words);
}

awaitable<Result<Postmaster>> launch(Options options, Parameters command_line, nanoseconds limit) {
  const auto deadline = BootClock::now() + limit;
  const auto executor = co_await asio::this_coro::executor;
  rotate_log(options);
  auto child = child_of(options, command(options, command_line));
  child.env.erase("LC_ALL");  // the server speaks what its own settings say
  child.env.erase("PGPASSFILE");
  child.output_file = options.log_file;
  child.own_session = true;
  auto started = async::ChildProcess::start(executor, std::move(child));
  if (!started) co_return fail(started.error().code, started.error().context);
  auto postmaster = hold_child(executor, started->pid());
  if (!postmaster) co_return tl::unexpected(postmaster.error());
  while (!holds_pid_file(options, postmaster->pid())) {
    if (!postmaster->is_alive()) {
      co_return start_failure(options, "PostgreSQL does not start");
    }
    if (BootClock::now() > deadline) {
      co_return fail(Errc::timed_out, "PostgreSQL has not written postmaster.pid: " + log_tail(options));
    }
    co_await async::sleep_for(2ms);
  }
  co_return postmaster;
}

awaitable<Result<Stopped>> stop_postmaster(Options options, Postmaster postmaster, StopMode mode,
                                           nanoseconds limit) {
  Stopped stopped;
  std::vector<int> signals{signal_of(mode)};
  if (mode != StopMode::immediate) signals.push_back(SIGQUIT);
  nanoseconds patience = limit / 2;
  for (const int number : signals) {
    stopped.last_signal = name_of(number);
    stopped.was_clean = number != SIGQUIT;
    auto gone = co_await signal_and_wait(postmaster, number, patience);
    if (!gone) co_return tl::unexpected(gone.error());
    if (*gone && processes_of(options).empty()) co_return stopped;
    if (*gone) break;
    patience = limit / 4;
  }
  stopped.was_clean = stopped.was_clean && !postmaster.is_alive();
  if (postmaster.is_alive()) stopped.last_signal = name_of(SIGKILL);
  auto killed = co_await kill_all_processes(options, std::max<nanoseconds>(limit / 4, 1s));
  if (!killed) co_return tl::unexpected(killed.error());
  co_return stopped;
}

}  // namespace holdfast::postgres
