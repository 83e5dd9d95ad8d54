#include "drill/chronicle.hpp"

#include <algorithm>

namespace holdfast::drill {

Lane& Chronicle::lane(std::string_view name) {
  const auto found =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) { return l.name == name; });
  if (found != lanes_.end()) return *found;
  return lanes_.emplace_back(Lane{std::string{name}, {}});
}

bool Chronicle::set(std::string_view name, std::string state, Tone tone, BootInstant at) {
  auto& spans = lane(name).spans;
  if (!spans.empty()) {
    spans.back().to = at;
    if (spans.back().state == state) return false;
  }
  spans.push_back({std::move(state), tone, at, at});
  return true;
}

void Chronicle::tell(std::string text, BootInstant at, bool ours) {
  happenings_.push_back({at, std::move(text), ours});
}

}  // namespace holdfast::drill
