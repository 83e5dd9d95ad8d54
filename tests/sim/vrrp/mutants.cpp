#include "sim/vrrp/mutant.hpp"

namespace holdfast::sim::vip {
namespace {

using vrrp::Action;
using vrrp::Heard;
using vrrp::RouterOptions;
using vrrp::RouterView;
using vrrp::Standing;
using vrrp::State;
using vrrp::Step;

template <class Kind>
bool is(const Action& action) {
  return std::holds_alternative<Kind>(action);
}

bool is_master(const RouterView& view) {
  return view.state == State::master;
}

bool not_higher(const RouterOptions&, const RouterView& view, Heard& heard) {
  return !is_master(view) || heard.priority <= view.priority;
}

bool as_lower_address(const RouterOptions&, const RouterView& view, Heard& heard) {
  if (is_master(view) && heard.priority == view.priority) heard.source = IpAddress{};
  return true;
}

bool at_its_own_interval(const RouterOptions& options, const RouterView&, Heard& heard) {
  heard.interval = options.advert_int;
  return true;
}

bool not_priority_zero(const RouterOptions&, const RouterView&, Heard& heard) {
  return heard.priority != vrrp::priority_stopping;
}

bool never_drops(const RouterView&, const Step&, Action& action) {
  return !is<vrrp::DropAddresses>(action);
}

bool holds_for_ever(const RouterView&, const Step&, Action& action) {
  if (auto* hold = std::get_if<vrrp::HoldAddresses>(&action)) hold->lifetime = 1h;
  return true;
}

bool holds_once(const RouterView&, const Step& step, Action& action) {
  return !is<vrrp::HoldAddresses>(action) || step.transition.has_value();
}

bool does_not_answer_with_announcements(const RouterView&, const Step& step, Action& action) {
  return !is<vrrp::Announce>(action) || step.transition.has_value();
}

bool asks_once(const RouterView& view, const Step&, Action& action) {
  return !is<vrrp::Claim>(action) || !view.master.has_value();
}

bool advertises_as_master_alone(const RouterView& view, const Step& step, Action& action) {
  return !is<vrrp::SendAdvert>(action) || is_master(view) || step.transition.has_value();
}

bool hides_that_it_is_sick(const RouterView& view, const Step&, Action& action) {
  if (auto* send = std::get_if<vrrp::SendAdvert>(&action); send != nullptr && is_master(view))
    send->priority = view.standing.priority;
  return true;
}

std::vector<Mutant> make() {
  std::vector<Mutant> all;
  const auto add = [&all](Mutant mutant) { all.push_back(std::move(mutant)); };
  add({.name = "deaf-to-higher",
       .breaks = "a master does not yield to a higher priority",
       .invariant = "two",
       .hears = not_higher});
  add({.name = "ties-stay-ties",
       .breaks = "of two masters of equal priority neither yields",
       .invariant = "two",
       .hears = as_lower_address});
  add({.name = "own-interval",
       .breaks = "a backup waits by its own interval, not by the master's",
       .invariant = "nopreempt",
       .hears = at_its_own_interval});
  add({.name = "deaf-to-goodbye",
       .breaks = "priority 0 is not heard",
       .invariant = "hand-over",
       .hears = not_priority_zero});
  add({.name = "keeps-addresses",
       .breaks = "who leaves MASTER leaves its addresses to their lifetime",
       .invariant = "two",
       .does = never_drops});
  add({.name = "no-lifetime",
       .breaks = "addresses are set for ever",
       .invariant = "lifetime",
       .does = holds_for_ever});
  add({.name = "no-renewal",
       .breaks = "addresses are not set again before their lifetime ends",
       .invariant = "none",
       .does = holds_once});
  add({.name = "no-second-word",
       .breaks = "a master that heard a lower one does not announce again",
       .invariant = "announced",
       .does = does_not_answer_with_announcements});
  add({.name = "no-last-advert",
       .breaks = "a master that yields does not tell the better one that it was there",
       .invariant = "announced",
       .options = [](RouterOptions& options) { options.higher_prio_send_advert = false; }});
  add({.name = "unaware-of-pauses",
       .breaks = "a thawed master goes on as if it had not stood still",
       .invariant = "thaw",
       .hides_pauses = true});
  add({.name = "late-timers",
       .breaks = "adverts and addresses are late by two intervals",
       .invariant = "flap",
       .is_late = true});
  add({.name = "always-preempts",
       .breaks = "nopreempt is ignored",
       .invariant = "nopreempt",
       .options = [](RouterOptions& options) { options.preempt = true; }});
  add({.name = "never-preempts",
       .breaks = "a higher priority leaves a lower one alone",
       .invariant = "best",
       .options = [](RouterOptions& options) { options.preempt = false; }});
  add({.name = "sick-and-silent",
       .breaks = "a router does not know that its service is sick",
       .invariant = "sick",
       .standing = [](Standing& standing) { standing.is_sick = false; }});
  add({.name = "sick-as-if-well",
       .breaks = "a sick master advertises the priority that it has when well",
       .invariant = "sick",
       .does = hides_that_it_is_sick});
  add({.name = "sick-is-a-fault",
       .breaks = "where all are sick nobody keeps the address",
       .invariant = "none",
       .standing = [](Standing& standing) { standing.is_fault = standing.is_fault || standing.is_sick; }});
  add({.name = "no-group",
       .breaks = "the members of a sync group go their own ways",
       .invariant = "group",
       .has_no_groups = true});
  add({.name = "no-claim",
       .breaks = "a router leads without the lease",
       .invariant = "claim",
       .options = [](RouterOptions& options) { options.needs_claim = false; }});
  add({.name = "endless-claim",
       .breaks = "a claim is trusted beyond its end",
       .invariant = "claim",
       .grants = [](BootInstant& until) { until += 1h; }});
  add({.name = "keeps-claims",
       .breaks = "who stops leading does not give the lease back",
       .invariant = "one",
       .keeps_claims = true});
  add({.name = "asks-once",
       .breaks = "a claim that was refused is not asked for again",
       .invariant = "none",
       .does = asks_once});
  add({.name = "no-challenge",
       .breaks = "a higher priority does not tell the lease's holder that it is there",
       .invariant = "best",
       .does = advertises_as_master_alone});
  return all;
}

}  // namespace

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all = make();
  return all;
}

}  // namespace holdfast::sim::vip
