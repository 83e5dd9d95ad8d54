#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drill/chronicle.hpp"
#include "drill/ledger.hpp"
#include "drill/probe.hpp"
#include "drill/writers.hpp"

// What a drill measured, as plain values, and its printed forms.
namespace holdfast::drill {

struct Step {
  std::string what;    // "kill-postgres"
  std::string detail;  // "pg1: kill -9 of the primary's postmaster"
  Window window;       // from the deed to the cluster being whole again
  Gap write_gap;
  Gap read_gap;
  Counts write_errors;
  Counts read_errors;
  std::vector<std::string> left;  // what was still not well at the end

  bool is_back() const { return left.empty(); }
};

struct Report {
  std::string title;
  std::string scope;
  std::string load;                   // "8 writers, 4 readers through 2 proxies"
  std::optional<std::uint64_t> seed;  // of a storm
  WallInstant started_at{};
  Window whole;
  std::vector<Step> steps;
  ProbeResult result;
  std::size_t reads = 0;
  std::vector<TwoWriters> two_writers;
  std::vector<BootInstant> write_moments;
  std::vector<BootInstant> read_moments;
  Chronicle chronicle;

  // Nothing acknowledged is missing, never two writable primaries, and all is back.
  bool is_good() const;
};

std::string print_text(const Report& report);
std::string print_json(const Report& report);
// A page of its own, without anything from elsewhere.
std::string print_html(const Report& report);

std::string print_seconds(nanoseconds span);     // "0.112 s"
std::string print_counts(const Counts& counts);  // "57P03 ×12, timeout ×3"; "none"

}  // namespace holdfast::drill
