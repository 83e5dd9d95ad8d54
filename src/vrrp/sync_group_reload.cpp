#include <algorithm>

#include "vrrp/sync_group.hpp"

namespace holdfast::vrrp {

void Ensemble::admit(RouterOptions options) {
  routers_.emplace_back(std::move(options));
  due_.push_back(BootInstant::max());
  standings_.emplace_back();
  may_lead_.push_back(true);
}

std::vector<NamedStep> Ensemble::retire(BootInstant now, std::size_t router) {
  for (auto& group : groups_) std::erase(group.members, router);
  std::erase_if(groups_, [](const SyncGroup& group) { return group.members.empty(); });
  Steps steps;
  standings_[router] = {};
  add(steps, router, routers_[router].stop(now));
  return steps;
}

std::vector<NamedStep> Ensemble::set_groups(BootInstant now, std::vector<SyncGroup> groups) {
  if (groups == groups_) return {};
  groups_ = std::move(groups);
  std::erase_if(groups_, [](const SyncGroup& group) { return group.members.empty(); });
  Steps steps;
  for (std::size_t router = 0; router < routers_.size(); ++router) {
    if (may_lead_[router] || group_of(router) != nullptr) continue;
    may_lead_[router] = true;
    add(steps, router, routers_[router].permit(now, true));
  }
  for (const auto& group : groups_) settle(now, steps, group);
  return steps;
}

}  // namespace holdfast::vrrp
