#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ha/decision.hpp"
#include "sim/core/random.hpp"

namespace holdfast::sim {

struct Scenario;

// One safety rule switched off, outside of the production code: the view is bent before a decision, the
// decision after it, or the shell breaks a promise.
struct Mutant {
  std::string name;
  std::string breaks;     // in words: what is not done
  std::string invariant;  // the checker that has to notice
  // Makes the faults likelier among which the rule matters; what it changes is the same for the rules as they
  // are.
  std::function<void(Scenario&, Random&)> provoke;
  std::function<void(ha::View&)> before;
  std::function<void(const ha::View&, ha::Decision&)> after;
  bool stamps_at_reply = false;  // the lease deadline counts from the answer
  bool sentinel_is_off = false;
  bool leaves_backends = false;        // what a dead postmaster left behind is not killed
  bool ignores_sync_revision = false;  // the lock is taken though others led since the election
  bool trusts_lost_replies = false;    // a write without an answer counts as done
  bool skips_last_check = false;       // promotes though the lease ended since the decision
  bool proxy_ignores_proof = false;
};

const std::vector<Mutant>& mutants();

}  // namespace holdfast::sim
