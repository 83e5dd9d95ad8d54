#include "postgres/rewind.hpp"

#include <filesystem>

#include "postgres/children.hpp"
#include "postgres/config_files.hpp"
#include "postgres/data_directory.hpp"
#include "postgres/rewind_steps.hpp"
#include "postgres/sql.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {
namespace {

Rewound outcome(RewindOutcome kind, std::string text) {
  return {kind, std::move(text)};
}

const Credentials& rewinder(const Options& options) {
  return options.rewind.username.empty() ? options.superuser : options.rewind;
}

std::string source_conninfo(const Options& options, const Upstream& source) {
  Options as = options;
  as.replication = rewinder(options);
  return primary_conninfo(as, source) +
         " dbname=postgres connect_timeout=10 options='-c statement_timeout=0'";
}

// A primary that has written a checkpoint on its own timeline: before that pg_rewind would take the old one
// for current (EC-65, EC-113).
awaitable<Result<Rewound>> check_source(Options options, Upstream source) {
  auto to = remote_connection(options, source, rewinder(options));
  auto connection = co_await Connection::connect(std::move(to), options.connect_timeout);
  if (!connection) co_return fail("asking the source of the rewind", connection.error());
  auto answer = co_await connection->execute(
      "SELECT pg_is_in_recovery()::text AS r, CASE WHEN pg_is_in_recovery() THEN NULL ELSE (timeline_id = "
      "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint)::text END AS c "
      "FROM pg_control_checkpoint()",
      options.query_timeout);
  if (!answer) co_return fail("asking the source of the rewind", answer.error());
  if (answer->text(0, "r") == "true") {
    co_return outcome(RewindOutcome::source_not_ready, source.member + " is still in recovery");
  }
  if (answer->text(0, "c") != "true") {
    co_return outcome(RewindOutcome::source_not_ready,
                      source.member + " has not checkpointed since its promotion");
  }
  co_return outcome(RewindOutcome::rewound, "");
}

std::vector<std::string> rewind_command(const Options& options, Version version, const Upstream& source) {
  std::vector<std::string> argv{program(options, "pg_rewind"), "--target-pgdata=" + options.data_dir,
                                "--source-server=" + source_conninfo(options, source), "--progress"};
  if (options.recovery.contains("restore_command")) argv.emplace_back("--restore-target-wal");
  const bool is_elsewhere = options.config_dir != options.data_dir;
  if (is_elsewhere && version.major() >= 15)
    argv.push_back("--config-file=" + options.config_dir + "/postgresql.conf");
  argv.insert(argv.end(), options.rewind_options.begin(), options.rewind_options.end());
  return argv;
}

awaitable<Result<Rewound>> run_rewind(Options options, Version version, Upstream source, RewindOptions how) {
  if (auto begun = begin_work(options, "rewind"); !begun) co_return tl::unexpected(begun.error());
  auto has_begun_to_copy = std::make_shared<bool>(false);
  auto child = child_of(options, rewind_command(options, version, source));
  child.dies_with_us = true;
  child.on_line = [has_begun_to_copy, tell = how.on_line](std::string_view line) {
    if (line.find("need to copy") != std::string_view::npos) *has_begun_to_copy = true;
    if (tell) tell(line);
  };
  auto output = co_await async::run_child(std::move(child), how.limit);
  const bool is_done = output && output->status.ok();
  const std::string words = output ? last_lines(output->text) : output.error().context;
  // Up to "need to copy" pg_rewind only reads, so the directory is as it was; after it, an abort ruins it
  // (EC-68).
  if (!is_done && *has_begun_to_copy) {
    co_return outcome(RewindOutcome::rebuild_needed,
                      "pg_rewind broke off half-way, the directory is unusable: " + words);
  }
  if (auto ended = end_work(options); !ended) co_return tl::unexpected(ended.error());
  if (!output) co_return tl::unexpected(output.error());
  if (is_done && output->text.find("no rewind required") != std::string::npos) {
    co_return outcome(RewindOutcome::not_needed, "the histories have not parted");
  }
  if (is_done) co_return outcome(RewindOutcome::rewound, "rewound to the history of " + source.member);
  const bool is_unreachable = output->text.find("could not connect") != std::string::npos ||
                              output->text.find("connection to server") != std::string::npos;
  if (is_unreachable) co_return fail(Errc::unavailable, "pg_rewind: " + words);
  co_return outcome(RewindOutcome::rebuild_needed, "pg_rewind: " + words);
}

}  // namespace

awaitable<Result<Rewound>> rewind(Options options, Upstream source, RewindOptions how) {
  auto version = co_await program_version(options);
  if (!version) co_return tl::unexpected(version.error());
  auto control = co_await read_control_data(options);
  if (!control) co_return tl::unexpected(control.error());
  if (!control->can_rewind()) {
    co_return outcome(
        RewindOutcome::rebuild_needed,
        "pg_rewind needs data checksums or wal_log_hints = on, this cluster had neither (EC-70)");
  }
  std::error_code ignored;
  if (std::filesystem::exists(options.data_dir + "/backup_label", ignored)) {
    co_return outcome(RewindOutcome::rebuild_needed,
                      "backup_label is there: the directory is an unfinished backup");
  }
  auto passfile = write_atomically(options, options.passfile, render_passfile(options));
  if (!passfile) co_return tl::unexpected(passfile.error());
  auto ready = co_await check_source(options, source);
  if (!ready || ready->outcome != RewindOutcome::rewound) co_return ready;
  if (!control->is_clean()) {
    auto recovered = co_await recover_in_single_user_mode(options, how.limit);
    if (!recovered) co_return outcome(RewindOutcome::rebuild_needed, to_string(recovered.error()));
  }
  auto archived = co_await archive_ready_segments(options, how.limit);
  if (!archived) co_return fail("archiving before the rewind", archived.error());
  co_return co_await run_rewind(options, *version, source, how);
}

Divergence divergence(StoppedAt local, Timeline source_timeline, const TimelineHistory& source_history) {
  if (local.timeline > source_timeline) return Divergence::ahead_of_source;
  const auto end = local.timeline == source_timeline ? std::optional<Lsn>{Lsn{UINT64_MAX}}
                                                     : source_history.end_of(local.timeline);
  if (!end || local.lsn > *end) return Divergence::diverged;
  return Divergence::none;
}

awaitable<Result<SourceState>> ask_source(Options options, Upstream source) {
  auto to = remote_connection(options, source, options.replication);
  to.replication = true;
  auto connection = co_await Connection::connect(std::move(to), options.connect_timeout);
  if (!connection) co_return tl::unexpected(connection.error());
  auto identity = co_await connection->execute("IDENTIFY_SYSTEM", options.query_timeout);
  if (!identity) co_return tl::unexpected(identity.error());
  SourceState state;
  state.system_identifier = identity->text(0, "systemid");
  state.timeline = static_cast<Timeline>(std::strtoul(identity->text(0, "timeline").c_str(), nullptr, 10));
  state.position = parse_lsn(identity->text(0, "xlogpos")).value_or(Lsn{});
  state.history.timeline = state.timeline;
  if (state.timeline <= 1) co_return state;
  auto file =
      co_await connection->execute(fmt::format("TIMELINE_HISTORY {}", state.timeline), options.query_timeout);
  if (!file) co_return tl::unexpected(file.error());
  auto history = parse_timeline_history(state.timeline, file->text(0, "content"));
  if (!history) co_return tl::unexpected(history.error());
  state.history = std::move(*history);
  co_return state;
}

}  // namespace holdfast::postgres
