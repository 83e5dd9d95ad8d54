#include "postgres/timelines.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "async/asio.hpp"
#include "postgres/config_files.hpp"

namespace holdfast::postgres {
namespace {

constexpr Timeline gap_max = 10'000;
constexpr std::string_view not_ours = "was begun by another member and is not in this history";

std::string history_file(const Options& options, Timeline timeline) {
  return fmt::format("{}/pg_wal/{:08X}.history", options.data_dir, timeline);
}

bool has_history(const Options& options, Timeline timeline) {
  return ::access(history_file(options, timeline).c_str(), F_OK) == 0;
}

std::string reservation(Timeline timeline) {
  return fmt::format("# timeline {} {}\n", timeline, not_ours);
}

}  // namespace

Timeline newest_timeline(const Options& options, Timeline own) {
  Timeline newest = own;
  while (has_history(options, newest + 1)) ++newest;
  return newest;
}

Result<void> reserve_timelines(const Options& options, Timeline own, Timeline wanted) {
  if (wanted > own && wanted - own > gap_max) {
    return fail(Errc::refused, fmt::format("timeline {} was given out, and this server is on {}: the key "
                                           "`timeline` in the DCS can't be right",
                                           wanted, own));
  }
  for (Timeline between = own + 1; between < wanted; ++between) {
    if (has_history(options, between)) continue;
    auto written = write_atomically(options, history_file(options, between), reservation(between));
    if (!written) return tl::unexpected(written.error());
  }
  const Timeline next = newest_timeline(options, own) + 1;
  if (next == wanted) return {};
  return fail(Errc::conflict,
              fmt::format("timeline {} was given out, and a promotion would take {}", wanted, next));
}

Result<void> drop_reserved_timelines(const Options& options, Timeline own) {
  for (Timeline newest = newest_timeline(options, own); newest > own; --newest) {
    const auto path = history_file(options, newest);
    const auto text = read_text(path);
    if (!text) return tl::unexpected(text.error());
    if (*text != reservation(newest)) return {};
    if (::unlink(path.c_str()) != 0) return async::fail_with_errno("removing " + path, errno);
  }
  return {};
}

}  // namespace holdfast::postgres
