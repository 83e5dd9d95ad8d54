#include "postgres/slots.hpp"

#include <algorithm>

namespace holdfast::postgres {
namespace {

const Slot* find_slot(const std::vector<Slot>& slots, const std::string& name) {
  const auto found =
      std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.name == name; });
  return found == slots.end() ? nullptr : &*found;
}

// A lost slot holds nothing and never will; an inactive one with xmin (left from when we were primary) blocks
// vacuum for ever. Both are made again (EC-76, EC-77).
bool is_useless(const Slot& slot, bool in_recovery) {
  return !slot.active && (slot.wal_status == "lost" || (in_recovery && slot.has_xmin));
}

void plan_member(SlotPlan& plan, const WantedSlots& wanted, const Slot* slot, const std::string& name,
                 Lsn target) {
  if (slot == nullptr) {
    plan.create.push_back(name);
    return;
  }
  if (!slot->physical || slot->temporary) return;  // someone else's under the same name: hands off
  if (is_useless(*slot, wanted.in_recovery)) {
    plan.drop.push_back(name);
    plan.create.push_back(name);
    return;
  }
  const Lsn reachable = std::min(target, wanted.replay);
  const bool may_advance = wanted.in_recovery && !slot->active && slot->restart_lsn;
  if (may_advance && reachable > slot->restart_lsn) plan.advance.emplace(name, reachable);
}

}  // namespace

SlotPlan plan_slots(const WantedSlots& wanted, const std::vector<Slot>& existing) {
  SlotPlan plan;
  for (const auto& [name, target] : wanted.members) {
    plan_member(plan, wanted, find_slot(existing, name), name, target);
  }
  for (const auto& name : wanted.may_drop) {
    const Slot* slot = find_slot(existing, name);
    if (slot == nullptr || wanted.members.contains(name)) continue;
    if (slot->physical && !slot->temporary && !slot->active) plan.drop.push_back(name);
  }
  return plan;
}

awaitable<Result<void>> apply_slots(Connection* connection, SlotPlan plan, nanoseconds limit) {
  Result<void> outcome;
  const auto note = [&outcome](const std::string& doing, const Result<Rows>& answer) {
    if (!answer && outcome) outcome = fail(doing, answer.error());
  };
  for (const auto& name : plan.drop) {
    // Only if still inactive: somebody may have connected since the plan was made.
    std::vector<Field> parameters{name};
    auto answer = co_await connection->query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT "
        "active",
        std::move(parameters), limit);
    note("dropping slot " + name, answer);
  }
  for (const auto& name : plan.create) {
    // Reserved at once, so that WAL is kept from this moment and not from the first connection (EC-82).
    std::vector<Field> parameters{name};
    auto answer = co_await connection->query(
        "SELECT pg_create_physical_replication_slot($1, true) WHERE NOT EXISTS "
        "(SELECT FROM pg_replication_slots WHERE slot_name = $1)",
        std::move(parameters), limit);
    note("creating slot " + name, answer);
  }
  for (const auto& [name, target] : plan.advance) {
    std::vector<Field> parameters{name, print_lsn(target)};
    auto answer = co_await connection->query("SELECT pg_replication_slot_advance($1, $2::pg_lsn)",
                                             std::move(parameters), limit);
    note("advancing slot " + name, answer);
  }
  co_return outcome;
}

}  // namespace holdfast::postgres
