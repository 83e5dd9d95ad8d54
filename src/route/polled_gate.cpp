#include "route/polled_gate.hpp"

#include <algorithm>

namespace holdfast::route {
namespace {

GateView closed(GateView gate, CutCause cause, std::string why) {
  if (gate.state != GateState::held) gate.closed_by = cause;
  gate.state = GateState::held;
  gate.why = std::move(why);
  return gate;
}

}  // namespace

GateView next_polled(const GateView& before, std::span<const Claim> claims) {
  if (claims.empty()) return closed(before, CutCause::role_lost, "no server passes its GET /primary check");
  const auto best = std::ranges::max_element(claims, {}, &Claim::timeline);
  const auto rivals = std::ranges::count(claims, best->timeline, &Claim::timeline);
  if (rivals > 1) return closed(before, CutCause::role_lost, "more than one server passes GET /primary");
  GateView gate{.state = GateState::open, .primary = best->server, .epoch = before.epoch};
  gate.until = BootInstant::max();
  gate.why.clear();
  if (best->server != before.primary) gate.epoch.value += 1;
  return gate;
}

}  // namespace holdfast::route
