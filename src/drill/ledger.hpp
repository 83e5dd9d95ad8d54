#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/instant.hpp"

// What the load probe saw, as plain values: every acknowledgement with its instant, every failure with its
// kind.
namespace holdfast::drill {

enum class Load { write, read };

struct Acknowledged {
  std::int64_t id = 0;
  BootInstant at{};
};

struct Failed {
  Load load = Load::write;
  std::string kind;  // a SQLSTATE, or "timeout", "connection lost", "connection refused"
  BootInstant at{};
};

// A span without any acknowledgement.
struct Gap {
  BootInstant begin{};
  BootInstant end{};

  nanoseconds length() const { return end - begin; }
  bool operator==(const Gap&) const = default;
};

// From one moment to another; ends are included.
struct Window {
  BootInstant from{};
  BootInstant to{};
};

// The longest gap that touches `window`, whole: it may begin before and end after it. `moments` is in order.
// Where nothing was acknowledged before (after) the window, the window's own edge begins (ends) the gap.
Gap longest_gap(const std::vector<BootInstant>& moments, Window window);

using Counts = std::map<std::string, std::size_t>;

class Ledger {
 public:
  void acknowledge_write(std::int64_t id, BootInstant at);
  void acknowledge_read(BootInstant at) { reads_.push_back(at); }
  void fail(Load load, std::string kind, BootInstant at);
  // A write whose answer never came: it may be there or not, neither is a loss.
  void doubt(std::int64_t id) { doubtful_.insert(id); }

  const std::vector<Acknowledged>& writes() const { return writes_; }
  const std::set<std::int64_t>& doubtful() const { return doubtful_; }
  const std::vector<Failed>& failures() const { return failures_; }

  std::size_t count(Load load) const { return load == Load::write ? writes_.size() : reads_.size(); }
  std::size_t count(Load load, Window window) const;
  std::vector<BootInstant> moments(Load load) const;
  std::vector<BootInstant> moments_since(Load load, BootInstant after) const;  // `after` itself left out
  Gap longest_gap(Load load, Window window) const;
  Counts errors(Load load, Window window) const;
  std::size_t failure_count(Load load) const {
    return load == Load::write ? write_failures_ : read_failures_;
  }

  // The acknowledged ids that `present` lacks, in order. Must be empty.
  std::vector<std::int64_t> missing(const std::set<std::int64_t>& present) const;

 private:
  std::vector<Acknowledged> writes_;
  std::vector<BootInstant> reads_;
  std::vector<Failed> failures_;
  std::size_t write_failures_ = 0;
  std::size_t read_failures_ = 0;
  std::set<std::int64_t> doubtful_;
};

}  // namespace holdfast::drill
