#include "cli/choose_members.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/print_cluster.hpp"
#include "cli/selection.hpp"
#include "cli/text.hpp"

namespace holdfast::cli {
namespace {

std::vector<std::string> names_of(const std::vector<const dcs::Member*>& members) {
  std::vector<std::string> names;
  for (const auto* member : members) names.push_back(member->name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

Result<std::vector<std::string>> settle_names(Context& context, const Choice& choice,
                                              const std::vector<std::string>& possible) {
  for (const auto& name : choice.members) {
    if (!contains(possible, name)) {
      const bool any = choice.role == "any";
      return fail(Errc::not_found, any ? fmt::format("{} is not a member of cluster", name)
                                       : fmt::format("No {} among provided members", choice.role));
    }
  }
  if (!choice.members.empty()) return choice.members;
  // A copy made anew throws data away: for that each member has to be named.
  if (choice.action != "reinitialize") return possible;
  if (choice.force) return fail(Errc::invalid_argument, "name the members to reinitialize");
  auto answer = context.terminal.ask(
      fmt::format("Which member do you want to {} [{}]?", choice.action, join(possible, ", ")), "");
  if (!answer) return tl::unexpected(answer.error());
  if (!contains(possible, *answer)) return fail(Errc::not_found, *answer + " is not a member of cluster");
  return std::vector{*answer};
}

}  // namespace

Result<std::vector<const dcs::Member*>> choose_members(Context& context, const dcs::Cluster& cluster,
                                                       const Choice& choice) {
  auto members = members_with_role(cluster, choice.role);
  if (!choice.force || choice.role != "any") {
    if (members.empty() && choice.members.empty())
      return fail(Errc::not_found, choice.scope + " cluster doesn't have any members");
    print_cluster(context.terminal, cluster, choice.scope);
  }
  const auto names = settle_names(context, choice, names_of(members));
  if (!names) return tl::unexpected(names.error());
  std::erase_if(members, [&](const dcs::Member* member) { return !contains(*names, member->name); });
  return members;
}

Result<void> confirm_members(Context& context, const std::vector<const dcs::Member*>& members,
                             const std::string& action, const std::string& scheduled_at) {
  const std::string names = join(names_of(members), ", ");
  const auto question = scheduled_at.empty()
                            ? fmt::format("Are you sure you want to {} members {}?", action, names)
                            : fmt::format("Are you sure you want to schedule {} of members {} at {}?", action,
                                          names, scheduled_at);
  const auto answer = context.terminal.confirm(question);
  if (!answer) return tl::unexpected(answer.error());
  if (!*answer)
    return fail(Errc::refused, (scheduled_at.empty() ? "Aborted " : "Aborted scheduled ") + action);
  return {};
}

}  // namespace holdfast::cli
