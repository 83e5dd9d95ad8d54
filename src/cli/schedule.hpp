#pragma once

#include <optional>
#include <string>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace holdfast::cli {

// A time as --scheduled takes it: ISO 8601 with or without a zone (then local), with "T" or a space, with or
// without seconds. "now", or nothing: nullopt. Errc::invalid_argument.
Result<std::optional<WallInstant>> parse_scheduled(const std::string& text);

// "2026-01-14T11:09": an example of what can be typed, an hour from now, local.
std::string next_hour_example(WallInstant now);
// With the offset of this machine's zone: "2026-01-14T11:09:00+01:00".
std::string print_local_iso(WallInstant when);

}  // namespace holdfast::cli
