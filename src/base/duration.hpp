#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace holdfast {

// "250ms", "10s", "5min", "2h", "1d"; a bare number is in `bare_unit`; decimals allowed ("0.5s"), as in
// Patroni and postgresql.conf. Negative values parse; bounds are the caller's.
Result<milliseconds> parse_duration(std::string_view text, milliseconds bare_unit = seconds{1});

// The shortest exact form: "10s", "250ms", "5min".
std::string print_duration(milliseconds value);

// "1048576", "16kB", "10MB", "1GB", "2TB", "1.5MB" to bytes, units as in postgresql.conf (1 kB = 1024 bytes).
Result<std::int64_t> parse_size(std::string_view text);

// "16 kB", "1.5 MB": for people.
std::string print_size(std::int64_t bytes);

// "2026-01-14T10:09:57.123+00:00" (Patroni's form in `history` and `failover`).
std::string print_iso(WallInstant when);
// ISO 8601 with a time zone ("Z", "+02:00"); without one it is refused, as Patroni does.
Result<WallInstant> parse_iso(std::string_view text);

}  // namespace holdfast
