#include "cli/schedule.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "base/duration.hpp"

namespace holdfast::cli {
namespace {

WallInstant from_seconds(std::time_t when) {
  return WallInstant{std::chrono::duration_cast<milliseconds>(seconds{when})};
}

// Without a zone the time is this machine's.
std::optional<WallInstant> parse_local(const std::string& text) {
  for (const char* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm fields{};
    fields.tm_isdst = -1;
    const char* end = strptime(text.c_str(), form, &fields);
    if (end != nullptr && *end == '\0') return from_seconds(std::mktime(&fields));
  }
  return {};
}

}  // namespace

Result<std::optional<WallInstant>> parse_scheduled(const std::string& text) {
  if (text.empty() || text == "now") return std::optional<WallInstant>{};
  std::string normal = text;
  if (normal.size() > 10 && normal[10] == ' ') normal[10] = 'T';
  if (const auto local = parse_local(normal)) return local;
  // "…T10:09+01:00": seconds are not typed by hand.
  if (normal.size() > 16 && (normal[16] == '+' || normal[16] == '-' || normal[16] == 'Z'))
    normal.insert(16, ":00");
  if (const auto when = parse_iso(normal)) return std::optional{*when};
  return fail(Errc::invalid_argument,
              fmt::format("Unable to parse scheduled timestamp ({}). It should be in an unambiguous "
                          "format (e.g. ISO 8601)",
                          text));
}

std::string next_hour_example(WallInstant now) {
  return fmt::format("{:%Y-%m-%dT%H:%M}",
                     fmt::localtime(std::chrono::system_clock::to_time_t(now + std::chrono::hours{1})));
}

std::string print_local_iso(WallInstant when) {
  const auto local = fmt::localtime(std::chrono::system_clock::to_time_t(when));
  std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S%z}", local);
  text.insert(text.size() - 2, ":");
  return text;
}

}  // namespace holdfast::cli
