#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drill/hands.hpp"
#include "drill/observation.hpp"

// The drills, declared once: what is done to whom.
namespace holdfast::drill {

// proxy: of the host that has the floating address, if there is one.
enum class Whom { primary, primary_host_etcd, proxy, vip_holder };

struct Plan {
  std::string_view name;
  std::string_view summary;
  Whom whom = Whom::primary;
  std::optional<Victim> victim;  // nullopt: a planned switchover is asked for
  Deed deed = Deed::kill;
  std::optional<Deed> undo;    // done after `hold`
  bool returns_alone = true;   // otherwise somebody has to start it again
  bool needs_command = false;  // can't be done with local processes
};

const std::vector<Plan>& plans();
const Plan* find_plan(std::string_view name);

// Whom it hits now; nullopt: there is none.
std::optional<std::string> victim_of(const Plan& plan, const Observation& seen);

}  // namespace holdfast::drill
