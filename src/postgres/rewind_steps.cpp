#include "postgres/rewind_steps.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "postgres/children.hpp"
#include "postgres/config_files.hpp"
#include "postgres/version.hpp"

namespace holdfast::postgres {
namespace {

namespace fs = std::filesystem;

std::string parameter(const Options& options, const std::string& name) {
  const auto found = options.parameters.find(name);
  return found == options.parameters.end() ? "" : found->second;
}

bool archives(const Options& options) {
  const std::string mode = parameter(options, "archive_mode");
  return (mode == "on" || mode == "always" || mode == "true") &&
         !parameter(options, "archive_command").empty();
}

std::vector<std::string> ready_segments(const Options& options) {
  constexpr std::string_view suffix = ".ready";
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{options.data_dir + "/pg_wal/archive_status", ignored}) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(suffix)) names.push_back(name.substr(0, name.size() - suffix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string archive_command_for(const std::string& command, const std::string& path,
                                const std::string& file) {
  std::string text;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char next = command[i] == '%' && i + 1 < command.size() ? command[i + 1] : '\0';
    if (next == 'p')
      text += path;
    else if (next == 'f')
      text += file;
    else if (next == '%')
      text += '%';
    else
      text += command[i];
    if (next == 'p' || next == 'f' || next == '%') ++i;
  }
  return text;
}

awaitable<Result<void>> recover_in_single_user_mode(Options options, nanoseconds limit) {
  // "standby mode is not supported by single-user servers" (xlogrecovery.c).
  for (const auto* name : {"/standby.signal", "/recovery.signal"})
    ::unlink((options.data_dir + name).c_str());
  auto child =
      child_of(options, {program(options, "postgres"), "--single", "-D", options.data_dir,
                         "--config-file=" + options.config_dir + "/postgresql.conf", "-c", "archive_mode=on",
                         "-c", "archive_command=false", "-c", "synchronous_standby_names=", "template1"});
  child.dies_with_us = true;
  auto output = co_await async::run_child(std::move(child), limit);
  if (!output) co_return fail("crash recovery in single-user mode", output.error());
  if (!output->status.ok()) {
    co_return fail(Errc::process_failed, "crash recovery in single-user mode: " + last_lines(output->text));
  }
  co_return Result<void>{};
}

awaitable<Result<void>> archive_ready_segments(Options options, nanoseconds limit) {
  if (!archives(options)) co_return Result<void>{};
  const std::string command = parameter(options, "archive_command");
  const std::string status = options.data_dir + "/pg_wal/archive_status/";
  for (const auto& name : ready_segments(options)) {
    auto child = child_of(options, {"/bin/sh", "-c", archive_command_for(command, "pg_wal/" + name, name)});
    child.directory = options.data_dir;
    auto output = co_await async::run_child(std::move(child), limit);
    if (!output) co_return tl::unexpected(output.error());
    if (!output->status.ok())
      co_return fail(Errc::process_failed, "archive_command for " + name + ": " + last_lines(output->text));
    if (::rename((status + name + ".ready").c_str(), (status + name + ".done").c_str()) != 0) {
      co_return async::fail_with_errno("marking " + name + " as archived", errno);
    }
  }
  co_return Result<void>{};
}

}  // namespace holdfast::postgres
