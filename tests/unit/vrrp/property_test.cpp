#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "timeline.hpp"

// Whatever happens to a Router, in whatever order.
namespace holdfast::vrrp {
namespace {

struct Event {
  int kind = 0;
  milliseconds after{};
  Heard heard;
  Standing standing;
  std::optional<milliseconds> claim;
  RouterOptions options;
};

RouterOptions any_options() {
  auto options = an_instance();
  options.version = *rc::gen::element(Version::v2, Version::v3);
  options.advert_int = options.version == Version::v2 ? 1s : milliseconds{*rc::gen::element(10, 100, 1000)};
  options.starts_as_master = *rc::gen::arbitrary<bool>();
  options.preempt = *rc::gen::arbitrary<bool>();
  options.preempt_delay = milliseconds{*rc::gen::element(0, 500)};
  options.garp_master_delay = milliseconds{*rc::gen::element(0, 250)};
  options.garp_lower_prio_delay = milliseconds{*rc::gen::element(0, 250)};
  options.garp_master_refresh = milliseconds{*rc::gen::element(0, 700)};
  options.address_lifetime = milliseconds{*rc::gen::element(100, 1000)};
  options.needs_claim = *rc::gen::arbitrary<bool>();
  return options;
}

Standing any_standing() {
  const int kind = *rc::gen::inRange(0, 6);
  if (kind == 0) return faulty();
  const int priority = *rc::gen::element(1, 100, 150, 255);
  return kind == 1 ? sick(priority) : well(priority);
}

Event any_event() {
  Event event;
  event.kind = *rc::gen::inRange(0, 12);
  event.after = milliseconds{*rc::gen::element(0, 1, 30, 100, 400, 5000)};
  event.heard = *rc::gen::arbitrary<bool>() ? from_22(*rc::gen::element(0, 1, 99, 100, 101, 255))
                                            : from_20(*rc::gen::element(0, 1, 99, 100, 101, 255));
  event.standing = any_standing();
  if (*rc::gen::inRange(0, 3) > 0) event.claim = milliseconds{*rc::gen::element(1, 200, 3000)};
  event.options = any_options();
  return event;
}

Step apply(Router& router, BootInstant now, const Event& event) {
  switch (event.kind) {
    case 0:
    case 1:
    case 2:
      return router.on_advert(now, event.heard);
    case 3:
      return router.on_standing(now, event.standing);
    case 4:
    case 5: {
      if (!event.claim) return router.on_claim(now, std::nullopt);
      return router.on_claim(now, now + *event.claim);
    }
    case 6:
      return router.stop(now);
    case 7:
      return router.reconfigure(now, event.options);
    case 8:
      return router.permit(now, event.standing.priority != 1);
    case 9:
      return router.force(now, event.standing.is_fault ? State::fault : State::backup, "the group");
    default:
      return router.on_time(now);
  }
}

// What has to hold of each step.
void check(BootInstant now, State before, const Router& router, const Step& step) {
  const auto& view = router.view();
  RC_ASSERT(step.wake_at >= now);
  bool is_held = before == State::master;
  for (const auto& action : step.actions) {
    if (const auto* hold = std::get_if<HoldAddresses>(&action)) {
      RC_ASSERT(view.state == State::master);
      RC_ASSERT(hold->lifetime > 0ms);
      if (router.options().needs_claim && view.is_claimed)
        RC_ASSERT(now + hold->lifetime <= view.claim_until);
      is_held = true;
    }
    if (std::holds_alternative<DropAddresses>(action)) is_held = false;
    if (std::holds_alternative<Announce>(action)) RC_ASSERT(view.state == State::master);
  }
  if (view.state != State::master) RC_ASSERT(!is_held);
  RC_ASSERT(step.transition || view.state == before);
  if (step.transition) {
    RC_ASSERT(step.transition->from == before);
    RC_ASSERT(step.transition->to == view.state);
    RC_ASSERT(!step.transition->reason.empty() || view.standing.is_fault);
    RC_ASSERT(view.since == now);
  }
  if (view.state == State::master && router.options().needs_claim) RC_ASSERT(view.claim_until > now);
}

RC_GTEST_PROP(RouterProperty, holds_addresses_as_master_alone_and_always_wakes_later, ()) {
  Router router{any_options()};
  Router twin{router.options()};
  BootInstant now = at(0);
  auto step = router.start(now, any_standing());
  RC_ASSERT(step == twin.start(now, router.view().standing));
  check(now, State::init, router, step);
  const int count = *rc::gen::inRange(1, 80);
  for (int i = 0; i < count; ++i) {
    const auto event = any_event();
    // Half of the time the shell is on time.
    const bool is_due = step.wake_at != BootInstant::max() && *rc::gen::arbitrary<bool>();
    now = is_due ? step.wake_at : now + event.after;
    const auto before = router.view().state;
    if (before == State::init) {
      step = router.start(now, event.standing);
      RC_ASSERT(step == twin.start(now, event.standing));
    } else {
      step = is_due ? router.on_time(now) : apply(router, now, event);
      RC_ASSERT(step == (is_due ? twin.on_time(now) : apply(twin, now, event)));
    }
    RC_ASSERT(router.view() == twin.view());
    check(now, before, router, step);
  }
}

RC_GTEST_PROP(RouterProperty, makes_progress_at_each_wake, ()) {
  auto options = any_options();
  options.needs_claim = false;
  Router router{options};
  auto step = router.start(at(0), well(*rc::gen::element(1, 100, 254)));
  BootInstant now = at(0);
  int in_place = 0;
  for (int i = 0; i < 200; ++i) {
    RC_ASSERT(step.wake_at != BootInstant::max());
    in_place = step.wake_at == now ? in_place + 1 : 0;
    RC_ASSERT(in_place < 2);
    now = step.wake_at;
    step = router.on_time(now);
  }
  RC_ASSERT(router.view().state == State::master);
}

}  // namespace
}  // namespace holdfast::vrrp
