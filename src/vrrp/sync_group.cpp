#include "vrrp/sync_group.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::vrrp {

Ensemble::Ensemble(std::vector<RouterOptions> routers, std::vector<SyncGroup> groups)
    : due_(routers.size(), BootInstant::max()),
      standings_(routers.size()),
      may_lead_(routers.size(), true),
      groups_{std::move(groups)} {
  for (auto& options : routers) routers_.emplace_back(std::move(options));
  for (const auto& group : groups_) {
    for (const auto member : group.members) {
      may_lead_[member] = false;
      routers_[member].permit(BootInstant{}, false);
    }
  }
}

// ---- inputs

std::vector<NamedStep> Ensemble::start(BootInstant now, std::size_t router, Standing standing) {
  Steps steps;
  standings_[router] = std::move(standing);
  add(steps, router, routers_[router].start(now, shared_standing(router)));
  return settled(now, router, std::move(steps));
}

std::vector<NamedStep> Ensemble::on_advert(BootInstant now, std::size_t router, const Heard& heard) {
  Steps steps;
  add(steps, router, routers_[router].on_advert(now, heard));
  return settled(now, router, std::move(steps));
}

std::vector<NamedStep> Ensemble::on_time(BootInstant now) {
  Steps steps;
  for (std::size_t router = 0; router < routers_.size(); ++router) {
    if (due_[router] > now) continue;
    add(steps, router, routers_[router].on_time(now));
    steps = settled(now, router, std::move(steps));
  }
  return steps;
}

std::vector<NamedStep> Ensemble::on_standing(BootInstant now, std::size_t router, Standing standing) {
  Steps steps;
  standings_[router] = std::move(standing);
  add(steps, router, routers_[router].on_standing(now, shared_standing(router)));
  return settled(now, router, std::move(steps));
}

std::vector<NamedStep> Ensemble::on_claim(BootInstant now, std::size_t router,
                                          std::optional<BootInstant> until) {
  Steps steps;
  const auto* group = group_of(router);
  const auto claimant = group != nullptr ? group->members.front() : router;
  add(steps, claimant, routers_[claimant].on_claim(now, until));
  if (group != nullptr && routers_[claimant].view().is_claimed) {
    for (const auto member : group->members) {
      if (member != claimant && routers_[member].view().state == State::master)
        add(steps, member, routers_[member].on_claim(now, until));
    }
  }
  return settled(now, claimant, std::move(steps));
}

std::vector<NamedStep> Ensemble::stop(BootInstant now) {
  Steps steps;
  for (std::size_t router = 0; router < routers_.size(); ++router)
    add(steps, router, routers_[router].stop(now));
  return steps;
}

std::vector<NamedStep> Ensemble::reconfigure(BootInstant now, std::size_t router, RouterOptions options) {
  Steps steps;
  add(steps, router, routers_[router].reconfigure(now, std::move(options)));
  return settled(now, router, std::move(steps));
}

// ---- what is seen

BootInstant Ensemble::wake_at() const {
  return due_.empty() ? BootInstant::max() : *std::ranges::min_element(due_);
}

State Ensemble::state_of(const SyncGroup& group) const {
  const auto is_in = [this](State state) {
    return [this, state](std::size_t member) { return view(member).state == state; };
  };
  if (std::ranges::any_of(group.members, is_in(State::fault))) return State::fault;
  return std::ranges::all_of(group.members, is_in(State::master)) ? State::master : State::backup;
}

// ---- the group

const SyncGroup* Ensemble::group_of(std::size_t router) const {
  for (const auto& group : groups_) {
    if (std::ranges::find(group.members, router) != group.members.end()) return &group;
  }
  return nullptr;
}

bool Ensemble::is_claimant(std::size_t router) const {
  const auto* group = group_of(router);
  return group == nullptr || group->members.front() == router;
}

// The claims of the other members are the first one's: nobody outside hears of them.
void Ensemble::add(Steps& steps, std::size_t router, Step step) {
  due_[router] = step.wake_at;
  if (!is_claimant(router)) {
    std::erase_if(step.actions, [](const Action& action) {
      return std::holds_alternative<Claim>(action) || std::holds_alternative<Unclaim>(action);
    });
  }
  steps.push_back({router, std::move(step)});
}

Standing Ensemble::shared_standing(std::size_t router) const {
  Standing shared = standings_[router];
  const auto* group = group_of(router);
  if (group == nullptr) return shared;
  for (const auto member : group->members) {
    const auto& theirs = standings_[member];
    if (member == router || (!theirs.is_fault && !theirs.is_sick)) continue;
    const bool says_more = (theirs.is_fault && !shared.is_fault) || (theirs.is_sick && !shared.is_sick);
    shared.is_fault = shared.is_fault || theirs.is_fault;
    shared.is_sick = shared.is_sick || theirs.is_sick;
    if (!says_more) continue;
    if (!shared.why.empty()) shared.why += "; ";
    shared.why += routers_[member].options().name + ": " + theirs.why;
  }
  return shared;
}

std::vector<NamedStep> Ensemble::settled(BootInstant now, std::size_t router, Steps steps) {
  if (const auto* group = group_of(router)) settle(now, steps, *group);
  return steps;
}

void Ensemble::settle(BootInstant now, Steps& steps, const SyncGroup& group) {
  share_standing(now, steps, group);
  take_along(now, steps, group);
  permit(now, steps, group);
}

void Ensemble::share_standing(BootInstant now, Steps& steps, const SyncGroup& group) {
  for (const auto member : group.members) {
    if (view(member).state == State::init) continue;
    auto shared = shared_standing(member);
    if (shared != view(member).standing)
      add(steps, member, routers_[member].on_standing(now, std::move(shared)));
  }
}

// Who leaves MASTER takes the others with it. The first look tells: all were masters, or nobody was.
void Ensemble::take_along(BootInstant now, Steps& steps, const SyncGroup& group) {
  const auto leaves = [&](const NamedStep& named) {
    const auto& moved = named.step.transition;
    return moved && moved->from == State::master && moved->to != State::master &&
           std::ranges::find(group.members, named.router) != group.members.end();
  };
  const auto left = std::ranges::find_if(steps, leaves);
  if (left == steps.end()) return;
  const auto reason = fmt::format("sync group {}: {} left MASTER: {}", group.name,
                                  routers_[left->router].options().name, left->step.transition->reason);
  for (const auto member : group.members) {
    if (view(member).state == State::master)
      add(steps, member, routers_[member].force(now, State::backup, reason));
  }
}

// All may lead once all are ready; those behind the first one when it has its claim.
void Ensemble::permit(BootInstant now, Steps& steps, const SyncGroup& group) {
  const auto wants = [this](std::size_t member) {
    return view(member).state == State::master || view(member).is_ready;
  };
  const bool all_want = std::ranges::all_of(group.members, wants);
  const auto first = group.members.front();
  for (const auto member : group.members) {
    const bool may_lead = all_want && (member == first || view(first).state == State::master);
    if (may_lead == may_lead_[member]) continue;
    may_lead_[member] = may_lead;
    add(steps, member, routers_[member].permit(now, may_lead));
    const bool lacks_claim = member != first && may_lead && view(member).state == State::backup;
    if (!lacks_claim) continue;
    const bool has_end = routers_[first].options().needs_claim;
    const auto until = has_end ? view(first).claim_until : BootInstant::max();
    add(steps, member, routers_[member].on_claim(now, until));
  }
}

}  // namespace holdfast::vrrp
