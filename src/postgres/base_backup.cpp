#include "postgres/base_backup.hpp"

#include <charconv>

#include "postgres/children.hpp"
#include "postgres/config_files.hpp"
#include "postgres/data_directory.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {
namespace {

// What a dead host must not hold up for ever (EC-97).
constexpr std::string_view keepalive =
    " keepalives_idle=5 keepalives_interval=2 keepalives_count=5 tcp_user_timeout=20000 connect_timeout=10";

std::vector<std::string> backup_command(const Options& options, const Upstream& source) {
  std::vector<std::string> argv{program(options, "pg_basebackup"),
                                "--pgdata=" + options.data_dir,
                                "--dbname=" + primary_conninfo(options, source) + std::string{keepalive},
                                "--wal-method=stream",
                                "--checkpoint=fast",
                                "--no-password",
                                "--progress"};
  argv.insert(argv.end(), options.basebackup.begin(), options.basebackup.end());
  return argv;
}

std::vector<std::string> custom_command(const Options& options, const Upstream& source,
                                        const CloneOptions& how) {
  std::string words = how.command;
  std::vector<std::string> argv{"/bin/sh", "-c"};
  if (!how.command_no_params) words += " \"$@\"";
  argv.push_back(words);
  argv.emplace_back("sh");
  if (how.command_no_params) return argv;
  argv.push_back("--scope=" + options.scope);
  argv.emplace_back("--role=replica");
  argv.push_back("--datadir=" + options.data_dir);
  argv.push_back("--connstring=" + primary_conninfo(options, source));
  return argv;
}

awaitable<Result<void>> make_room(Options options) {
  const auto found = inspect_directory(options, 0);
  switch (found.state) {
    case DirectoryState::empty:
      co_return Result<void>{};
    case DirectoryState::incomplete:
      if (found.work == "clone") co_return co_await remove_contents(options);
      [[fallthrough]];
    case DirectoryState::valid: {
      const std::string reason = found.state == DirectoryState::valid ? "replaced" : "broken";
      auto moved = co_await set_aside(options, reason);
      if (!moved) co_return tl::unexpected(moved.error());
      co_return Result<void>{};
    }
    default:
      co_return fail(Errc::refused, found.advice);
  }
}

tl::unexpected<Error> clone_failure(const Upstream& source, const std::string& output) {
  const std::string why = last_lines(output);
  const bool is_full = output.find("No space left on device") != std::string::npos;
  const bool is_password = output.find("password authentication failed") != std::string::npos;
  const std::string doing = "cloning from " + source.member + " at " + source.host;
  if (is_full) return fail(Errc::no_space, doing + ": the disk is full; make room or enlarge it: " + why);
  if (is_password) {
    return fail(Errc::refused,
                doing + ": the replication password is wrong; repair postgresql.authentication: " + why);
  }
  return fail(Errc::process_failed, doing + ": " + why);
}

}  // namespace

Result<CloneProgress> parse_clone_progress(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  const auto unit = line.find(" kB");
  const auto slash = line.find('/');
  if (first == std::string_view::npos || unit == std::string_view::npos || slash == std::string_view::npos ||
      slash > unit) {
    return fail(Errc::bad_message, "not a progress line");
  }
  CloneProgress progress;
  const auto done = std::from_chars(line.data() + first, line.data() + slash, progress.bytes_done);
  const auto total = std::from_chars(line.data() + slash + 1, line.data() + unit, progress.bytes_total);
  constexpr std::int64_t kilobytes_max = std::int64_t{1} << 50;
  const bool is_sane = progress.bytes_done >= 0 && progress.bytes_done < kilobytes_max &&
                       progress.bytes_total >= 0 && progress.bytes_total < kilobytes_max;
  if (done.ec != std::errc{} || total.ec != std::errc{} || !is_sane)
    return fail(Errc::bad_message, "not a progress line");
  progress.bytes_done *= 1024;
  progress.bytes_total *= 1024;
  return progress;
}

awaitable<Result<void>> clone(Options options, Upstream source, CloneOptions how) {
  auto room = co_await make_room(options);
  if (!room) co_return room;
  if (auto begun = begin_work(options, "clone"); !begun) co_return begun;
  auto passfile = write_atomically(options, options.passfile, render_passfile(options));
  if (!passfile) co_return tl::unexpected(passfile.error());
  auto argv = how.command.empty() ? backup_command(options, source) : custom_command(options, source, how);
  auto child = child_of(options, std::move(argv));
  child.dies_with_us = true;  // else it would go on writing into a directory that the next agent empties
  child.on_line = [tell = how.on_progress](std::string_view line) {
    const auto progress = parse_clone_progress(line);
    if (progress && tell) tell(*progress);
  };
  auto output = co_await async::run_child(std::move(child), options.clone_timeout);
  if (!output) co_return fail("cloning from " + source.member, output.error());
  if (!output->status.ok()) co_return clone_failure(source, output->text);
  const auto made = inspect_directory(options, 0);
  if (made.state == DirectoryState::empty)
    co_return fail(Errc::process_failed, "the clone command left no data directory");
  co_return end_work(options);
}

}  // namespace holdfast::postgres
