#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ha/action.hpp"
#include "ha/view.hpp"

namespace holdfast::ha {

struct Decision {
  std::string reason;  // in words: "no action: I am pg2, a replica, following pg1"
  std::vector<Action> actions;
  BootInstant wake_at = BootInstant::max();  // decide again at the latest then
  Memory memory;                             // goes into the next View
  bool is_handing_over = false;              // proxies shall hold new connections (heartbeat field)
  std::string_view rule;                     // the rule that answered
};

// One node's judgement: pure, total. The first rule of the table that answers decides; the fencing rules
// stand on top. Leases are renewed beside whatever a rule decided.
Decision decide(const View& view);

}  // namespace holdfast::ha
