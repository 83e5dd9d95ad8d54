#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "dcs/cluster.hpp"

// Which cluster and which members the words of a command line mean. Pure.
namespace holdfast::cli {

struct Target {
  std::string cluster;               // empty: the configuration's `scope`
  std::vector<std::string> members;  // empty: none were named
};
// [CLUSTER] [MEMBER…]: patronictl's cluster always comes first; ours may be left out, and is taken for given
// when the first word is the configuration's scope.
Target split_target(Style style, const std::string& scope, const std::vector<std::string>& names);

// The members with a role of patronictl's -r, in order of name.
std::vector<const dcs::Member*> members_with_role(const dcs::Cluster& cluster, std::string_view role);
// The leader first: who can best answer for the cluster.
std::vector<const dcs::Member*> leader_first(const dcs::Cluster& cluster);

// Who may be promoted in place of `leader`: everyone else without a tag against it.
std::vector<std::string> candidates(const dcs::Cluster& cluster, std::string_view leader);

// patronictl's --role and --member; what it says when they contradict each other.
struct RoleOrMember {
  std::string role;
  std::optional<std::string> member;
};
Result<RoleOrMember> role_or_member(const std::optional<std::string>& role,
                                    const std::optional<std::string>& member);

}  // namespace holdfast::cli
