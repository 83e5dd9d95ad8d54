#include "drill/writers.hpp"

#include <algorithm>

namespace holdfast::drill {

void WriterWatch::add(const std::string& member, RecoveryAnswer answer) {
  auto& open = open_[member];
  if (!answer.writable) {
    open.reset();
    return;
  }
  if (open && reigns_[*open].timeline == answer.timeline) {
    reigns_[*open].to = std::max(reigns_[*open].to, answer.asked);
    return;
  }
  open = reigns_.size();
  reigns_.push_back({member, answer.timeline, answer.heard, answer.asked});
}

std::vector<TwoWriters> WriterWatch::found() const {
  std::vector<TwoWriters> found;
  for (std::size_t i = 0; i < reigns_.size(); ++i) {
    for (std::size_t j = i + 1; j < reigns_.size(); ++j) {
      const auto& a = reigns_[i];
      const auto& b = reigns_[j];
      if (a.member == b.member || a.from > b.to || b.from > a.to) continue;
      const auto from = std::max(a.from, b.from);
      found.push_back({a.member, b.member, from, std::max(from, std::min(a.to, b.to))});
    }
  }
  return found;
}

}  // namespace holdfast::drill
