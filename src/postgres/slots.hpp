#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "postgres/monitor.hpp"

namespace holdfast::postgres {

// What to do with physical slots. Pure, so that it can be tested; never names a slot that is not ours
// (EC-80).
struct SlotPlan {
  std::vector<std::string> create;
  std::vector<std::string> drop;
  std::map<std::string, Lsn> advance;

  bool empty() const { return create.empty() && drop.empty() && advance.empty(); }
  bool operator==(const SlotPlan&) const = default;
};

struct WantedSlots {
  std::map<std::string, Lsn> members;  // slot names to have; Lsn: advance to it on a standby, Lsn{} = leave
  std::vector<std::string> may_drop;   // names of ours (members that went) that may go once inactive
  bool in_recovery = false;
  Lsn replay;  // a standby can't advance past it (EC-78)
};
SlotPlan plan_slots(const WantedSlots& wanted, const std::vector<Slot>& existing);

// Carries the plan out, each step on its own; the first error is returned after all were tried.
awaitable<Result<void>> apply_slots(Connection* connection, SlotPlan plan, nanoseconds limit);

}  // namespace holdfast::postgres
