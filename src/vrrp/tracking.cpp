#include "vrrp/tracking.hpp"

#include <algorithm>

namespace holdfast::vrrp {
namespace {

constexpr int weight_most = 254;  // what a file can add or take at most

void add_reason(std::string& why, const Tracked& tracked, std::string_view otherwise) {
  if (!why.empty()) why += "; ";
  why += tracked.name + ": " + (tracked.why.empty() ? std::string{otherwise} : tracked.why);
}

bool is_fault(const Tracked& tracked) {
  if (tracked.weight != 0) return false;
  if (tracked.is_file) return (tracked.file_value != 0) != tracked.reverse;
  if (!tracked.is_up) return true;
  return *tracked.is_up == tracked.reverse;
}

// keepalived: a positive weight counts while it works, a negative one while it fails; `reverse` turns the
// sign.
int adjustment(const Tracked& tracked) {
  const int sign = tracked.reverse ? -1 : 1;
  if (tracked.is_file) {
    const std::int64_t product = static_cast<std::int64_t>(tracked.file_value) * tracked.weight * sign;
    return static_cast<int>(std::clamp<std::int64_t>(product, -weight_most, weight_most));
  }
  if (!tracked.is_up) return 0;
  const bool counts = *tracked.is_up ? tracked.weight > 0 : tracked.weight < 0;
  return counts ? tracked.weight * sign : 0;
}

}  // namespace

Standing assess(int base_priority, const std::vector<Tracked>& tracked,
                const std::optional<ServiceHealth>& service) {
  Standing standing{.priority = base_priority};
  int sum = base_priority;
  for (const auto& each : tracked) {
    if (is_fault(each)) {
      standing.is_fault = true;
      add_reason(standing.why, each, each.is_up || each.is_file ? "failed" : "not known yet");
    } else if (const int change = adjustment(each); change != 0) {
      sum += change;
      const auto text = std::string{change > 0 ? "+" : ""} + std::to_string(change);
      if (change < 0) add_reason(standing.why, each, "failed");
      if (change < 0) standing.why += " (" + text + ")";
    }
  }
  if (base_priority != priority_owner) standing.priority = std::clamp(sum, 1, priority_owner - 1);
  if (service && !service->is_well) {
    standing.is_sick = true;
    if (!standing.why.empty()) standing.why += "; ";
    standing.why += service->why.empty() ? "the service does not work" : service->why;
  }
  return standing;
}

void ScriptVerdict::on_result(bool succeeded) {
  if (!is_up_) {
    is_up_ = succeeded;
    last_ = succeeded;
    in_a_row_ = 1;
    return;
  }
  in_a_row_ = succeeded == last_ ? in_a_row_ + 1 : 1;
  last_ = succeeded;
  const int needed = succeeded ? rise_ : fall_;
  if (in_a_row_ >= needed) {
    is_up_ = succeeded;
    in_a_row_ = needed;
  }
}

}  // namespace holdfast::vrrp
