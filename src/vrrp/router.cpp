#include "vrrp/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace holdfast::vrrp {

// ---- inputs

Router::Router(RouterOptions options) : options_{std::move(options)} {
  view_.master_advert_int = options_.advert_int;
}

Step Router::start(BootInstant now, Standing standing) {
  CHECK(view_.state == State::init);
  begin(now);
  view_.standing = std::move(standing);
  say(DropAddresses{});  // what a process that died before us may have left
  if (view_.standing.is_fault) {
    enter(now, State::fault, view_.standing.why);
    return finish(now);
  }
  listen(now, "started");
  if (options_.starts_as_master && !view_.is_ready) down_at_ = now + options_.advert_int + skew();
  return finish(now);
}

Step Router::on_advert(BootInstant now, const Heard& heard) {
  begin(now);
  Heard sane = heard;
  sane.interval = std::max<milliseconds>(heard.interval, 10ms);
  if (view_.state == State::backup) {
    hear_as_backup(now, sane);
  } else if (is_master()) {
    hear_as_master(now, sane);
  }
  view_.master = sane;
  view_.heard_at = now;
  return finish(now);
}

Step Router::on_time(BootInstant now) {
  begin(now);
  if (view_.state == State::backup) {
    be_backup(now);
  } else if (is_master()) {
    be_master(now);
  }
  return finish(now);
}

Step Router::on_standing(BootInstant now, Standing standing) {
  begin(now);
  const auto old_priority = priority();
  const auto old_down = master_down();
  const bool turns_sick = standing.is_sick && !is_sick();
  view_.standing = std::move(standing);
  if (!is_sick()) gave_up_sick_ = false;
  const auto& why = view_.standing.why;
  if (view_.state == State::init) return finish(now);
  if (view_.standing.is_fault) {
    if (view_.state != State::fault) leave(now, State::fault, why);
    return finish(now);
  }
  if (view_.state == State::fault) {
    listen(now, why.empty() ? "the fault is over" : "the fault is over: " + why);
  } else if (view_.state == State::backup) {
    shift_down(now, old_down);
  } else if (turns_sick) {
    gave_up_sick_ = true;
    leave(now, State::backup, "offers the address to anybody healthy: " + why);
  } else if (priority() != old_priority) {
    send_advert(now);
  }
  return finish(now);
}

Step Router::stop(BootInstant now) {
  begin(now);
  if (view_.state != State::init) leave(now, State::init, "stopped");
  return finish(now);
}

Step Router::reconfigure(BootInstant now, RouterOptions options) {
  begin(now);
  const auto old_down = master_down();
  const auto old = std::exchange(options_, std::move(options));
  const bool is_own = is_master() || !view_.master || options_.version == Version::v2;
  if (is_own) view_.master_advert_int = options_.advert_int;
  if (view_.state == State::backup) shift_down(now, old_down);
  if (old.needs_claim && !options_.needs_claim && (view_.is_claimed || asked_)) {
    view_.is_claimed = asked_ = false;
    say(Unclaim{});
  }
  if (!is_master()) return finish(now);
  if (options_.needs_claim && !old.needs_claim) {
    // It stays master while the DCS is asked, but not for long if the DCS does not answer.
    asked_ = true;
    view_.claim_until = now + options_.address_lifetime;
    say(Claim{});
  }
  if (old.advert_int != options_.advert_int) send_advert(now);
  if (old.address_lifetime != options_.address_lifetime) hold_addresses(now);
  const auto refresh = options_.garp_master_refresh;
  if (old.garp_master_refresh != refresh) refresh_at_ = refresh > 0ms ? now + refresh : never;
  return finish(now);
}

Step Router::force(BootInstant now, State state, std::string reason) {
  begin(now);
  if (state == State::master && view_.state == State::backup) {
    may_lead_ = view_.is_ready = true;
    ready_reason_ = std::move(reason);
    lead_if_may(now);
  } else if (is_master() ? state != State::master : view_.state == State::backup && state == State::fault) {
    leave(now, state, std::move(reason));
  }
  return finish(now);
}

Step Router::permit(BootInstant now, bool may_lead) {
  begin(now);
  may_lead_ = may_lead;
  if (view_.state == State::backup) {
    if (!may_lead) give_claim_back();
    lead_if_may(now);
  }
  return finish(now);
}

// ---- what the time and adverts do

void Router::hear_as_backup(BootInstant now, const Heard& heard) {
  const bool is_sick_master = heard.priority == priority_sick && priority() > priority_sick;
  if (heard.priority == priority_stopping || is_sick_master) {
    if (!view_.is_ready) down_at_ = std::min(down_at_, now + skew());
    return;
  }
  if (heard.priority >= priority() || !options_.preempt) return follow(now, heard);
  if (options_.preempt_delay == 0ms) return;
  if (!preempt_at_) preempt_at_ = now + options_.preempt_delay;
  const auto preempt_at = *preempt_at_;
  if (now >= preempt_at) return;
  follow(now, heard);
  preempt_at_ = preempt_at;  // a delay, not a quiet period
}

// It leads, and we wait for it to fall silent.
void Router::follow(BootInstant now, const Heard& heard) {
  if (options_.version == Version::v3) view_.master_advert_int = learned_interval(now, heard);
  down_at_ = now + master_down();
  listens_since_ = now;
  view_.is_ready = false;
  preempt_at_.reset();
  gave_up_sick_ = listened_again_ = false;
  give_claim_back();
}

void Router::hear_as_master(BootInstant now, const Heard& heard) {
  if (!is_beaten_by(heard)) {
    step_.heard_lower_priority = heard.priority != priority_stopping;
    if (heard.priority == priority_stopping || !options_.lower_prio_no_advert) send_advert(now);
    return contest(now);
  }
  const int ours = priority();
  if (options_.higher_prio_send_advert) say(SendAdvert{ours});
  auto reason = heard.priority > ours ? fmt::format("{} has priority {}, ours is {}", to_string(heard.source),
                                                    heard.priority, ours)
                                      : fmt::format("{} has priority {} as we have, and the higher address",
                                                    to_string(heard.source), heard.priority);
  say(DropAddresses{});
  give_claim_back();
  enter_backup(now, std::move(reason));
  follow(now, heard);
}

// Whoever heard the other master's announcements is told whose the address is (EC-100), also when that one
// just stops. While it goes on, one announcement answers each advert, and the burst comes at its time.
void Router::contest(BootInstant now) {
  if (options_.garp_lower_prio_repeat <= 0) return;
  const bool goes_on = contest_at_ != never;
  say(Announce{goes_on ? 1 : options_.garp_lower_prio_repeat});
  if (!goes_on && options_.garp_lower_prio_delay > 0ms) contest_at_ = now + options_.garp_lower_prio_delay;
}

void Router::be_backup(BootInstant now) {
  if (!view_.is_ready && now >= down_at_) {
    view_.is_ready = true;
    ready_reason_ = why_silence_ends(now);
  }
  lead_if_may(now);
}

void Router::be_master(BootInstant now) {
  if (now >= advert_at_) send_advert(now);
  if (now >= hold_at_) hold_addresses(now);
  if (now >= announce_at_) {
    say(Announce{options_.garp_master_repeat});
    announce_at_ = never;
  }
  if (now >= contest_at_) {
    say(Announce{options_.garp_lower_prio_repeat});
    contest_at_ = never;
  }
  if (now >= refresh_at_) {
    say(Announce{options_.garp_master_refresh_repeat});
    refresh_at_ = now + options_.garp_master_refresh;
  }
}

// ---- values

int Router::priority() const {
  return is_sick() ? priority_sick : std::clamp(view_.standing.priority, 1, priority_owner);
}

bool Router::is_beaten_by(const Heard& heard) const {
  if (heard.priority != priority()) return heard.priority > priority();
  return heard.source > options_.primary;
}

// RFC 5798 6.1; in version 2 the skew knows no interval (RFC 3768 6.1).
nanoseconds Router::skew() const {
  const nanoseconds whole = options_.version == Version::v3 ? nanoseconds{view_.master_advert_int} : 1s;
  return whole * (256 - priority()) / 256;
}

nanoseconds Router::master_down() const {
  return options_.down_timer_adverts * nanoseconds{view_.master_advert_int} + skew();
}

// RFC 5798: that of the advert. But the last word of a master that yields comes beside the adverts of a
// better one, for whom we must not wait too shortly then: after one advert out of place the longer interval
// counts.
milliseconds Router::learned_interval(BootInstant now, const Heard& heard) const {
  const auto& known = view_.master;
  if (!known || known->source == heard.source || now - view_.heard_at > master_down()) return heard.interval;
  const bool is_lesser = std::pair{heard.priority, heard.source} < std::pair{known->priority, known->source};
  return is_lesser ? std::max(heard.interval, known->interval) : heard.interval;
}

// The priority or an option changed: the wait that runs ends as if it had always been so.
void Router::shift_down(BootInstant now, nanoseconds old) {
  if (!view_.is_ready) down_at_ = std::max(now, down_at_ + (master_down() - old));
}

}  // namespace holdfast::vrrp
