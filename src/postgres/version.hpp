#pragma once

#include <string_view>

#include "async/asio.hpp"
#include "postgres/options.hpp"

namespace holdfast::postgres {

inline constexpr int major_min = 13;
inline constexpr int major_max = 18;

// A PostgreSQL version as server_version_num has it: 150020 is 15.20.
struct Version {
  int number = 0;

  int major() const { return number / 10000; }
  auto operator<=>(const Version&) const = default;
};
std::string print_version(Version version);  // "15.20"

// Reads "postgres (PostgreSQL) 15.20 (Debian …)", "17beta2", "15". Errc::bad_message.
Result<Version> parse_version(std::string_view text);

// Errc::unsupported, in words, outside of 13..18.
Result<void> check_supported(Version version);

// The version of the programs in bin_dir. Errc::not_found when there are none.
awaitable<Result<Version>> program_version(Options options);

// The path of one of PostgreSQL's programs.
std::string program(const Options& options, std::string_view name);

}  // namespace holdfast::postgres
