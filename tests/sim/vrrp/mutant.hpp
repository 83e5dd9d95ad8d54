#pragma once

#include <string>
#include <vector>

#include "sim/vrrp/scenario.hpp"

namespace holdfast::sim::vip {

// One rule switched off, outside of the production code: its options, what it hears and what it asks for are
// bent, or the shell around it breaks a promise.
struct Mutant {
  std::string name;
  std::string breaks;     // in words
  std::string invariant;  // the checker that has to notice
  void (*options)(vrrp::RouterOptions&) = nullptr;
  void (*standing)(vrrp::Standing&) = nullptr;
  // What a router in this state hears; false: nothing.
  bool (*hears)(const vrrp::RouterOptions&, const vrrp::RouterView&, vrrp::Heard&) = nullptr;
  bool (*does)(const vrrp::RouterView&, const vrrp::Step&, vrrp::Action&) = nullptr;  // false: it is not done
  void (*grants)(BootInstant& until) = nullptr;
  bool has_no_groups = false;
  bool hides_pauses = false;  // the router's clock does not see that its process stood still
  bool keeps_claims = false;  // Unclaim is not done, and the claim goes on being renewed
  bool is_late = false;       // timers come two intervals late
};

const std::vector<Mutant>& mutants();

}  // namespace holdfast::sim::vip
