#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "vrrp/router.hpp"

// Several virtual routers of one host. Those of a sync group move together (keepalived's vrrp_sync_group):
// one that leaves MASTER takes the others with it; a fault of one is everybody's, and so is a sick service.
// They become MASTER when the Master_Down of each has passed (keepalived's "everyone wants to"), so that a
// link on which another master is heard keeps the whole group BACKUP. One claim, the first member's, is for
// all of them.
namespace holdfast::vrrp {

struct SyncGroup {
  std::string name;
  std::vector<std::size_t> members;  // places of routers

  bool operator==(const SyncGroup&) const = default;
};

// A Step of one of them.
struct NamedStep {
  std::size_t router = 0;
  Step step;
};

class Ensemble {
 public:
  Ensemble(std::vector<RouterOptions> routers, std::vector<SyncGroup> groups);

  // As of Router; what follows for the rest of its group comes in the same answer, in order.
  std::vector<NamedStep> start(BootInstant now, std::size_t router, Standing standing);
  std::vector<NamedStep> on_advert(BootInstant now, std::size_t router, const Heard& heard);
  std::vector<NamedStep> on_time(BootInstant now);  // every router that is due
  std::vector<NamedStep> on_standing(BootInstant now, std::size_t router, Standing standing);
  // Of the router that said Claim: of a group, its first member.
  std::vector<NamedStep> on_claim(BootInstant now, std::size_t router, std::optional<BootInstant> until);
  std::vector<NamedStep> stop(BootInstant now);
  std::vector<NamedStep> reconfigure(BootInstant now, std::size_t router, RouterOptions options);

  // A reload (sync_group_reload.cpp). Places never change: one that is retired stays in INIT, and in no
  // group.
  void admit(RouterOptions options);  // takes the next place; start() it afterwards
  std::vector<NamedStep> retire(BootInstant now, std::size_t router);
  std::vector<NamedStep> set_groups(BootInstant now, std::vector<SyncGroup> groups);

  BootInstant wake_at() const;  // the earliest of all
  std::size_t size() const { return routers_.size(); }
  const RouterView& view(std::size_t router) const { return routers_[router].view(); }
  const RouterOptions& options(std::size_t router) const { return routers_[router].options(); }
  const std::vector<SyncGroup>& groups() const { return groups_; }
  // FAULT when one is, else MASTER when all are, else BACKUP: what a group's notify scripts are told.
  State state_of(const SyncGroup& group) const;

 private:
  using Steps = std::vector<NamedStep>;
  const SyncGroup* group_of(std::size_t router) const;
  bool is_claimant(std::size_t router) const;
  Standing shared_standing(std::size_t router) const;
  void add(Steps& steps, std::size_t router, Step step);
  void share_standing(BootInstant now, Steps& steps, const SyncGroup& group);
  void settle(BootInstant now, Steps& steps, const SyncGroup& group);
  void take_along(BootInstant now, Steps& steps, const SyncGroup& group);
  void permit(BootInstant now, Steps& steps, const SyncGroup& group);
  Steps settled(BootInstant now, std::size_t router, Steps steps);

  std::vector<Router> routers_;
  std::vector<BootInstant> due_;
  std::vector<Standing> standings_;  // as told, before the group shares them
  std::vector<bool> may_lead_;
  std::vector<SyncGroup> groups_;
};

}  // namespace holdfast::vrrp
