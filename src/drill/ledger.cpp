#include "drill/ledger.hpp"

#include <algorithm>

namespace holdfast::drill {

Gap longest_gap(const std::vector<BootInstant>& moments, Window window) {
  auto next = std::lower_bound(moments.begin(), moments.end(), window.from);
  Gap longest;
  BootInstant last = next == moments.begin() ? window.from : *std::prev(next);
  const auto consider = [&](BootInstant end) {
    const Gap gap{last, std::max(last, end)};
    if (gap.length() > longest.length() || longest == Gap{}) longest = gap;
    last = gap.end;
  };
  for (; next != moments.end(); ++next) {
    consider(*next);
    if (*next >= window.to) return longest;
  }
  consider(window.to);
  return longest;
}

void Ledger::acknowledge_write(std::int64_t id, BootInstant at) {
  writes_.push_back({id, at});
}

void Ledger::fail(Load load, std::string kind, BootInstant at) {
  failures_.push_back({load, std::move(kind), at});
  ++(load == Load::write ? write_failures_ : read_failures_);
}

std::vector<BootInstant> Ledger::moments(Load load) const {
  if (load == Load::read) return reads_;
  std::vector<BootInstant> moments;
  moments.reserve(writes_.size());
  for (const auto& write : writes_) moments.push_back(write.at);
  return moments;
}

std::vector<BootInstant> Ledger::moments_since(Load load, BootInstant after) const {
  std::vector<BootInstant> fresh;
  if (load == Load::read) {
    for (auto at = reads_.rbegin(); at != reads_.rend() && *at > after; ++at) fresh.push_back(*at);
  } else {
    for (auto at = writes_.rbegin(); at != writes_.rend() && at->at > after; ++at) fresh.push_back(at->at);
  }
  std::reverse(fresh.begin(), fresh.end());
  return fresh;
}

std::size_t Ledger::count(Load load, Window window) const {
  const auto since = moments_since(load, window.from - 1ns);
  return static_cast<std::size_t>(std::upper_bound(since.begin(), since.end(), window.to) - since.begin());
}

Gap Ledger::longest_gap(Load load, Window window) const {
  return drill::longest_gap(moments(load), window);
}

Counts Ledger::errors(Load load, Window window) const {
  Counts counts;
  for (const auto& failed : failures_) {
    if (failed.load == load && failed.at >= window.from && failed.at <= window.to) ++counts[failed.kind];
  }
  return counts;
}

std::vector<std::int64_t> Ledger::missing(const std::set<std::int64_t>& present) const {
  std::vector<std::int64_t> missing;
  for (const auto& write : writes_) {
    if (!present.contains(write.id)) missing.push_back(write.id);
  }
  std::sort(missing.begin(), missing.end());
  return missing;
}

}  // namespace holdfast::drill
