#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast {

// A position in the write-ahead log: a byte offset, printed as PostgreSQL does ("0/3000148"; docs, "pg_lsn
// Type"). 0 is "none". Two LSNs compare meaningfully on one timeline's history only (EC-20).
struct Lsn {
  std::uint64_t value = 0;

  auto operator<=>(const Lsn&) const = default;
  explicit operator bool() const { return value != 0; }
};

// Bytes from `from` to `to`; negative when `to` is behind.
inline std::int64_t bytes_between(Lsn from, Lsn to) {
  return static_cast<std::int64_t>(to.value - from.value);
}

Result<Lsn> parse_lsn(std::string_view text);
std::string print_lsn(Lsn lsn);

}  // namespace holdfast

template <>
struct fmt::formatter<holdfast::Lsn> : fmt::formatter<std::string> {
  auto format(holdfast::Lsn lsn, format_context& out) const {
    return formatter<std::string>::format(holdfast::print_lsn(lsn), out);
  }
};
