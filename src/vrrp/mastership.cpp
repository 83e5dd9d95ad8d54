#include <fmt/format.h>

#include <algorithm>

#include "vrrp/router.hpp"

// How a Router becomes master, stays it and leaves it.
namespace holdfast::vrrp {

// ---- one call

void Router::begin(BootInstant now) {
  step_ = {};
  yield_if_paused(now);
  listen_again_if_late(now);
  lose_claim_if_over(now);
}

Step Router::finish(BootInstant now) {
  using std::chrono::duration_cast;
  auto wake_at = never;
  if (is_master()) {
    wake_at = std::min({advert_at_, hold_at_, announce_at_, refresh_at_, contest_at_});
    if (options_.needs_claim) wake_at = std::min(wake_at, view_.claim_until);
  } else if (view_.state == State::backup) {
    if (!view_.is_ready) wake_at = down_at_;
    if (view_.is_ready && may_lead_ && !asked_) wake_at = retry_at_;
  }
  view_.priority = priority();
  view_.master_down_interval = duration_cast<milliseconds>(master_down());
  Step step = std::exchange(step_, {});
  step.wake_at = std::max(now, wake_at);
  return step;
}

// ---- changes of state

// One call can move twice (paused, then a fault): both reasons are told.
void Router::enter(BootInstant now, State state, std::string reason) {
  if (step_.transition) {
    reason = step_.transition->reason + "; " + reason;
    step_.transition = Transition{step_.transition->from, state, reason};
  } else {
    step_.transition = Transition{view_.state, state, reason};
  }
  view_.state = state;
  view_.reason = std::move(reason);
  view_.since = now;
  view_.is_ready = false;
}

void Router::enter_backup(BootInstant now, std::string reason) {
  enter(now, State::backup, std::move(reason));
  view_.master_advert_int = options_.advert_int;
  down_at_ = now + master_down();
  listens_since_ = now;
  retry_at_ = now;
  listened_again_ = false;
  preempt_at_.reset();
}

// The whole Master_Down, but for the owner of the address.
void Router::listen(BootInstant now, std::string reason) {
  enter_backup(now, std::move(reason));
  if (priority() == priority_owner) down_at_ = now;
  be_backup(now);
}

void Router::become_master(BootInstant now, std::string reason) {
  enter(now, State::master, std::move(reason));
  view_.master_advert_int = options_.advert_int;
  send_advert(now);
  held_until_ = never;
  hold_addresses(now);
  if (options_.garp_master_repeat > 0) say(Announce{options_.garp_master_repeat});
  announce_at_ = options_.garp_master_delay > 0ms ? now + options_.garp_master_delay : never;
  refresh_at_ = options_.garp_master_refresh > 0ms ? now + options_.garp_master_refresh : never;
  contest_at_ = never;
}

// A master says so to the others, who then need not wait for Master_Down.
void Router::leave(BootInstant now, State to, std::string reason) {
  if (is_master()) say(SendAdvert{priority_stopping});
  say(DropAddresses{});
  give_claim_back();
  if (to == State::backup) return enter_backup(now, std::move(reason));
  enter(now, to, std::move(reason));
}

// Somebody else may have taken over while we did not run. A backup of the highest priority waits for
// down_timer_adverts of our intervals and hardly more, one of the lowest an interval longer; up to that one,
// an advert from us settles it as VRRP does, and beyond it nobody can be expected to have waited. Priority 0
// is not said: it would disturb whoever leads now.
void Router::yield_if_paused(BootInstant now) {
  if (!is_master() || now <= alive_until_) return;
  const auto silence = std::chrono::duration<double>{now - last_sent_}.count();
  say(DropAddresses{});
  give_claim_back();
  enter_backup(now, fmt::format("was paused for {:.1f} s: somebody else may be master", silence));
}

// Late for Master_Down: the adverts of a master that works may wait unread, or passed while we stood still.
// Once: somebody who is always late takes over in the end.
void Router::listen_again_if_late(BootInstant now) {
  if (view_.state != State::backup || view_.is_ready || listened_again_) return;
  if (now <= down_at_ + view_.master_advert_int / 2) return;
  listened_again_ = true;
  down_at_ = now + view_.master_advert_int + skew();
}

// ---- the claim (`ownership: lease`)

void Router::lead_if_may(BootInstant now) {
  if (view_.state != State::backup || !view_.is_ready || !may_lead_) return;
  if (!options_.needs_claim || view_.is_claimed)
    return become_master(now, ready_reason_ + (view_.is_claimed ? "; the lease is ours" : ""));
  if (asked_ || now < retry_at_) return;
  asked_ = true;
  say(Claim{});
}

Step Router::on_claim(BootInstant now, std::optional<BootInstant> until) {
  begin(now);
  const bool is_wanted = options_.needs_claim && (is_master() || asked_);
  const bool was_asked = std::exchange(asked_, false);
  if (until && *until > now && !is_wanted) {
    say(Unclaim{});
  } else if (until && *until > now) {
    const bool was_cut = is_master() && hold_at_ == never;
    view_.is_claimed = true;
    view_.claim_until = *until;
    if (was_cut) hold_addresses(now);
    lead_if_may(now);
  } else {
    view_.is_claimed = false;
    if (options_.needs_claim && is_master())
      leave(now, State::backup, "the lease was lost, or is somebody else's");
    else if (was_asked && view_.state == State::backup)
      challenge(now);
  }
  return finish(now);
}

// The claim is somebody else's. If that is a master whom we may preempt, only an advert of ours makes it go.
void Router::challenge(BootInstant now) {
  const bool is_contest = hears_lower(now);
  if (is_contest) say(SendAdvert{priority()});
  retry_at_ = now + (is_contest ? 2 : 1) * options_.advert_int;
}

void Router::give_claim_back() {
  if (view_.is_claimed || asked_) say(Unclaim{});
  view_.is_claimed = false;
  asked_ = false;
}

void Router::lose_claim_if_over(BootInstant now) {
  if (!options_.needs_claim || now < view_.claim_until) return;
  view_.is_claimed = false;
  if (!is_master()) return;
  const auto late = std::chrono::duration<double>{now - view_.since}.count();
  leave(now, State::backup, fmt::format("the lease ended without renewal, after {:.1f} s as master", late));
}

// ---- a master's duties

void Router::send_advert(BootInstant now) {
  say(SendAdvert{priority()});
  last_sent_ = now;
  advert_at_ = now + options_.advert_int;
  // In version 2 the longest skew is a second, whatever the interval.
  const milliseconds skew_most = options_.version == Version::v3 ? options_.advert_int : 1s;
  alive_until_ = now + options_.down_timer_adverts * options_.advert_int + skew_most;
}

// Never beyond the claim: should we hang, the kernel ends the addresses with it (EC-125). Renewed every third
// of the lifetime; one that was cut waits for the claim's renewal instead.
void Router::hold_addresses(BootInstant now) {
  auto lifetime = options_.address_lifetime;
  hold_at_ = now + nanoseconds{lifetime} / 3;
  const auto left = std::chrono::floor<milliseconds>(view_.claim_until - now);
  if (options_.needs_claim && left < lifetime) {
    lifetime = left;
    hold_at_ = never;
  }
  if (lifetime <= 0ms) return;
  const bool was_gone = now >= held_until_;  // we were late, and the kernel ended them
  say(HoldAddresses{lifetime});
  if (was_gone && options_.garp_master_repeat > 0) say(Announce{options_.garp_master_repeat});
  held_until_ = now + lifetime;
}

// ---- in words

bool Router::hears_lower(BootInstant now) const {
  if (!view_.master) return false;
  if (now - view_.heard_at > std::max(master_down(), 4 * nanoseconds{view_.master->interval})) return false;
  const int heard = view_.master->priority;
  return heard != priority_stopping && heard < priority() && (options_.preempt || heard == priority_sick);
}

std::string Router::why_silence_ends(BootInstant now) const {
  const auto ms = [](nanoseconds time) { return std::chrono::round<milliseconds>(time).count(); };
  if (is_sick()) {
    return fmt::format("nobody healthier answered: address {} although {}", gave_up_sick_ ? "kept" : "taken",
                       view_.standing.why.empty() ? "the service does not work" : view_.standing.why);
  }
  if (priority() == priority_owner && down_at_ == listens_since_) return "priority 255: the address is ours";
  if (!view_.master || view_.heard_at < listens_since_)
    return fmt::format("no other master was heard for {} ms", ms(now - listens_since_));
  const auto source = to_string(view_.master->source);
  const int heard = view_.master->priority;
  if (heard == priority_stopping) return fmt::format("{} gave it up (priority 0)", source);
  if (hears_lower(now) && heard == priority_sick)
    return fmt::format("{} says that its service is down (priority 1)", source);
  if (hears_lower(now)) return fmt::format("{} has priority {} only, ours is {}", source, heard, priority());
  return fmt::format("no advert from {} for {} ms", source, ms(now - view_.heard_at));
}

}  // namespace holdfast::vrrp
