#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::sim::vip {

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 2000;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> mutant;
  bool trace = false;
  bool all_mutants = false;
  bool list_mutants = false;
};

// `sim --vrrp`: the program's exit status.
int run_command_line(const Options& options);

}  // namespace holdfast::sim::vip
