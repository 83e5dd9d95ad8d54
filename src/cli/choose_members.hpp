#pragma once

#include <string>
#include <vector>

#include "cli/verbs.hpp"
#include "dcs/cluster.hpp"

namespace holdfast::cli {

struct Choice {
  std::string scope;
  std::string action;                // "restart": as the questions say it
  std::vector<std::string> members;  // named on the command line; empty: all with the role
  std::string role = "any";
  bool force = false;
};

// Shows the cluster and settles which members are meant; asks when none can be told. Errors in patronictl's
// words.
Result<std::vector<const dcs::Member*>> choose_members(Context& context, const dcs::Cluster& cluster,
                                                       const Choice& choice);

// "Are you sure you want to restart members pg1, pg2?"; Errc::refused when not.
Result<void> confirm_members(Context& context, const std::vector<const dcs::Member*>& members,
                             const std::string& action, const std::string& scheduled_at = {});

}  // namespace holdfast::cli
