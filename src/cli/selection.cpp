#include "cli/selection.hpp"

#include <algorithm>

#include "dcs/ha_mapping.hpp"

namespace holdfast::cli {

Target split_target(Style style, const std::string& scope, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  const bool starts_with_cluster = style == Style::patronictl || scope.empty() || names.front() == scope;
  if (!starts_with_cluster) return {.cluster = {}, .members = names};
  return {.cluster = names.front(), .members = {names.begin() + 1, names.end()}};
}

std::vector<const dcs::Member*> members_with_role(const dcs::Cluster& cluster, std::string_view role) {
  const dcs::Member* leader = cluster.leader ? cluster.member(cluster.leader->name) : nullptr;
  const bool leads_standby_cluster = leader != nullptr && leader->role == "standby_leader";
  const bool wants_leader = role == "leader" || (role == "standby-leader" && leads_standby_cluster) ||
                            ((role == "primary" || role == "master") && !leads_standby_cluster);
  if (wants_leader) return leader != nullptr ? std::vector{leader} : std::vector<const dcs::Member*>{};
  std::vector<const dcs::Member*> found;
  for (const auto& member : cluster.members) {
    if (role == "any" || ((role == "replica" || role == "standby") && &member != leader))
      found.push_back(&member);
  }
  return found;
}

std::vector<const dcs::Member*> leader_first(const dcs::Cluster& cluster) {
  std::vector<const dcs::Member*> members;
  for (const auto& member : cluster.members) {
    if (!member.api_url.empty()) members.push_back(&member);
  }
  const auto leads = [&](const dcs::Member* member) {
    return cluster.leader && cluster.leader->name == member->name;
  };
  const auto leader = std::ranges::find_if(members, leads);
  if (leader != members.end()) std::rotate(members.begin(), leader, leader + 1);
  return members;
}

std::vector<std::string> candidates(const dcs::Cluster& cluster, std::string_view leader) {
  std::vector<std::string> names;
  for (const auto& member : cluster.members) {
    const auto tags = dcs::tags_of(member.tags);
    if (member.name != leader && !tags.nofailover && tags.failover_priority > 0) names.push_back(member.name);
  }
  std::ranges::sort(names);
  return names;
}

Result<RoleOrMember> role_or_member(const std::optional<std::string>& role,
                                    const std::optional<std::string>& member) {
  if (role && member)
    return fail(Errc::invalid_argument, "--role and --member are mutually exclusive options");
  if (member) return RoleOrMember{.role = "any", .member = member};
  return RoleOrMember{.role = role.value_or("leader"), .member = {}};
}

}  // namespace holdfast::cli
